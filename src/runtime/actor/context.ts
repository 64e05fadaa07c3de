/**
 * What an incarnation of an actor may do besides handling messages. Given to `setup`, kept by its
 * closures. It belongs to one incarnation: after the end of that, every call is refused and
 * counted, so that a promise which settles late cannot act for the successor.
 */

import type { Cell } from '../cell/cell.ts';
import { beginExit } from '../cell/cell-exit.ts';
import { ChildList, type Exit, NORMAL } from '../cell/child-list.ts';
import { runtimeError } from '../errors.ts';
import type { Supervisor } from '../supervision/supervisor.ts';
import type { SupervisorOptions } from '../supervision/supervisor-options.ts';
import { ActorTimers } from '../timers/actor-timers.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import { type BaseRef, RemoteRef } from './actor-ref.ts';
import type { ActorDefinition } from './definition.ts';
import type { Handler, Handlers } from './handlers.ts';
import type { Outcome } from './outcome.ts';
import type { AnyRef, AskOptions, Ref } from './ref.ts';

/** How a child is spawned. */
export type ChildOptions<A> = {
  /** Unique among its siblings. Without one the child has no path of its own. */
  readonly id?: string;
} & (undefined extends A ? { readonly args?: A } : { readonly args: A });

/** The end of an actor, as its watchers hear it: once, after the last message from it. */
export type Down = {
  readonly key: string;
  /** `unknown`: it had stopped before it was watched. */
  readonly reason: Exit['reason'] | 'unknown';
  readonly error: unknown;
};

/** Timers by key. */
export type TimersOfContext = {
  /** Sends this actor a message once. */
  once(key: string, delay: Duration, name: string, payload?: unknown): void;
  /** Sends it again and again: the k-th at start + k periods, missed ones coalesced. */
  every(key: string, period: Duration, name: string, payload?: unknown): void;
  /** @returns whether there was such a timer. */
  cancel(key: string): boolean;
};

/** An actor's hold on the runtime. Thread rule: the actor's thread. */
export class Context {
  private readonly cell: Cell;
  /** How many incarnations came before this one. */
  readonly incarnation: number;

  constructor(cell: Cell, incarnation: number) {
    this.cell = cell;
    this.incarnation = incarnation;
  }

  /** This actor's own address. */
  get self(): AnyRef {
    return this.cell.host.refOf(this.cell);
  }

  /** Where this actor stands in the tree. */
  get path(): string {
    return this.cell.path;
  }

  /** Logical number of this thread; 0 is the main thread. */
  get thread(): number {
    return this.cell.host.seat;
  }

  /** What the `snapshot` hook of the last incarnation returned, or what `checkpoint` kept. */
  get restored(): unknown {
    return this.cell.extras?.restored;
  }

  /** Monotonic milliseconds; in the simulator, virtual ones. */
  now(): number {
    return this.cell.host.clock.monotonicMs();
  }

  /** An integer from 0 to `bound` - 1, from this actor's thread's seeded generator. */
  random(bound: number): number {
    return this.cell.host.random.below(bound);
  }

  /**
   * Monotonic milliseconds at which the asker of the current message gives up; Infinity when nobody
   * waits.
   */
  get deadline(): number {
    return this.cell.reply?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  /** Aborted when this incarnation ends. */
  get signal(): AbortSignal {
    const extras = this.live().rare();
    extras.abort ??= new AbortController();
    return extras.abort.signal;
  }

  /**
   * Spawns a child on this thread, at once. It is temporary: a crash ends it, and who watches it
   * hears so. For children that are restarted, see `supervisor`.
   * @throws RM_SPAWN_FAILED with the cause when `setup` throws; RM_ID_TAKEN, RM_ID_INVALID,
   *   RM_ACTORS_MAX
   */
  spawn<A, H extends Handlers>(
    definition: ActorDefinition<A, H>,
    ...[options]: undefined extends A ? [options?: ChildOptions<A>] : [options: ChildOptions<A>]
  ): Ref<H> {
    const { host } = this.live();
    return host.spawner.child(this.cell, definition, options) as unknown as Ref<H>;
  }

  /**
   * A supervisor below this actor, whose children live on this thread. @throws RM_SUPERVISOR_OPTION
   */
  supervisor(options?: SupervisorOptions & { readonly name?: string }): Supervisor {
    const { host } = this.live();
    return host.spawner.supervisorBelow(this.cell, options ?? {});
  }

  /** Ends a child or any other actor of this thread, after its current message. */
  stop(ref: Ref<never> | AnyRef): Promise<void> {
    return this.live().host.stop(ref as BaseRef);
  }

  /** Ends this actor after the current message. Its supervisor decides what follows. */
  exit(): void {
    const cell = this.live();
    beginExit(cell, NORMAL, { isFinal: false });
  }

  /** As `ref.tell`; refused when this incarnation has ended. */
  tell(ref: Ref<never> | AnyRef, name: string, payload?: unknown): Outcome {
    if (!this.isLive) return this.late();
    return (ref as BaseRef).tell(name, payload);
  }

  /** As `ref.ask`, and never longer than this actor's own asker waits, also after an `await`. */
  ask(
    ref: Ref<never> | AnyRef,
    name: string,
    payload?: unknown,
    options?: AskOptions,
  ): Promise<unknown> {
    const { host } = this.live();
    const before = host.current;
    host.current = this.cell;
    try {
      return (ref as BaseRef).ask(name, payload, options);
    } finally {
      host.current = before;
    }
  }

  /**
   * Hands the current message's asker over to another actor: what that one answers is the answer.
   * What this handler returns is ignored. If the other one cannot take it, the asker is told why.
   */
  forward(ref: Ref<never> | AnyRef, name: string, payload?: unknown): Outcome {
    const cell = this.live();
    const { reply } = cell;
    cell.reply = null;
    if (reply === null) return (ref as BaseRef).tell(name, payload);
    if (reply.wants === 'stream' && ref instanceof RemoteRef) {
      const message = 'a stream cannot be forwarded to another thread; give its reader the ref.';
      reply.reject(runtimeError('RM_STREAM', message));
      return 'stopped';
    }
    let outcome: Outcome;
    try {
      outcome = (ref as BaseRef).post(name, payload, reply);
    } catch (error) {
      // Who asked is told, too, not only this actor's supervisor.
      reply.reject(error);
      throw error;
    }
    if (outcome !== 'accepted') {
      const error = `${(ref as BaseRef).key} is ${outcome}; it was to answer for ${cell.path}.`;
      const code = outcome === 'full' ? 'RM_MAILBOX_FULL' : 'RM_ACTOR_STOPPED';
      reply.reject(runtimeError(code, error));
    }
    return outcome;
  }

  /**
   * The actor of that path, wherever it lives; null when there is none. @throws (rejects)
   * RM_THREAD_LOST
   */
  lookup(path: string): Promise<AnyRef | null> {
    return this.live().host.lookup(path);
  }

  /** Sends this actor `name` with a `Down` when the other one has ended for good: exactly once. */
  watch(ref: Ref<never> | AnyRef, name: string): void {
    const cell = this.live();
    cell.host.watches.watch(cell, ref as BaseRef, name);
  }

  /** No `Down` of that one any more, also none that already waits. */
  unwatch(ref: Ref<never> | AnyRef): void {
    const cell = this.live();
    const { key } = ref as BaseRef;
    cell.extras?.watching?.get(key)?.();
    cell.extras?.watching?.delete(key);
  }

  /** This actor's timers; cancelled when the incarnation ends. */
  get timers(): TimersOfContext {
    const cell = this.live();
    const extras = cell.rare();
    extras.timers ??= new ActorTimers(cell);
    const timers = extras.timers;
    return {
      once: (key, delay, name, payload) =>
        timers.once(key, durationMs(delay, 'delay'), name, payload),
      every: (key, period, name, payload) =>
        timers.every(key, durationMs(period, 'period'), name, payload),
      cancel: (key) => timers.cancel(key),
    };
  }

  /**
   * Puts the current message aside until `unstash`. Its asker goes on waiting. A full stash is a
   * crash.
   */
  stash(): void {
    this.live().wantsStash = true;
  }

  /** Puts everything that was set aside back in front of the mailbox, in order. */
  unstash(): void {
    this.live().unstash();
  }

  /** Handles messages by `handlers` from the next one on. */
  become(handlers: Handlers): void {
    if (typeof handlers !== 'object' || handlers === null) {
      const message = `become got ${String(handlers)}; expected an object of handlers.`;
      throw runtimeError('RM_DEFINITION_INVALID', message);
    }
    this.live().setHandlers(handlers as unknown as Record<string, Handler>);
  }

  /**
   * Runs when this incarnation ends, for whatever reason; may return a promise. The last one runs
   * first.
   */
  onStop(hook: () => unknown): void {
    const extras = this.live().rare();
    extras.stopHooks ??= [];
    extras.stopHooks.push(hook);
  }

  /**
   * Asked for the state that the next incarnation gets as `restored`, after a crash and before the
   * end.
   */
  snapshot(hook: () => unknown): void {
    this.live().rare().snapshot = hook;
  }

  /**
   * Keeps what the `snapshot` hook returns now; with a supervisor on another thread it survives the
   * loss of this one. The value must be able to travel.
   */
  checkpoint(): void {
    const cell = this.live();
    const extras = cell.rare();
    extras.restored = extras.snapshot?.();
    cell.owner.checkpoint?.(cell, extras.restored);
  }

  /**
   * Runs an exported function of a module on a pool of threads meant for computing. Arguments and
   * result are copied. @throws (rejects) what the function throws; RM_OFFLOAD
   */
  offload(url: string | URL, name: string, argument?: unknown): Promise<unknown> {
    return this.live().host.offload(String(url), name, argument);
  }

  private get isLive(): boolean {
    return this.cell.incarnation === this.incarnation;
  }

  private late(): Outcome {
    this.cell.host.lateEffects++;
    return 'stopped';
  }

  private live(): Cell {
    if (this.isLive) return this.cell;
    this.late();
    const message = `${this.cell.path}: this incarnation has ended; a promise came too late.`;
    throw runtimeError('RM_CONTEXT_REVOKED', message);
  }
}

/** The children of a cell; made on first use. */
export function childrenOf(cell: Cell): ChildList {
  const extras = cell.rare();
  extras.children ??= new ChildList(cell);
  return extras.children;
}
