/** Actors as frames of columns tell them, for a table in a terminal: kept, filtered, ordered. Pure. */
import type { ActorFrame } from '../../inspector/index.ts';

/** One actor. `rate`: messages a second between the last two passes. */
export type ActorLine = {
  readonly path: string;
  readonly thread: number;
  handled: number;
  depth: number;
  restarts: number;
  /** Microseconds in the mailbox; NaN before the first sample. */
  waitUs: number;
  rate: number;
  /** Of the last pass. */
  handledThen: number;
};

/** What they can be ordered by, the highest first; paths from a on. */
export const ACTOR_ORDERS = ['depth', 'waitUs', 'rate', 'handled', 'restarts', 'path'] as const;

/** One of them. */
export type ActorOrder = (typeof ACTOR_ORDERS)[number];

/** Thread rule: one. */
export class ActorRows {
  private readonly rows: Map<number, ActorLine> = new Map();

  get size(): number {
    return this.rows.size;
  }

  take({ from, isFirst, gone, named, changed }: ActorFrame): void {
    if (from === 0 && isFirst) this.rows.clear();
    for (const row of gone) this.rows.delete(row);
    let begin = 0;
    for (const [i, row] of named.row.entries()) {
      const end = named.end[i] as number;
      const path = named.paths.slice(begin, end);
      begin = end;
      const nothing = { handled: 0, depth: 0, restarts: 0, waitUs: Number.NaN };
      const thread = named.thread[i] as number;
      this.rows.set(row, { path, thread, ...nothing, rate: 0, handledThen: Number.NaN });
    }
    for (const [i, row] of changed.row.entries()) {
      const line = this.rows.get(row);
      if (line === undefined) continue;
      line.handled = changed.handled[i] as number;
      line.depth = changed.depth[i] as number;
      line.restarts = changed.restarts[i] as number;
      line.waitUs = changed.waitUs[i] as number;
    }
  }

  /** Counts rates over the time since the last pass. */
  pass(seconds: number): void {
    for (const line of this.rows.values()) {
      const since = line.handled - line.handledThen;
      line.rate = Number.isNaN(since) ? 0 : since / seconds;
      line.handledThen = line.handled;
    }
  }

  /** The first of an order; how many match. */
  first(contains: string, order: ActorOrder, limit: number) {
    const matching = [...this.rows.values()].filter(({ path }) => path.includes(contains));
    const rank = (line: ActorLine): number =>
      order === 'path' ? 0 : Number.isNaN(line[order]) ? -1 : line[order];
    matching.sort((a, b) => rank(b) - rank(a) || (a.path < b.path ? -1 : 1));
    return { lines: matching.slice(0, limit), matching: matching.length };
  }
}
