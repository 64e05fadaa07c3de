/**
 * What happens to a message for which a mailbox has no room, by the mailbox's policy, and how
 * senders that wait get theirs in. Called by the cell; not on the way of a message that finds room.
 */
import type { Outcome } from '../actor/outcome.ts';
import type { Reply } from '../actor/reply.ts';
import { runtimeError } from '../errors.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import type { Cell } from './cell.ts';
import { ACCEPTING_MAX } from './cell-status.ts';

/**
 * Messages beyond its capacity that a mailbox takes from other threads: what is in a ring when the
 * gate closes was accepted already. Source: records of the smallest size in a ring of 256 KiB.
 */
const OVERSHOOT_MAX = 8192;
/** Character code of the `$` with which the runtime's own messages begin. */
const DOLLAR = 36;

/** One message too many: refuse, drop or replace. */
export function overflow(
  cell: Cell,
  box: Mailbox,
  name: string,
  payload: unknown,
  reply: Reply | null,
): Outcome {
  const policy = cell.definition.mailbox.overflow;
  const { host } = cell;
  gate(cell);
  // A question always hears that there is no room: nobody could answer it from the dead letters.
  if (reply !== null || policy === 'reject' || policy === 'wait') return 'full';
  host.accepted++;
  if (policy === 'drop-newest') {
    host.deadLetters.add('dropped-newest', cell, name, payload, null);
    return 'accepted';
  }
  dropOldest(cell, box);
  box.push(name, payload, reply);
  return 'accepted';
}

/**
 * A `send` that found no room, under policy `wait`: keeps the message until there is some and then
 * resolves `receipt`. @returns whether it may wait.
 */
export function waitForRoom(cell: Cell, name: string, payload: unknown, receipt: Reply): Outcome {
  const extras = cell.rare();
  extras.waiters ??= [];
  if (extras.waiters.length >= cell.definition.mailbox.waitersMax) return 'full';
  extras.waiters.push({ name, payload, reply: receipt });
  // From now on tells hear `full`, or they would overtake those who wait.
  cell.capacity = 0;
  gate(cell);
  return 'accepted';
}

/**
 * A message from another thread for a mailbox that is nearly full, or for an actor that takes none.
 * @returns whether there is a place for it after all; otherwise it is dealt with.
 */
export function admitRemote(
  cell: Cell,
  box: Mailbox,
  name: string,
  payload: unknown,
  reply: Reply | null,
): boolean {
  const { deadLetters } = cell.host;
  if (cell.status > ACCEPTING_MAX) {
    deadLetters.add('stopped', cell, name, payload, null);
    reply?.reject(runtimeError('RM_ACTOR_STOPPED', `${cell.path} has stopped; look it up again.`));
    return false;
  }
  gate(cell);
  const { capacity, overflow: policy } = cell.definition.mailbox;
  if (box.length < capacity) return true;
  if (policy === 'drop-oldest' && reply === null) {
    dropOldest(cell, box);
    return true;
  }
  const isDropped = policy === 'drop-newest' && reply === null;
  if (!isDropped && box.length < capacity + OVERSHOOT_MAX) return true;
  deadLetters.add(isDropped ? 'dropped-newest' : 'overflow', cell, name, payload, reply);
  return false;
}

/** The longest waiting message goes; the runtime's own (ends, timers, pulls) are never dropped. */
function dropOldest(cell: Cell, box: Mailbox): void {
  for (let behind = 0; behind < box.length; behind++) {
    const at = box.placeOf(behind);
    const name = box.places[at] as string;
    if (name.charCodeAt(0) === DOLLAR) continue;
    const reply = box.places[at + 2] as Reply | null;
    const payload = box.places[at + 1];
    box.remove(behind);
    cell.extras?.tap?.dropped(box.length);
    cell.host.deadLetters.add('dropped-oldest', cell, name, payload, reply);
    return;
  }
}

/**
 * Waiting messages from which on a mailbox tells other threads that it is full, and from which on
 * not.
 */
export function highWaterOf(capacity: number): number {
  return Math.max(1, capacity - (capacity >> 2));
}

/**
 * After a turn of a cell that is gated: lets waiting senders in, and other threads when there is
 * room.
 */
export function reopen(cell: Cell, box: Mailbox): void {
  if (cell.capacity === 0) admitWaiters(cell, box);
  const { capacity } = cell.definition.mailbox;
  if (cell.capacity === 0 || box.length > capacity >> 1) return;
  cell.isGated = false;
  cell.host.gates.reopen(cell.index);
}

function gate(cell: Cell): void {
  if (cell.isGated) return;
  cell.isGated = true;
  cell.host.gates.close(cell.index);
}

/** Moves waiting senders' messages into the room that a turn has made, in order. */
function admitWaiters(cell: Cell, box: Mailbox): void {
  const waiters = cell.extras?.waiters ?? [];
  const { capacity } = cell.definition.mailbox;
  let admitted = 0;
  for (; admitted < waiters.length && box.length < capacity; admitted++) {
    const waiter = waiters[admitted];
    if (waiter === undefined || waiter.reply?.isOpen() === false) continue;
    box.push(waiter.name, waiter.payload, null);
    cell.host.accepted++;
    waiter.reply?.resolve(undefined);
  }
  waiters.splice(0, admitted);
  if (waiters.length === 0) cell.capacity = capacity;
}

/** Nobody waits any more: the actor takes no messages. */
export function refuseWaiters(cell: Cell): void {
  const waiters = cell.extras?.waiters ?? [];
  if (cell.extras !== null) cell.extras.waiters = null;
  for (const { reply } of waiters) {
    reply?.reject(
      runtimeError(
        'RM_ACTOR_STOPPED',
        `${cell.path} stopped before there was room; resend elsewhere.`,
      ),
    );
  }
}
