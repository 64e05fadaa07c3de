/** A recording with tables of its own: what was known at one of its moments, beside what the page shows. */
import type { RowOf } from '../../protocol/topics.ts';
import type { Moment } from '../diff/moment.ts';
import { ActorColumns } from '../tables/actor-columns.ts';
import { Table } from '../tables/table.ts';
import type { TableTopic } from '../tables/table-topic.ts';
import type { RecordingFile } from './recording-file.ts';
import { Replay } from './replay.ts';

/** One file, at one moment. */
export class Played implements Moment {
  readonly file: RecordingFile;
  readonly actors: ActorColumns = new ActorColumns();
  private readonly tables: Map<string, Table<unknown>> = new Map();
  private readonly replay: Replay;

  /** At its end. */
  constructor(file: RecordingFile) {
    this.file = file;
    this.replay = new Replay(file, {
      table: (topic) => this.tableOf(topic),
      actors: this.actors,
      forget: () => {
        for (const table of this.tables.values()) table.forget();
        this.actors.forget();
      },
    });
  }

  get epoch(): string {
    return this.file.head.epoch;
  }

  get atMs(): number {
    return this.replay.nowMs;
  }

  seek(ms: number): void {
    this.replay.seek(ms);
  }

  rows<T extends TableTopic>(topic: T): ReadonlyMap<string, RowOf<T>> {
    return this.tableOf(topic).rows as ReadonlyMap<string, RowOf<T>>;
  }

  private tableOf(topic: string): Table<unknown> {
    let table = this.tables.get(topic);
    if (table === undefined) {
      table = new Table();
      this.tables.set(topic, table);
    }
    return table;
  }
}
