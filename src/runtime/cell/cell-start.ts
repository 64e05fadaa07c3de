/**
 * How an incarnation begins: `setup` is called, its handlers are checked, the cell runs. Called at
 * the spawn and by the owner for each restart.
 */
import { Context } from '../actor/context.ts';
import type { Handler } from '../actor/handlers.ts';
import { runtimeError } from '../errors.ts';
import { TimerNode } from '../timers/timer-wheel.ts';
import type { Cell } from './cell.ts';
import { beginExit } from './cell-exit.ts';
import { RUNNING, STARTING, transition } from './cell-status.ts';

/** Ends a start that takes too long. */
class StartDeadline extends TimerNode {
  private readonly cell: Cell;

  constructor(cell: Cell) {
    super();
    this.cell = cell;
  }

  override fire(): void {
    const limit = this.cell.owner.startDeadlineMs;
    const message = `setup of ${this.cell.path} took over ${limit} ms; raise startDeadline.`;
    startFailed(
      this.cell,
      this.cell.incarnation,
      runtimeError('RM_START_DEADLINE', message, { limit }),
    );
  }
}

/** Calls `setup`. Every outcome reaches the owner, at once or later. */
export function start(cell: Cell): void {
  const { incarnation, definition } = cell;
  let handlers: unknown;
  try {
    handlers = definition.setup(cell.args as never, new Context(cell, incarnation));
  } catch (error) {
    startFailed(cell, incarnation, error);
    return;
  }
  if (handlers instanceof Promise) startLater(cell, incarnation, handlers);
  else opened(cell, incarnation, handlers);
}

/** Begins the next incarnation of a cell that is down. */
export function restart(cell: Cell): void {
  transition(cell, STARTING);
  cell.host.restarted(cell);
  start(cell);
}

function startLater(cell: Cell, incarnation: number, handlers: Promise<unknown>): void {
  const deadline = new StartDeadline(cell);
  cell.rare().startDeadline = deadline;
  cell.host.timers.start(deadline, cell.host.clock.monotonicMs() + cell.owner.startDeadlineMs);
  handlers.then(
    (value) => opened(cell, incarnation, value),
    (error: unknown) => startFailed(cell, incarnation, error),
  );
}

function opened(cell: Cell, incarnation: number, handlers: unknown): void {
  if (incarnation !== cell.incarnation || cell.status !== STARTING) return;
  if (typeof handlers !== 'object' || handlers === null) {
    const got = String(handlers);
    const message = `setup of ${cell.definition.name} returned ${got}; expected handlers.`;
    startFailed(cell, incarnation, runtimeError('RM_DEFINITION_INVALID', message));
    return;
  }
  endStartDeadline(cell);
  cell.setHandlers(handlers as Record<string, Handler>);
  transition(cell, RUNNING);
  cell.canRun = true;
  cell.owner.started(cell);
  cell.wake();
}

function startFailed(cell: Cell, incarnation: number, error: unknown): void {
  if (incarnation !== cell.incarnation || cell.status !== STARTING) return;
  endStartDeadline(cell);
  beginExit(cell, { reason: 'crash', error }, { isFinal: false, isIdle: true });
}

function endStartDeadline(cell: Cell): void {
  const deadline = cell.extras?.startDeadline;
  if (deadline === undefined || deadline === null) return;
  cell.host.timers.cancel(deadline);
  if (cell.extras !== null) cell.extras.startDeadline = null;
}
