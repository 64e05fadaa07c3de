/**
 * What becomes of accepted messages that nobody handles: each is counted by its reason and shown to
 * whoever listens; the last ones are kept for a look, payloads included. Nothing is sent again from
 * here.
 */
import { nameText } from '../actor/message-name.ts';
import type { Reply } from '../actor/reply.ts';
import type { Cell } from '../cell/cell.ts';
import { Retry } from '../cell/retry.ts';
import { runtimeError } from '../errors.ts';

/**
 * `stopped`: its actor ended first. `crashed`: it crashed its actor as often as it may. `expired`:
 * its asker gave up first. `unknown`: the actor has no such handler. `dropped-newest`,
 * `dropped-oldest`: the mailbox's policy. `overflow`: it came over a ring after the mailbox was
 * full. `nobody`: its ref is stale.
 */
export type DeadLetterReason =
  | 'stopped'
  | 'crashed'
  | 'expired'
  | 'unknown'
  | 'dropped-newest'
  | 'dropped-oldest'
  | 'overflow'
  | 'nobody';

/** One of them. */
export type DeadLetter = {
  readonly reason: DeadLetterReason;
  /** Path of the actor, or what is known of it. */
  readonly to: string;
  readonly name: string;
  readonly payload: unknown;
};

/** Called on the thread where the message died, before `add` returns; what it throws is dropped. */
export type DeadLetterListener = (letter: DeadLetter) => void;

/** How many are kept for a look. */
const RECENT_MAX = 256;

/** The dead letters of one thread. */
export class DeadLetters {
  /** How many there were, by reason. */
  readonly counts: Record<DeadLetterReason, number>;
  total: number;
  private readonly recent: DeadLetter[];
  private readonly listeners: Set<DeadLetterListener>;

  constructor() {
    this.counts = {
      stopped: 0,
      crashed: 0,
      expired: 0,
      unknown: 0,
      'dropped-newest': 0,
      'dropped-oldest': 0,
      overflow: 0,
      nobody: 0,
    };
    this.total = 0;
    this.recent = [];
    this.listeners = new Set();
  }

  /** The last ones, oldest first. */
  last(): readonly DeadLetter[] {
    return [...this.recent];
  }

  /** @returns how to stop listening. */
  listen(listener: DeadLetterListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** A message for a cell that will not be handled; an asker is told by the caller. */
  add(
    reason: DeadLetterReason,
    cell: Cell,
    name: string,
    payload: unknown,
    reply: Reply | null,
  ): void {
    if (payload instanceof Retry) {
      this.add(reason, cell, payload.name, payload.payload, reply);
      return;
    }
    if (nameText(name).startsWith('$')) {
      this.count(reason);
      return;
    }
    this.keep({ reason, to: cell.path, name, payload });
    reply?.reject(
      runtimeError(
        'RM_MAILBOX_FULL',
        `${cell.path} dropped ${nameText(name)} for a newer message; slow down.`,
      ),
    );
  }

  /** A message for an actor that this thread does not have. */
  addNobody(reason: DeadLetterReason, to: string, name: string, payload: unknown): void {
    this.keep({ reason, to, name, payload });
  }

  /** A message that an actor took out of its mailbox but can or need not handle. */
  refuse(
    cell: Cell,
    isUnknown: boolean,
    name: string,
    payload: unknown,
    reply: Reply | null,
  ): void {
    cell.host.handled--;
    this.add(isUnknown ? 'unknown' : 'expired', cell, name, payload, null);
    if (!isUnknown || reply === null) return;
    const known = Object.keys(cell.handlers ?? {}).join(', ');
    const message = `${cell.path} has no handler "${nameText(name)}"; it has: ${known}.`;
    reply.reject(runtimeError('RM_UNKNOWN_MESSAGE', message, { name }));
  }

  private keep(letter: DeadLetter): void {
    this.count(letter.reason);
    if (this.recent.length === RECENT_MAX) this.recent.shift();
    this.recent.push(letter);
    for (const listener of this.listeners) {
      try {
        listener(letter);
      } catch {
        // A listener that fails must not fail the actor whose message died.
      }
    }
  }

  private count(reason: DeadLetterReason): void {
    this.counts[reason]++;
    this.total++;
  }
}
