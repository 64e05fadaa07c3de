/** A topic whose rows are JSON, by key. A row that is set to what it is already has not changed. */
import type { FrameHead, Part, Sweep, Topic } from './topic.ts';

/** Keys of rows that are gone that are remembered; a reader that is further behind gets a snapshot. */
const GONE_MAX = 4096;

type Row = {
  readonly key: string;
  text: string;
  /** Change by which it became what it is. */
  changed: number;
  /** Rows stand in the order of these. */
  readonly order: number;
};

/** Thread rule: the inspector's thread. */
export class KeyedTopic implements Topic {
  /** Being made is the first change: a snapshot of nothing is one, too. */
  last: number = 1;
  floor: number = 0;
  private readonly rows: Map<string, Row> = new Map();
  private readonly gone: Map<string, number> = new Map();
  private readonly rowsMax: number;
  private orders: number = 0;

  /** `rowsMax`: the oldest row goes when there are more. */
  constructor(rowsMax: number) {
    this.rowsMax = rowsMax;
  }

  /** Of a value that JSON can tell. */
  set(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    const row = this.rows.get(key);
    if (row?.text === text) return;
    const changed = ++this.last;
    if (row !== undefined) {
      row.text = text;
      row.changed = changed;
      return;
    }
    this.gone.delete(key);
    this.rows.set(key, { key, text, changed, order: ++this.orders });
    const [oldest] = this.rows.keys();
    if (this.rows.size > this.rowsMax) this.remove(oldest as string);
  }

  remove(key: string): void {
    if (!this.rows.delete(key)) return;
    this.gone.set(key, ++this.last);
    if (this.gone.size <= GONE_MAX) return;
    const [oldest] = this.gone.entries();
    if (oldest === undefined) return;
    this.gone.delete(oldest[0]);
    this.floor = oldest[1];
  }

  /** All rows at once: others are removed. */
  replace(rows: ReadonlyMap<string, unknown>): void {
    for (const key of this.rows.keys()) if (!rows.has(key)) this.remove(key);
    for (const [key, value] of rows) this.set(key, value);
  }

  /** All rows as they are now, the oldest first. */
  values<T>(): readonly T[] {
    return [...this.rows.values()].map(({ text }) => JSON.parse(text) as T);
  }

  read({ from, to, cursor }: Sweep, { sub, frame }: FrameHead, bytes: number): Part {
    const set: string[] = [];
    let size = 0;
    let next: number | null = null;
    for (const { key, text, changed, order } of this.rows.values()) {
      if (changed <= from || order < cursor) continue;
      if (size > 0 && size + text.length > bytes) {
        next = order;
        break;
      }
      size += text.length + key.length;
      set.push(`${JSON.stringify(key)}:${text}`);
    }
    const isFirst = cursor === 0;
    const gone = isFirst && from > 0 ? this.goneSince(from) : [];
    const head = `"sub":${sub},"frame":${frame},"from":${from},"to":${to}`;
    const ends = `"isFirst":${isFirst},"isLast":${next === null}`;
    const params = `{"set":{${set.join(',')}},"gone":${JSON.stringify(gone)}}`;
    return { data: `{"method":"Topics.changed","params":${params},${head},${ends}}`, cursor: next };
  }

  private goneSince(from: number): readonly string[] {
    return [...this.gone].filter(([, changed]) => changed > from).map(([key]) => key);
  }
}
