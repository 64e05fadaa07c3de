/**
 * The topic `actors`: names and figures of all actors, as binary columns. Figures are read from the threads'
 * shared memory when somebody is about to be told; names are told by the thread that holds the system.
 */
import { FigureColumns } from '../../runtime/index.ts';
import {
  CHANGED_BYTES,
  encodeColumns,
  GONE_BYTES,
  HEAD_BYTES,
  NAMED_BYTES,
} from '../protocol/columns.ts';
import type { ParamsOf, ResultOf } from '../protocol/schema.ts';
import { FirstOf } from './first-of.ts';
import type { FrameHead, Part, Sweep, Topic } from './topic.ts';

type ActorsAsked = ParamsOf<'Actors.list'>;
type ActorsListed = ResultOf<'Actors.list'>;

const LIMIT_DEFAULT = 100;

/** Thread rule: the inspector's thread. */
export class ActorsTopic implements Topic {
  /** Being made is the first change: a snapshot of nothing is one, too. */
  last: number = 1;
  floor: number = 0;
  private readonly figures: FigureColumns = new FigureColumns();
  private readonly rowOf: Map<string, number> = new Map();
  /** By row; null: of nobody. */
  private readonly paths: (string | null)[] = [];
  private readonly threads: number[] = [];
  /** Change by which the row became somebody's, or nobody's. */
  private readonly namedAt: number[] = [];
  private readonly free: number[] = [];
  /** Since the last look somebody was named, or is no more. */
  private isRenamed: boolean = false;
  /** Names have been told since they were wanted; those who wait for that. */
  private isKnown: boolean = false;
  private waiting: (() => void)[] = [];

  sits(seat: number, buffer: SharedArrayBuffer, actorsMax: number): void {
    this.figures.sits(seat, buffer, actorsMax);
  }

  named(path: string, seat: number, index: number, generation: number): void {
    // Named once more: it has been begun again, perhaps somewhere else.
    const row = this.rowOf.get(path) ?? this.free.pop() ?? this.paths.length;
    this.rowOf.set(path, row);
    this.paths[row] = path;
    this.threads[row] = seat;
    this.namedAt[row] = this.last + 1;
    this.isRenamed = true;
    this.figures.place(row, seat, index, generation, this.last + 1);
  }

  unnamed(path: string): void {
    const row = this.rowOf.get(path);
    if (row === undefined) return;
    this.rowOf.delete(path);
    this.paths[row] = null;
    this.namedAt[row] = this.last + 1;
    this.isRenamed = true;
    this.figures.free(row);
    this.free.push(row);
  }

  /** All names there are have been told. */
  toldAll(): void {
    this.isKnown = true;
    for (const told of this.waiting.splice(0)) told();
  }

  /** Resolves when all names are known; somebody has to watch. */
  known(): Promise<void> {
    if (this.isKnown) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Nothing that was known counts any more; whoever knew it needs a snapshot. */
  forget(): void {
    this.isKnown = false;
    if (this.rowOf.size === 0) return;
    for (const path of [...this.rowOf.keys()]) this.unnamed(path);
    this.floor = ++this.last;
  }

  /** Reads the figures, and counts what was named since the last look as a change of now. */
  look(): void {
    const changed = this.figures.look(this.last + 1);
    if (changed > 0 || this.isRenamed) this.last++;
    this.isRenamed = false;
  }

  /** As of the last look: those whose path contains a text, the first of an order; ties by path. */
  list({ contains = '', order = 'path', limit = LIMIT_DEFAULT }: ActorsAsked): ActorsListed {
    const { paths, threads } = this;
    const { handled, depth, restarts, waitUs } = this.figures;
    const by = order === 'path' ? null : { handled, depth, restarts, waitUs }[order];
    const rank = (row: number): number => {
      const value = by === null ? 0 : (by[row] as number);
      return Number.isNaN(value) ? -1 : value;
    };
    const first = new FirstOf<number>(
      limit,
      (a, b) => rank(b) - rank(a) || ((paths[a] as string) < (paths[b] as string) ? -1 : 1),
    );
    let matching = 0;
    for (let row = 0; row < paths.length; row++) {
      const path = paths[row] as string | null;
      if (path === null || !path.includes(contains)) continue;
      matching++;
      first.add(row);
    }
    const actors = first.all().map((row) => ({
      path: paths[row] as string,
      thread: threads[row] as number,
      handled: handled[row] as number,
      depth: depth[row] as number,
      restarts: restarts[row] as number,
      waitUs: Number.isNaN(waitUs[row]) ? null : (waitUs[row] as number),
    }));
    return { actors, matching, all: this.rowOf.size };
  }

  read({ from, to, cursor }: Sweep, head: FrameHead, bytes: number): Part {
    const { figures, paths, namedAt } = this;
    const [gone, named, changed]: [number[], number[], number[]] = [[], [], []];
    let size = HEAD_BYTES;
    let row = cursor;
    for (; row < paths.length && size < bytes; row++) {
      const path = paths[row] as string | null;
      if ((namedAt[row] as number) > from) {
        if (path !== null) {
          named.push(row);
          changed.push(row);
          size += NAMED_BYTES + CHANGED_BYTES + path.length;
        } else if (from > 0) {
          gone.push(row);
          size += GONE_BYTES;
        }
      } else if (path !== null && (figures.changedAt[row] as number) > from) {
        changed.push(row);
        size += CHANGED_BYTES;
      }
    }
    const next = row < paths.length ? row : null;
    const range = { from, to, isFirst: cursor === 0, isLast: next === null };
    const columns = { ...this.namedColumns(named), ...this.changedColumns(changed) };
    const frame = { ...head, ...range, gone: new Uint32Array(gone), ...columns };
    return { data: encodeColumns(frame), cursor: next };
  }

  private namedColumns(rows: readonly number[]) {
    const end = new Uint32Array(rows.length);
    let length = 0;
    const paths = rows.map((row, i) => {
      const path = this.paths[row] as string;
      length += path.length;
      end[i] = length;
      return path;
    });
    const row = new Uint32Array(rows);
    const thread = picked(this.threads, rows, new Uint32Array(rows.length));
    return { named: { row, thread, end, paths: paths.join('') } };
  }

  private changedColumns(rows: readonly number[]) {
    const { handled, depth, restarts, begun, waitUs } = this.figures;
    const { length } = rows;
    const age = picked(begun, rows, new Uint32Array(length));
    const now = FigureColumns.nowTenths();
    for (let i = 0; i < length; i++) age[i] = Math.max(0, now - (age[i] as number));
    return {
      changed: {
        row: new Uint32Array(rows),
        handled: picked(handled, rows, new Float64Array(length)),
        depth: picked(depth, rows, new Uint32Array(length)),
        restarts: picked(restarts, rows, new Uint32Array(length)),
        age,
        waitUs: picked(waitUs, rows, new Float32Array(length)),
      },
    };
  }
}

/** What those rows hold. A loop: `from` with a function takes many times as long. */
function picked<T extends Uint32Array | Float32Array | Float64Array>(
  column: ArrayLike<number>,
  rows: readonly number[],
  into: T,
): T {
  for (let i = 0; i < rows.length; i++) into[i] = column[rows[i] as number] as number;
  return into;
}
