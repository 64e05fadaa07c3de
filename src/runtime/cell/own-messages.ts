/**
 * The messages by which the runtime reaches an actor in a turn of its own, so that nothing of it runs
 * beside a handler: timers, ends of watched actors, pulls of streams, messages tried again. Their
 * names begin with a `$`; one that a user makes up is dropped.
 */
import type { Handler } from '../actor/handlers.ts';
import { PULL_MESSAGE, StreamSource } from '../actor/stream-source.ts';
import { DOWN_MESSAGE, type PendingDown } from '../host/watches.ts';
import { type DueTimer, TIMER_MESSAGE } from '../timers/actor-timers.ts';
import type { Cell } from './cell.ts';
import { RETRY_MESSAGE, Retry } from './retry.ts';

/** The handler of such a message; null for a name that is none of them. */
export function ownHandler(cell: Cell, name: string): Handler | null {
  if (name === PULL_MESSAGE) return pull;
  if (name === TIMER_MESSAGE) return (due: DueTimer) => timerCame(cell, due);
  if (name === DOWN_MESSAGE) return (down: PendingDown) => downCame(cell, down);
  if (name === RETRY_MESSAGE) return (retry: Retry) => again(cell, retry);
  return null;
}

function pull(source: unknown): void {
  if (source instanceof StreamSource) source.pull();
}

/** A timer's message is the user's message, in place; one that was cancelled meanwhile is none. */
function timerCame(cell: Cell, due: DueTimer): unknown {
  if (!(due instanceof Object) || cell.extras?.timers?.take(due) !== true) return undefined;
  return cell.callUser(due.name, due.payload, null);
}

function downCame(cell: Cell, down: PendingDown): unknown {
  if (typeof down?.take !== 'function' || !down.take(cell)) return undefined;
  return cell.callUser(down.name, down.down, null);
}

/** A message that crashed an earlier incarnation, tried again as it was sent. */
function again(cell: Cell, retry: Retry): unknown {
  if (!(retry instanceof Retry)) return undefined;
  return cell.callUser(retry.name, retry.payload, cell.reply);
}
