/** All that a loaded page has: what is known, the connection that tells it, where somebody is, the theme. */

import type { RowOf, TopicName } from '../protocol/topics.ts';
import { after, gunzip, keptToken, monotonicMs, ports } from './browser.ts';
import { Connection } from './connection/connection.ts';
import { type Sink, Subscriptions } from './connection/subscriptions.ts';
import type { Moment } from './diff/moment.ts';
import { CurrentPlace } from './place/current-place.ts';
import { Theme } from './place/theme.ts';
import { Comparison } from './replay/comparison.ts';
import { openRecording, peopleMsOf, type RecordingFile } from './replay/recording-file.ts';
import { Replay } from './replay/replay.ts';
import { ActorColumns } from './tables/actor-columns.ts';
import { Table } from './tables/table.ts';
import type { TableTopic } from './tables/table-topic.ts';

/** Methods that a recording answers in its way: by what it holds of a topic. */
const RECORDED: Readonly<Record<string, TableTopic>> = {
  'Fleet.list': 'services',
  'Decisions.list': 'decisions',
};

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
  /** With what it is compared. */
  readonly comparison: Comparison = new Comparison();
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
    const replay = new Replay(file, {
      table: (topic) => this.table(topic as TableTopic),
      actors: this.actors,
      forget: () => this.forget(),
    });
    this.replay = replay;
    this.connection.replay({
      knows: (method) => this.holds(RECORDED[method] ?? null),
      peopleMs: (atMs) => this.peopleMs(file, atMs),
      serverMs: () => replay.nowMs,
    });
    this.compareAsMarked(file);
  }

  closeRecording(): void {
    this.replay = null;
    this.forget();
    this.comparison.clear();
    this.place.refine({ markMs: null });
    this.connection.endReplay();
  }

  /** Nothing of what was looked at stays for whoever signs in next. */
  signOut(): void {
    if (this.replay !== null) this.closeRecording();
    this.connection.signOut();
    this.forget();
  }

  /** From now on, the moment that is shown is what others are compared with. */
  mark(): void {
    if (this.replay === null) return;
    const { file, nowMs } = this.replay;
    this.comparison.with(file, nowMs);
    // Whole, and not before what was told at that moment.
    this.place.refine({ markMs: Math.ceil(this.peopleMs(file, nowMs)) });
  }

  /** With the end of another recording. @throws (rejects) RangeError for what is no recording */
  async compareWith(name: string, bytes: Uint8Array): Promise<void> {
    const file = await openRecording(name, bytes, gunzip);
    this.comparison.with(file, file.endMs);
    // The address tells moments of the recording that is open.
    this.place.refine({ markMs: null });
  }

  /** Milliseconds since 1970 of a moment of a recording. */
  peopleMs(file: RecordingFile, atMs: number): number {
    return peopleMsOf(file, ports.epochMsOf(file.head.nowIso), atMs);
  }

  /** The moment of the recording that is shown; null: none is. */
  get shown(): Moment | null {
    if (this.replay === null) return null;
    const { file, nowMs } = this.replay;
    return {
      epoch: file.head.epoch,
      atMs: nowMs,
      actors: this.actors,
      rows: (topic) => this.table(topic).rows,
    };
  }

  /** Of an address that somebody was sent, where the recording has that moment. */
  private compareAsMarked(file: RecordingFile): void {
    const { markMs } = this.place.now;
    const ms = (markMs ?? 0) - this.peopleMs(file, 0);
    // It was rounded up.
    if (ms >= file.beginMs && ms <= file.endMs + 1) this.comparison.with(file, ms);
    else this.comparison.clear();
  }

  private holds(topic: TableTopic | null): boolean {
    return topic !== null && this.table(topic).state === 'known';
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
