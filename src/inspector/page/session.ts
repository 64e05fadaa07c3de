/** All that a loaded page has: what is known, the connection that tells it, where somebody is, the theme. */

import type { RowOf, TopicName } from '../protocol/topics.ts';
import { after, gunzip, keptToken, monotonicMs, ports } from './browser.ts';
import { Connection } from './connection/connection.ts';
import { type Sink, Subscriptions } from './connection/subscriptions.ts';
import { CurrentPlace } from './place/current-place.ts';
import { Theme } from './place/theme.ts';
import { openRecording } from './replay/recording-file.ts';
import { Replay } from './replay/replay.ts';
import { ActorColumns } from './tables/actor-columns.ts';
import { Table } from './tables/table.ts';

/** Topics whose rows are JSON. */
export type TableTopic = Exclude<TopicName, 'actors'>;

/** Milliseconds between two counts of the actors' rates, also when nothing is told. */
const PASS_MS = 1000;

/** One for each load of the page. */
export class Session {
  readonly actors: ActorColumns = new ActorColumns();
  readonly place: CurrentPlace = new CurrentPlace();
  readonly theme: Theme = new Theme();
  readonly subscriptions: Subscriptions;
  readonly connection: Connection;
  /** Of the recording that is open. */
  replay: Replay | null = null;
  private readonly tables: Map<TableTopic, Table<unknown>> = new Map();

  constructor() {
    this.subscriptions = new Subscriptions(ports, (topic) => this.sinkOf(topic));
    this.connection = new Connection(ports, keptToken, this.subscriptions);
    this.pass();
  }

  table<T extends TableTopic>(topic: T): Table<RowOf<T>> {
    let table = this.tables.get(topic);
    if (table === undefined) {
      table = new Table();
      this.tables.set(topic, table);
    }
    return table as Table<RowOf<T>>;
  }

  /** Shows the end of it. @throws (rejects) RangeError for what is no recording */
  async openRecording(name: string, bytes: Uint8Array): Promise<void> {
    const file = await openRecording(name, bytes, gunzip);
    const headIsoMs = ports.epochMsOf(file.head.nowIso);
    const replay = new Replay(file, {
      table: (topic) => this.table(topic as TableTopic),
      actors: this.actors,
      forget: () => this.forget(),
    });
    this.replay = replay;
    this.connection.replay({
      knows: (method) => method === 'Fleet.list' && this.table('services').state === 'known',
      peopleMs: (atMs) => replay.peopleMs(atMs, headIsoMs),
      serverMs: () => replay.nowMs,
    });
  }

  closeRecording(): void {
    this.replay = null;
    this.forget();
    this.connection.endReplay();
  }

  private forget(): void {
    for (const table of this.tables.values()) table.forget();
    this.actors.forget();
  }

  private sinkOf(topic: TopicName): Sink {
    return topic === 'actors' ? this.actors : (this.table(topic) as Table<unknown>);
  }

  private pass(): void {
    if (this.connection.state.kind === 'open') this.actors.pass(monotonicMs());
    after(PASS_MS, () => this.pass());
  }
}
