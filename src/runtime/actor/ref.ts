/**
 * What a user holds of an actor: a typed address. A ref is a value: it can be kept, compared with
 * `equals`, sent in messages, and it goes on working when its actor is restarted, here or on
 * another thread. It does not keep its actor alive.
 */
import type { Duration } from '../timers/duration.ts';
import type { Answer, Handlers, MessageName, PayloadArguments, StreamItem } from './handlers.ts';
import type { Outcome } from './outcome.ts';

/** How long to wait for an answer, and who may call the waiting off. */
export type AskOptions = {
  /** Default 5 s. Inside a handler that was asked itself, never longer than its own asker waits. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
};

/** How to take a stream. */
export type StreamOptions = AskOptions & {
  /** Items that may be under way; 1 to 65,536. Default 32. */
  readonly credit?: number;
};

/**
 * The address of an actor that understands `H`. Thread rule: the thread it was made or received on.
 */
export interface Ref<H extends Handlers = Handlers> {
  /**
   * Names the actor (not its incarnation) for good; equal for equal refs, usable as the key of a
   * Map.
   */
  readonly key: string;
  /**
   * Sends and forgets. Never waits, never throws because of the actor's state. @throws RM_PAYLOAD_*
   */
  tell<K extends MessageName<H>>(name: K, ...payload: PayloadArguments<H, K>): Outcome;
  /**
   * Sends and waits until the message is in the mailbox, however full that is (policy `wait`).
   * @throws (rejects) RM_MAILBOX_FULL under other policies or when too many wait; RM_ACTOR_STOPPED,
   *   RM_ASK_TIMEOUT, RM_ABORTED, RM_THREAD_LOST, RM_PAYLOAD_*
   */
  send<K extends MessageName<H>>(
    name: K,
    payload: Parameters<H[K]>[0],
    options?: AskOptions,
  ): Promise<void>;
  /**
   * Sends and waits for what the handler returns. Always settles.
   * @throws (rejects) RM_ASK_TIMEOUT, RM_ABORTED, RM_MAILBOX_FULL, RM_ACTOR_STOPPED,
   *   RM_ACTOR_CRASHED (with the
   *   cause), RM_THREAD_LOST, RM_REPLY, RM_UNKNOWN_MESSAGE, RM_PAYLOAD_*
   */
  ask<K extends MessageName<H>>(
    name: K,
    payload?: Parameters<H[K]>[0],
    options?: AskOptions,
  ): Promise<Answer<H, K>>;
  /**
   * Asks for the items of a handler that returns an iterable. Ends when the loop does. @throws as
   * `ask`
   */
  stream<K extends MessageName<H>>(
    name: K,
    payload?: Parameters<H[K]>[0],
    options?: StreamOptions,
  ): AsyncIterableIterator<StreamItem<H, K>>;
  /** Whether both address the same actor. */
  equals(other: Ref<never>): boolean;
}

/** A ref whose vocabulary is not known to the compiler. */
export interface AnyRef {
  readonly key: string;
  /** As `Ref.tell`. */
  tell(name: string, payload?: unknown): Outcome;
  /** As `Ref.send`. */
  send(name: string, payload?: unknown, options?: AskOptions): Promise<void>;
  /** As `Ref.ask`. */
  ask(name: string, payload?: unknown, options?: AskOptions): Promise<unknown>;
  /** As `Ref.stream`. */
  stream(name: string, payload?: unknown, options?: StreamOptions): AsyncIterableIterator<unknown>;
}
