/**
 * Which actors a filter lets through, in which order: row numbers in a typed array. Recomputed as a whole,
 * a few times a second at most; what a path matches is kept by row, since paths do not change.
 */
import {
  type Filter,
  type NumberName,
  numberMatches,
  type Order,
  pathMatches,
  type Term,
} from '../place/filter.ts';
import type { ActorColumns } from './actor-columns.ts';

/** A value and a row make one number that sorts by both: rows below this, values up to 2^53 divided by it. */
const ROWS_MAX = 2 ** 21;
const VALUE_MAX = 2 ** 31;
/** Microseconds are ordered by sixteenths, rates too. */
const FINENESS = 16;

/** Of one filter over one table. */
export class ActorIndex {
  /** The first `length` are rows in their order. */
  rows: Uint32Array;
  length: number;
  private readonly actors: ActorColumns;
  private filter: Filter;
  private hits: Uint8Array;
  /** Taken once, for every sort. */
  private keys: Float64Array;
  private idle: Uint32Array;
  private seenStamp: number;
  private pathOrder: Uint32Array;
  private pathOrderOf: number;

  constructor(actors: ActorColumns, filter: Filter) {
    this.actors = actors;
    this.filter = filter;
    this.rows = new Uint32Array(0);
    this.length = 0;
    this.hits = new Uint8Array(0);
    this.keys = new Float64Array(0);
    this.idle = new Uint32Array(0);
    this.seenStamp = -1;
    this.pathOrder = new Uint32Array(0);
    this.pathOrderOf = -1;
  }

  use(filter: Filter): void {
    this.filter = filter;
    this.seenStamp = -1;
  }

  /** As things are now. */
  recompute(): void {
    const { actors, filter } = this;
    if (this.rows.length < actors.end) {
      this.rows = new Uint32Array(actors.capacity);
      this.hits = new Uint8Array(actors.capacity);
      this.keys = new Float64Array(actors.capacity);
      this.idle = new Uint32Array(actors.capacity);
      this.seenStamp = -1;
    }
    this.matchPaths();
    const numbers = filter.terms.filter((term) => term.kind === 'number');
    let length = 0;
    for (let row = 0; row < actors.end; row++) {
      if (this.hits[row] === 1) this.rows[length++] = row;
    }
    for (const { name, is, value } of numbers) {
      const column = columnOf(actors, name);
      let kept = 0;
      for (let i = 0; i < length; i++) {
        const row = this.rows[i] as number;
        if (numberMatches(column[row] as number, is, value)) this.rows[kept++] = row;
      }
      length = kept;
    }
    this.length = length;
    this.sort(filter.order ?? { by: 'depth', isDescending: true });
  }

  /** Only of rows that were named since. */
  private matchPaths(): void {
    const { actors, hits, seenStamp } = this;
    const terms = this.filter.terms.filter((term) => term.kind === 'path') as Extract<
      Term,
      { kind: 'path' }
    >[];
    for (let row = 0; row < actors.end; row++) {
      if (seenStamp >= 0 && (actors.nameStamps[row] as number) <= seenStamp) continue;
      const path = actors.paths[row] as string;
      const isHit = actors.isThere[row] === 1 && terms.every((term) => pathMatches(path, term));
      hits[row] = isHit ? 1 : 0;
    }
    this.seenStamp = actors.stamp;
  }

  private sort({ by, isDescending }: Order): void {
    if (by === 'path') this.sortByPath(isDescending);
    else this.sortByNumber(by, isDescending);
  }

  /** Most rows are at 0 (or were never measured): those need no sorting, and stay in the order of rows. */
  private sortByNumber(by: NumberName, isDescending: boolean): void {
    const { rows, length, keys, idle } = this;
    const column = columnOf(this.actors, by);
    const fineness = by === 'wait' || by === 'rate' ? FINENESS : 1;
    let [busy, quiet] = [0, 0];
    for (let i = 0; i < length; i++) {
      const row = rows[i] as number;
      const value = column[row] as number;
      if (!(value > 0)) idle[quiet++] = row;
      else {
        const rank = Math.min(VALUE_MAX, Math.round(value * fineness));
        keys[busy++] = (isDescending ? VALUE_MAX - rank : rank) * ROWS_MAX + row;
      }
    }
    keys.subarray(0, busy).sort();
    const at = isDescending ? 0 : quiet;
    for (let i = 0; i < busy; i++) rows[at + i] = (keys[i] as number) % ROWS_MAX;
    rows.set(idle.subarray(0, quiet), isDescending ? busy : 0);
  }

  private sortByPath(isDescending: boolean): void {
    const { actors, rows, length, hits } = this;
    if (this.pathOrderOf !== actors.namesVersion) {
      const { paths } = actors;
      this.pathOrder = Uint32Array.from({ length: actors.end }, (_, row) => row).sort((a, b) =>
        (paths[a] as string) < (paths[b] as string) ? -1 : 1,
      );
      this.pathOrderOf = actors.namesVersion;
    }
    const isIn = new Uint8Array(hits.length);
    for (let i = 0; i < length; i++) isIn[rows[i] as number] = 1;
    let at = isDescending ? length - 1 : 0;
    for (const row of this.pathOrder) {
      if (isIn[row] !== 1) continue;
      rows[at] = row;
      at += isDescending ? -1 : 1;
    }
  }
}

/** The figures that a name of the filter means. */
export function columnOf(
  actors: ActorColumns,
  name: NumberName,
): Uint32Array | Float32Array | Float64Array {
  if (name === 'wait') return actors.waitUs;
  return actors[name];
}
