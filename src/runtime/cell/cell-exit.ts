/**
 * How an incarnation ends: the handler that is under way, then the children (youngest first), then
 * the stop hooks (last one first); all within the stop deadline, after which the rest is abandoned.
 * Then the owner decides.
 *
 *   handler ──▶ children ──▶ hooks ──▶ finished
 *      └───────────┴───────────┴────────▶ finished (deadline: the reason becomes `killed`)
 *
 * No step backwards: a child that an ending actor spawned in a hook is ended by nobody but the
 * host's close.
 */
import { runtimeError } from '../errors.ts';
import { TimerNode } from '../timers/timer-wheel.ts';
import type { Cell } from './cell.ts';
import type { CellExtras, ExitProgress, HeldMessage } from './cell-extras.ts';
import {
  DOWN,
  DRAINING,
  EXITING,
  RUNNING,
  STARTING,
  STOPPED,
  STOPPING,
  transition,
} from './cell-status.ts';
import { type Exit, SHUTDOWN } from './child-list.ts';
import { refuseWaiters } from './overflow.ts';
import { RETRY_MESSAGE, Retry } from './retry.ts';

/** Abandons what takes too long. */
class StopDeadline extends TimerNode {
  private readonly cell: Cell;

  constructor(cell: Cell) {
    super();
    this.cell = cell;
  }

  override fire(): void {
    const { cell } = this;
    const progress = cell.extras?.exit;
    if (progress === undefined || progress === null || progress.step === 'finished') return;
    const limit = cell.owner.stopDeadlineMs;
    const message = `${cell.path} did not end its ${progress.step} within ${limit} ms; it was abandoned.`;
    const error = runtimeError('RM_STOP_DEADLINE', message, { limit, step: progress.step });
    progress.exit = { reason: 'killed', error };
    finish(cell, progress);
  }
}

/** A handler threw or its promise was rejected. */
export function crash(cell: Cell, error: unknown, message: HeldMessage): void {
  const { attempts } = cell.definition;
  const { name, payload, crashes } = asRetry(message);
  cell.reply = null;
  // It was taken out of the mailbox as handled; it goes back there or to the dead letters.
  cell.host.handled--;
  if (crashes < attempts && cell.status === RUNNING) {
    cell.mailbox?.pushFront(RETRY_MESSAGE, new Retry(name, payload, crashes), message.reply);
  } else {
    message.reply?.reject(crashedError(cell, error));
    cell.host.deadLetters.add('crashed', cell, name, payload, null);
  }
  cell.host.crashes++;
  beginExit(cell, { reason: 'crash', error }, { isFinal: cell.status === DRAINING, isIdle: true });
}

/** The message with this crash counted. */
function asRetry({ name, payload }: HeldMessage): Retry {
  if (payload instanceof Retry)
    return new Retry(payload.name, payload.payload, payload.crashes + 1);
  return new Retry(name, payload, 1);
}

function crashedError(cell: Cell, cause: unknown): Error {
  const what = cause instanceof Error ? cause.message : String(cause);
  const message = `${cell.path} crashed on this message: ${what}`;
  return runtimeError('RM_ACTOR_CRASHED', message, { path: cell.path }, cause);
}

/**
 * Ends the incarnation. With `isFinal` no other follows and senders hear `stopped` from now on.
 * `done` is called once when it has ended. Repeating is harmless; asking for a final end while
 * another is under way makes that final. A handler that is on the stack ends first, as does one
 * whose promise is open; `isIdle`: there is none, although this is the actor's turn.
 */
export function beginExit(
  cell: Cell,
  exit: Exit,
  { isFinal, done, isIdle }: { isFinal: boolean; done?: () => void; isIdle?: boolean },
): void {
  const { status } = cell;
  if (status === STOPPED) {
    done?.();
    return;
  }
  if (status === DOWN) {
    if (isFinal) giveUp(cell, exit);
    done?.();
    return;
  }
  if (status === EXITING || status === STOPPING) {
    if (done !== undefined) cell.extras?.exit?.done.push(done);
    if (isFinal && status === EXITING) closeIntake(cell);
    return;
  }
  cell.canRun = false;
  if (!isFinal && exit.reason === 'crash') takeSnapshot(cell);
  const isBusy = cell.isSuspended || (isIdle !== true && cell.host.current === cell);
  if (!isBusy && isQuick(cell)) {
    transition(cell, isFinal ? STOPPING : EXITING);
    ended(cell, exit, status === STARTING);
    done?.();
    return;
  }
  const progress = beginProgress(cell, exit, status === STARTING);
  if (done !== undefined) progress.done.push(done);
  if (isFinal) closeIntake(cell);
  else transition(cell, EXITING);
  if (!isBusy) exitCanGoOn(cell);
}

/** Called when the handler that an exit waited for has ended. */
export function exitCanGoOn(cell: Cell): void {
  const progress = cell.extras?.exit;
  if (progress?.step !== 'handler' || cell.isSuspended) return;
  progress.step = 'children';
  const children = cell.extras?.children;
  if (children === undefined || children === null) endHooks(cell, progress);
  else children.endAll(SHUTDOWN, () => endHooks(cell, progress));
}

/** A down cell that nobody restarts: nothing is left of it but refs. */
export function giveUp(cell: Cell, exit: Exit): void {
  if (cell.status === STOPPED) return;
  transition(cell, STOPPED);
  purge(cell);
  cell.siblings?.remove(cell);
  cell.host.forget(cell, exit);
}

/** Nothing of this incarnation needs time to end. */
function isQuick(cell: Cell): boolean {
  const { extras } = cell;
  return extras === null || ((extras.children?.size ?? 0) === 0 && extras.stopHooks === null);
}

function beginProgress(cell: Cell, exit: Exit, isAtStart: boolean): ExitProgress {
  const deadline = new StopDeadline(cell);
  const progress: ExitProgress = { exit, isAtStart, step: 'handler', deadline, done: [] };
  cell.rare().exit = progress;
  cell.host.timers.start(deadline, cell.host.clock.monotonicMs() + cell.owner.stopDeadlineMs);
  return progress;
}

function closeIntake(cell: Cell): void {
  transition(cell, STOPPING);
  cell.host.gates.retire(cell.index, cell.generation);
  purge(cell);
}

function endHooks(cell: Cell, progress: ExitProgress): void {
  if (progress.step !== 'children') return;
  progress.step = 'hooks';
  runHooks(cell, progress).then(() => finish(cell, progress));
}

async function runHooks(cell: Cell, progress: ExitProgress): Promise<void> {
  const hooks = cell.extras?.stopHooks ?? [];
  for (const hook of hooks.toReversed()) {
    try {
      await hook();
    } catch (error) {
      // The first thing that went wrong is the reason; a clean end that fails is a crash.
      if (progress.exit.reason !== 'crash') progress.exit = { reason: 'crash', error };
    }
  }
}

function finish(cell: Cell, progress: ExitProgress): void {
  if (progress.step === 'finished') return;
  progress.step = 'finished';
  if (progress.deadline !== null) cell.host.timers.cancel(progress.deadline);
  if (cell.extras !== null) cell.extras.exit = null;
  ended(cell, progress.exit, progress.isAtStart);
  for (const done of progress.done) done();
}

/** Revokes what the incarnation holds; then the owner decides, or the cell is gone. */
function ended(cell: Cell, exit: Exit, isAtStart: boolean): void {
  cell.incarnation++;
  cell.isSuspended = false;
  cell.setHandlers(null);
  const reply = cell.reply;
  cell.reply = null;
  reply?.reject(crashedOrStopped(cell, exit));
  if (cell.extras !== null) revoke(cell, cell.extras, exit);
  const isFinal = cell.status === STOPPING;
  if (isFinal) {
    transition(cell, STOPPED);
    purge(cell);
    cell.siblings?.remove(cell);
    cell.host.forget(cell, exit);
  } else transition(cell, DOWN);
  cell.owner.exited(cell, exit, isAtStart);
}

function crashedOrStopped(cell: Cell, exit: Exit): Error {
  return exit.reason === 'crash' ? crashedError(cell, exit.error) : stoppedError(cell);
}

function stoppedError(cell: Cell): Error {
  const message = `${cell.path} stopped before it answered; ask another, or look it up again.`;
  return runtimeError('RM_ACTOR_STOPPED', message, { path: cell.path });
}

function revoke(cell: Cell, extras: CellExtras, exit: Exit): void {
  extras.timers?.cancelAll();
  if (extras.startDeadline !== null) cell.host.timers.cancel(extras.startDeadline);
  extras.startDeadline = null;
  extras.stopHooks = null;
  extras.abort?.abort(stoppedError(cell));
  extras.abort = null;
  extras.streams?.closeAll(crashedOrStopped(cell, exit));
  extras.streams = null;
  for (const unwatch of extras.watching?.values() ?? []) unwatch();
  extras.watching = null;
  extras.snapshot = null;
  cell.unstash();
}

/** Everything that waits goes to the dead letters, and who asked is told. */
function purge(cell: Cell): void {
  refuseWaiters(cell);
  const box = cell.mailbox;
  if (box === null) return;
  while (box.length > 0) {
    const at = box.oldest();
    const { places } = box;
    const reply = places[at + 2] as HeldMessage['reply'];
    cell.host.deadLetters.add('stopped', cell, places[at] as string, places[at + 1], null);
    box.drop(at);
    reply?.reject(stoppedError(cell));
  }
  cell.mailbox = null;
}

/** The state that the next incarnation gets; a hook that throws gives none. */
function takeSnapshot(cell: Cell): void {
  const { extras } = cell;
  if (extras === null || extras.snapshot === null) return;
  try {
    extras.restored = extras.snapshot();
  } catch (error) {
    extras.restored = undefined;
    cell.host.report({ kind: 'snapshot-failed', path: cell.path, error });
  }
}
