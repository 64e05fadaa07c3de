/**
 * Rows of a metric shard, leased to one series after the other. A shard never forgets a series, so a feed
 * names its series once, by row, and keeps in a list of its own which row stands for whom: an endless
 * sequence of instances runs in the memory of those that are there at the same time.
 *
 *     free ── lease ──▶ leased ── end ──▶ ending: has samples in the open window ── closed ──▶ free
 *
 * A window says itself whose its rows are: beside each row lies a mark, a gauge that holds the number of
 * the lease. A reader that knows another number knows that this is somebody else's. Used by MetricFeed.
 */
import { assert, type MetricWriter, type SeriesKind } from '../../hotpath/index.ts';

/** Where the samples of one lease go. */
export type Row = {
  /** Ids by kind, each kind as often as the pool was told. */
  readonly ids: Readonly<Partial<Record<SeriesKind, readonly number[]>>>;
  /** The gauge that says whose it is. */
  readonly mark: number;
};

/** Thread rule: the thread of its writer. */
export class RowPool {
  private readonly writer: MetricWriter;
  private readonly name: string;
  private readonly kinds: readonly SeriesKind[];
  private readonly rowsMax: number;
  private readonly free: Row[] = [];
  private made = 0;

  /** `kinds`: of the series of one row. `rowsMax` rows fit: the shard was made for them. */
  constructor(writer: MetricWriter, name: string, kinds: readonly SeriesKind[], rowsMax: number) {
    this.writer = writer;
    this.name = name;
    this.kinds = kinds;
    this.rowsMax = rowsMax;
  }

  /** Null: all of them are leased. */
  lease(): Row | null {
    const row = this.free.pop();
    if (row !== undefined) return row;
    return this.made < this.rowsMax ? this.make() : null;
  }

  /** Nothing was recorded in it since the window was opened. */
  release(row: Row): void {
    this.free.push(row);
  }

  private make(): Row {
    const row = String(this.made++);
    const ids: Partial<Record<SeriesKind, number[]>> = {};
    this.kinds.forEach((kind, i) => {
      const list = ids[kind] ?? [];
      ids[kind] = list;
      list.push(this.register(kind, `${this.name}_${i}`, row));
    });
    return { ids, mark: this.register('gauge', `${this.name}_lease`, row) };
  }

  /** A shard that was made for all rows has room, and these names are within every limit. */
  private register(kind: SeriesKind, metric: string, row: string): number {
    const found = this.writer.slab(kind).register({ tenant: '', metric, labels: [['row', row]] });
    assert(found.kind === 'series', `no room for row ${row} of ${this.name}`);
    return found.id;
  }
}
