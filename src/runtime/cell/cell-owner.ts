/**
 * Who a cell belongs to: hears how each incarnation begins and ends, and decides what follows.
 * Supervisors own their children; a child that an actor spawned by itself is temporary and owned by
 * nobody in particular.
 */
import type { Cell } from './cell.ts';
import type { Exit } from './child-list.ts';

/** Told on the cell's thread, at once, in the order in which things happen. */
export interface CellOwner {
  /** `setup` has finished; called before the first message is handled. */
  started(cell: Cell): void;
  /**
   * An incarnation has ended, or its `setup` failed (`isAtStart`). The cell is down, unless the end
   * was final; its owner now restarts it or gives it up, at once or later.
   */
  exited(cell: Cell, exit: Exit, isAtStart: boolean): void;
  /** Somebody wants it ended for good; without this, the cell is simply ended. */
  stop?(cell: Cell, done: () => void): void;
  /** The actor wants a state kept for its next incarnation, wherever that is. */
  checkpoint?(cell: Cell, state: unknown): void;
  /** Milliseconds that `setup` and the end may take. */
  readonly startDeadlineMs: number;
  readonly stopDeadlineMs: number;
}
