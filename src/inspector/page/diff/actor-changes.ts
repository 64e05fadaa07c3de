/**
 * Actors that came, went, or have other figures at two moments: found by their paths, as the same row may be
 * somebody else's. Pure; goes through all actors of both moments once.
 */
import type { ActorColumns } from '../tables/actor-columns.ts';

/** Of one actor. NaN: it was not measured. */
export type ActorFigures = {
  readonly depth: number;
  readonly wait: number;
  readonly rate: number;
  readonly handled: number;
  readonly restarts: number;
};

/** How it is another one. */
export type ActorKind = 'came' | 'went' | 'changed';

/** One of them. */
export type ActorChange = {
  readonly path: string;
  readonly thread: number;
  readonly kind: ActorKind;
  /** Null: it was not there. */
  readonly from: ActorFigures | null;
  readonly to: ActorFigures | null;
  /** Of the figure that has changed most: how many times it is more or less, by how much. */
  readonly size: number;
};

/**
 * What of each figure counts as one: what is far below it is noise. Messages that were handled only grow,
 * and are no size. Lower: the figure counts for more. An eighth: a restart counts as eight that wait.
 */
const ONE = { depth: 1, wait: 1000, rate: 10, restarts: 1 / 8 } as const;
/** Of one that came or went, whatever it did: as much as a restart. */
const SIZE_LEAST = 10;

/** The largest change first; ties by path. */
export function actorChanges(a: ActorColumns, b: ActorColumns): ActorChange[] {
  const changes: ActorChange[] = [];
  // Where nobody has counted rates yet, they are no figures.
  const hasRates = a.hasRates && b.hasRates;
  const rowOf = new Map<string, number>();
  for (let row = 0; row < a.end; row++) {
    if (a.isThere[row] === 1) rowOf.set(a.paths[row] as string, row);
  }
  for (let row = 0; row < b.end; row++) {
    if (b.isThere[row] !== 1) continue;
    const path = b.paths[row] as string;
    const old = rowOf.get(path);
    rowOf.delete(path);
    const to = figuresOf(b, row, hasRates);
    const thread = b.thread[row] as number;
    const from = old === undefined ? null : figuresOf(a, old, hasRates);
    const size = sizeOf(from, to);
    const kind = from === null ? 'came' : 'changed';
    if (from === null || isOther(from, to)) changes.push({ path, thread, kind, from, to, size });
  }
  for (const [path, row] of rowOf) {
    const from = figuresOf(a, row, hasRates);
    const thread = a.thread[row] as number;
    changes.push({ path, thread, kind: 'went', from, to: null, size: sizeOf(from, null) });
  }
  return changes.sort((x, y) => y.size - x.size || (x.path < y.path ? -1 : 1));
}

/** By how much a figure is another one; what was not there or not measured counts as nothing. */
export function deltaOf({ from, to }: ActorChange, name: keyof ActorFigures): number {
  return (to?.[name] || 0) - (from?.[name] || 0);
}

function figuresOf(actors: ActorColumns, row: number, hasRates: boolean): ActorFigures {
  return {
    depth: actors.depth[row] as number,
    wait: actors.waitUs[row] as number,
    rate: hasRates ? (actors.rate[row] as number) : Number.NaN,
    handled: actors.handled[row] as number,
    restarts: actors.restarts[row] as number,
  };
}

function isOther(from: ActorFigures, to: ActorFigures): boolean {
  const names = Object.keys(from) as (keyof ActorFigures)[];
  return names.some((name) => !Object.is(from[name], to[name]));
}

function sizeOf(from: ActorFigures | null, to: ActorFigures | null): number {
  let size = from === null || to === null ? SIZE_LEAST : 0;
  for (const name of Object.keys(ONE) as (keyof typeof ONE)[]) {
    const [old, now] = [(from?.[name] || 0) / ONE[name], (to?.[name] || 0) / ONE[name]];
    const times = Math.abs(Math.log2(now + 1) - Math.log2(old + 1));
    size = Math.max(size, times * Math.log2(1 + Math.abs(now - old)));
  }
  return size;
}
