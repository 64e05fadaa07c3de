/**
 * What a supervisor knows about one child: its place in the order of starts, its status, its past.
 * A cell's owner record extends it, so that a restart among thousands of children allocates
 * nothing. Only the supervisor's machine writes to it.
 */
import { assert } from '../../hotpath/index.ts';
import type { RestartType } from './supervisor-options.ts';

/**
 *             ┌────────────────────────────────────┐
 *             ▼                                    │ (failed, exited)
 *   down ──▶ starting ──▶ running ──▶ stopping ──▶ down ──▶ gone
 *    │ ▲      ▲   └───────────────────▲
 *    ▼ │      │
 *   waiting ──┘
 *
 * Each of starting, running and stopping may fall back to down: the child is not there any more.
 * No stopping → running: who asked for the stop counts on it; a `started` that comes late is
 * ignored.
 * No waiting → gone: a child is taken off the list only when it is down.
 * No gone → down: what is added again is another child.
 */
export type ChildStatus = 'down' | 'waiting' | 'starting' | 'running' | 'stopping' | 'gone';

const EDGES: Readonly<Record<ChildStatus, readonly ChildStatus[]>> = {
  down: ['starting', 'waiting', 'gone'],
  waiting: ['starting', 'down'],
  starting: ['running', 'stopping', 'down'],
  running: ['down', 'stopping'],
  stopping: ['down'],
  gone: [],
};

/** One supervised child. Thread rule: the supervisor's thread. */
export abstract class SupervisedChild {
  /** Whether and when it is restarted. */
  readonly restart: RestartType;
  /** Written by `move` only. */
  status: ChildStatus;
  /** Number of its starts; what is said about an older one is ignored. 0: it was never started. */
  incarnation: number;
  /** Invariant: increases along the list of children. */
  order: number;
  /** The machine's: neighbours in the order of starts. */
  startedBefore: SupervisedChild | null;
  startedAfter: SupervisedChild | null;
  /**
   * The machine's: whether any start ever succeeded, its own or that of the child in whose place
   * it came; before that, a failure is the end of the child.
   */
  hasRun: boolean;
  /** The machine's: it is to be gone as soon as it is down. */
  isRemoved: boolean;
  /**
   * The machine's: its start failed while it was being made, so make the next one when that
   * returns.
   */
  startsAgain: boolean;
  /** The machine's: failures in a row. */
  failures: number;
  /** The machine's: when its last restart was due, on the monotonic clock in ms; NaN for none. */
  restartedMs: number;

  constructor(restart: RestartType) {
    this.restart = restart;
    this.status = 'down';
    this.incarnation = 0;
    this.order = 0;
    this.startedBefore = null;
    this.startedAfter = null;
    this.hasRun = false;
    this.isRemoved = false;
    this.startsAgain = false;
    this.failures = 0;
    this.restartedMs = Number.NaN;
  }

  /** The one place where a child's status changes. An edge that is not drawn above is a bug. */
  move(to: ChildStatus): void {
    if (!EDGES[this.status].includes(to)) badMove(this.status, to);
    this.status = to;
  }
}

function badMove(from: ChildStatus, to: ChildStatus): void {
  assert(false, `a supervised child moves ${from} -> ${to}; expected one of ${EDGES[from].join()}`);
}
