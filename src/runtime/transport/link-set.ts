/**
 * What a host needs of the ways to other threads; and a set without any, for a system of one
 * thread. The real one is in `links.ts`.
 */
import type { BaseRef, RemoteRef } from '../actor/actor-ref.ts';
import type { Outcome } from '../actor/outcome.ts';
import type { Reply } from '../actor/reply.ts';
import type { RuntimeEvent } from '../host/events.ts';
import type { SeatMemory } from '../host/seat-memory.ts';

/** Ways to other threads. Thread rule: the thread that sends. */
export interface LinkSet {
  tell(ref: RemoteRef, name: string, payload: unknown): Outcome;
  /** With an answer: a value, a receipt or a stream, as `reply.wants` says. */
  ask(ref: RemoteRef, name: string, payload: unknown, reply: Reply | null): Outcome;
  /** @returns whether there was a worker to ask. */
  watch(ref: RemoteRef, number: number): boolean;
  unwatch(ref: RemoteRef, number: number): void;
  /** What the worker of that seat shows; null when there is none. */
  memoryOf(seat: number): SeatMemory | null;
  stop(ref: BaseRef, how: 'stop' | 'drain'): Promise<void>;
  /** Tells the main thread's listeners. */
  report(event: RuntimeEvent): void;
  /** Tells the worker of that seat. @returns whether there is one */
  cast(seat: number, what: string, args: unknown): boolean;
  /** Writes how many messages went where to where other threads see it. */
  showSent(): void;
  /** Whether they want to hear. */
  readonly isHeard: boolean;
  /** Messages between this thread and workers that are gone, which neither side has. */
  readonly lost: number;
}

/** A system of one thread: every ref to elsewhere is one of somebody who is gone. */
export const NO_LINKS: LinkSet = {
  tell: () => 'stopped',
  ask: () => 'stopped',
  watch: () => false,
  unwatch: () => undefined,
  memoryOf: () => null,
  stop: () => Promise.resolve(),
  report: () => undefined,
  cast: () => false,
  showSent: () => undefined,
  isHeard: false,
  lost: 0,
};
