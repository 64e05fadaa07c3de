/**
 * The lifecycle of a cell, the home of one actor through all its incarnations.
 *
 *   starting ──▶ running ──▶ exiting ──▶ down ──▶ starting (its owner restarts it)
 *      │           │  │  │       ▲         └─────▶ stopped  (its owner gives it up)
 *      ├───────────┼──┼──┴───────┤
 *      │           │  └▶ draining ──▶ stopping
 *      └───────────┴──────────────────▶ stopping ──▶ stopped
 *
 * No running → down: what an incarnation started, children and hooks, ends first, in `exiting`.
 * No stopping → down: senders have been told `stopped`, so no incarnation can follow.
 * No stopped → anything: the place in the table may already be somebody else's.
 */
import { assert } from '../../hotpath/index.ts';

/** `setup` has not finished. Messages wait. */
export const STARTING = 0;
/** Handles messages. */
export const RUNNING = 1;
/** An incarnation ends and another may follow. Messages wait. */
export const EXITING = 2;
/** Its owner decides. Messages wait. */
export const DOWN = 3;
/** Handles what it has, takes nothing new. */
export const DRAINING = 4;
/** The last incarnation ends. */
export const STOPPING = 5;
/** Nothing of it is left but refs. */
export const STOPPED = 6;

/** The status up to which messages are accepted: one comparison on the way in. */
export const ACCEPTING_MAX = 3;
assert(ACCEPTING_MAX === DOWN, 'a cell that is down accepts, one that drains does not');

/** One of the above. */
export type CellStatus = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const NAMES = ['starting', 'running', 'exiting', 'down', 'draining', 'stopping', 'stopped'];

/** Bit n of entry s: the move from s to n is drawn above. */
const EDGES: readonly number[] = [
  bits(RUNNING, EXITING, STOPPING),
  bits(EXITING, STOPPING, DRAINING),
  bits(DOWN, STOPPING),
  bits(STARTING, STOPPED),
  bits(EXITING, STOPPING),
  bits(STOPPED),
  0,
];

function bits(...statuses: CellStatus[]): number {
  return statuses.reduce<number>((mask, status) => mask | (1 << status), 0);
}

/** The one place where a cell's status changes. @throws RM_ASSERT on a move that is not drawn. */
export function transition(cell: { status: CellStatus }, to: CellStatus): void {
  const from = cell.status;
  assert(
    (((EDGES[from] as number) >> to) & 1) === 1,
    `no move ${NAMES[from]} → ${NAMES[to]} of a cell`,
  );
  cell.status = to;
}
