/**
 * Where the answer to a message goes. A mailbox entry of an `ask`, a `send` or a stream carries
 * one; a `tell` carries null. Subclasses are the local ask, the remote ask and the stream's other
 * end.
 */

import type { ErrorData } from '../../hotpath/index.ts';
import { type RuntimeError, runtimeError } from '../errors.ts';

/**
 * The end of a question that waits for its answer. Settling it twice is harmless: the first counts.
 */
export abstract class Reply {
  /**
   * Monotonic milliseconds after which nobody wants the answer any more; Infinity: always wanted.
   */
  abstract readonly deadlineMs: number;
  /** What the handler returns: `value`, `stream`, or nothing but that it was taken in (`send`). */
  abstract readonly wants: 'value' | 'stream' | 'receipt';
  /** Whether somebody still waits. */
  abstract isOpen(): boolean;
  /** Answers. */
  abstract resolve(value: unknown): void;
  /** Says why there is no answer. */
  abstract reject(error: unknown): void;
}

/** An error that a handler throws to reject its asker without crashing; made by `reply.error`. */
export class ReplyError extends Error {
  readonly error: RuntimeError;

  constructor(error: RuntimeError) {
    super(error.message);
    this.error = error;
  }
}

/** What a handler may throw on purpose. */
export const reply: {
  /**
   * `throw reply.error('NO_STOCK', 'tea is sold out', { sku: 'tea' })` rejects the asker and leaves
   * the actor as it is. The asker gets an error whose `code` is RM_REPLY and whose `data.reason` is
   * `reason`. For a `tell` nobody hears of it.
   */
  error(reason: string, message?: string, data?: ErrorData): ReplyError;
} = {
  error: (reason, message = reason, data = {}) =>
    new ReplyError(runtimeError('RM_REPLY', message, { ...data, reason })),
};
