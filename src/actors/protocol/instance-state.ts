/**
 * The life of an instance, as the control plane sees it. What is seen may lag behind what is: only the
 * agent's word that a process has ended makes it `stopped`.
 *
 *   pending ──▶ starting ──▶ warming ──▶ ready ⇄ unready
 *      │            │           │          │        │
 *      │            │           │          ▼        │
 *      │            │           │       leaving ◀───┤      leaving ──▶ ready, unready: it is kept
 *      │            │           │          │        │
 *      │            │           │       draining ◀──┘      draining ──▶ ready, unready: the same
 *      ▼            ▼           ▼          │
 *      └────────────┴───────────┴──▶ stopping ◀── leaving, draining, unready, ready
 *                                      │
 *      any but stopped ──▶ failed      ▼
 *      any but stopped, fenced ──▶ unknown ──▶ stopped
 *      any but stopped ──▶ fenced ──▶ stopped
 *
 * No stopped → anything: the slot's next instance is another one. No stopping → ready: the signal was
 * sent. No failed → ready: it ended by itself; a restart is a new incarnation. `unknown` may turn into
 * whatever is seen next, but for pending. `adopted` is where an instance came from, not a state.
 */

/** Where an instance is in its life. */
export type InstanceState =
  | 'pending'
  | 'starting'
  | 'warming'
  | 'ready'
  | 'unready'
  | 'leaving'
  | 'draining'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'fenced'
  | 'unknown';

/** Edges of the drawing. */
export const INSTANCE_EDGES: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  pending: ['starting', 'stopping', 'failed', 'unknown', 'fenced'],
  starting: ['warming', 'ready', 'stopping', 'failed', 'unknown', 'fenced'],
  warming: ['ready', 'unready', 'stopping', 'failed', 'unknown', 'fenced'],
  ready: ['unready', 'leaving', 'stopping', 'failed', 'unknown', 'fenced'],
  unready: ['ready', 'leaving', 'draining', 'stopping', 'failed', 'unknown', 'fenced'],
  leaving: ['ready', 'unready', 'draining', 'stopping', 'failed', 'unknown', 'fenced'],
  draining: ['ready', 'unready', 'stopping', 'failed', 'unknown', 'fenced'],
  stopping: ['stopped', 'failed', 'unknown', 'fenced'],
  stopped: [],
  failed: ['stopped', 'unknown', 'fenced'],
  fenced: ['stopped'],
  unknown: [
    'starting',
    'warming',
    'ready',
    'unready',
    'leaving',
    'draining',
    'stopping',
    'stopped',
    'failed',
    'fenced',
  ],
};

/** Whether a process may be there, or come to be: it holds its slot. */
export function holdsSlot(state: InstanceState): boolean {
  return state !== 'stopped';
}

/** Whether it may be sent traffic. */
export function mayServe(state: InstanceState): boolean {
  return state === 'ready';
}

/** Whether it is on its way out by decision: it counts as disrupted from then on. */
export function isOnItsWayOut(state: InstanceState): boolean {
  return state === 'leaving' || state === 'draining' || state === 'stopping' || state === 'fenced';
}
