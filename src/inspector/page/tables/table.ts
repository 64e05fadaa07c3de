/**
 * What is known of a topic whose rows are JSON: rows by key. A snapshot is gathered beside and then takes
 * the place of what was known, so that nobody ever sees half of it.
 */
import { Changes } from './changes.ts';
import { type Part, RangeReader } from './range.ts';

/** Rows of a frame. */
export type RowChanges = {
  readonly set: Readonly<Record<string, unknown>>;
  readonly gone: readonly string[];
};

/** Whether there is something to see. */
export type TableState = 'waiting' | 'known' | 'unsupported';

/** One topic's rows. */
export class Table<Row> {
  readonly changes: Changes;
  readonly range: RangeReader;
  rows: Map<string, Row>;
  state: TableState;
  private gathering: Map<string, Row> | null;

  constructor() {
    this.changes = new Changes();
    this.range = new RangeReader();
    this.rows = new Map();
    this.state = 'waiting';
    this.gathering = null;
  }

  /** @returns whether a new snapshot has to be asked for */
  take(part: Part, { set, gone }: RowChanges): boolean {
    const meaning = this.range.read(part);
    if (meaning === 'gap') return true;
    if (meaning === 'snapshot') this.gathering = new Map();
    const rows = this.gathering ?? this.rows;
    for (const key of gone) rows.delete(key);
    for (const [key, row] of Object.entries(set)) rows.set(key, row as Row);
    if (part.isLast && this.gathering !== null) {
      this.rows = this.gathering;
      this.gathering = null;
    }
    if (this.gathering === null) {
      this.state = 'known';
      this.changes.happened();
    }
    return false;
  }

  /** The connection is gone: a half-told range will be told again. */
  interrupted(): void {
    this.range.interrupted();
    this.gathering = null;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.range.forget();
    this.gathering = null;
    this.rows = new Map();
    this.state = 'waiting';
    this.changes.happened();
  }

  /** The server has no such topic. */
  refused(): void {
    this.state = 'unsupported';
    this.changes.happened();
  }

  /** Rows by number of their keys, the newest last. */
  inOrder(): Row[] {
    return [...this.rows].sort(([a], [b]) => Number(a) - Number(b)).map(([, row]) => row);
  }
}
