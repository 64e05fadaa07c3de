/**
 * The home of one actor on its thread: mailbox, handlers, status. A cell outlives its incarnations:
 * a restart changes the handlers and keeps the mailbox and the ref. Messages come in by `enqueue`
 * (from this thread) and `deliver` (from others); the dispatcher calls `run`. How an incarnation
 * begins and ends is in `cell-start.ts` and `cell-exit.ts`.
 *
 * Invariant RT-1: an actor handles one message at a time; while a handler's promise is open, none.
 * Invariant RT-2: every accepted message is handled, handed to the dead letters, or lost with its
 * thread.
 */
import type { LocalRef } from '../actor/actor-ref.ts';
import type { AnyDefinition } from '../actor/definition.ts';
import type { Handler } from '../actor/handlers.ts';
import type { Outcome } from '../actor/outcome.ts';
import { type Reply, ReplyError } from '../actor/reply.ts';
import { openStream, type StreamReply } from '../actor/stream-source.ts';
import { runtimeError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { Mailbox } from '../mailbox/mailbox.ts';
import { beginExit, crash, exitCanGoOn } from './cell-exit.ts';
import { CellExtras } from './cell-extras.ts';
import type { CellOwner } from './cell-owner.ts';
import { ACCEPTING_MAX, type CellStatus, DRAINING, RUNNING, STARTING } from './cell-status.ts';
import { ChildNode, type Exit } from './child-list.ts';
import { admitRemote, highWaterOf, overflow, reopen } from './overflow.ts';
import { ownHandler } from './own-messages.ts';

// Module-private copy for the way in: see ADR 3.
const ACCEPTING = ACCEPTING_MAX;
/** Character code of the `$` with which the runtime's own messages begin. */
const DOLLAR = 36;

/** One actor. Thread rule: its host's thread, and no other. */
export class Cell extends ChildNode {
  readonly host: Host;
  readonly definition: AnyDefinition;
  /** What `setup` gets, at every incarnation. */
  readonly args: unknown;
  /** Hears of each end and decides what follows. */
  readonly owner: CellOwner;
  /** Place in its host's table. */
  readonly index: number;
  /** Tells this cell from earlier ones in the same place. */
  readonly generation: number;
  /** Counts restarts: what carries an older number comes too late. */
  incarnation: number;
  status: CellStatus;
  /** Whether `run` may handle a message: running or draining, and no promise of a handler open. */
  canRun: boolean;
  /** Whether it stands in the dispatcher's queue. */
  isQueued: boolean;
  /** Whether a handler's promise is open. */
  isSuspended: boolean;
  /** Whether the handler that runs has asked to set its message aside. */
  wantsStash: boolean;
  /** Waiting messages from which on the mailbox is full; 0 while senders wait for room. */
  capacity: number;
  /** Waiting messages from which on senders on other threads are told `full`. */
  readonly highWater: number;
  /** Whether they are told so now, or senders wait for room. */
  isGated: boolean;
  mailbox: Mailbox | null;
  handlers: Record<string, Handler> | null;
  /** Where the answer to the message being handled goes. */
  reply: Reply | null;
  extras: CellExtras | null;
  /** Its address; made when somebody wants it. */
  ref: LocalRef | null;
  /** The last message name and its handler: most actors get the same message again and again. */
  private lastName: string | null;
  private lastHandler: Handler | null;

  constructor(
    host: Host,
    definition: AnyDefinition,
    args: unknown,
    owner: CellOwner,
    index: number,
    generation: number,
  ) {
    super();
    this.host = host;
    this.definition = definition;
    this.args = args;
    this.owner = owner;
    this.index = index;
    this.generation = generation;
    this.incarnation = 0;
    this.status = STARTING;
    this.canRun = false;
    this.isQueued = false;
    this.isSuspended = false;
    this.wantsStash = false;
    this.capacity = definition.mailbox.capacity;
    this.highWater = highWaterOf(definition.mailbox.capacity);
    this.isGated = false;
    this.mailbox = null;
    this.handlers = null;
    this.reply = null;
    this.extras = null;
    this.ref = null;
    this.lastName = null;
    this.lastHandler = null;
  }

  /** The rare parts; made on first use. */
  rare(): CellExtras {
    this.extras ??= new CellExtras();
    return this.extras;
  }

  /** Where it stands in the tree; an actor without an id is named after its place. */
  get path(): string {
    const named = this.extras?.path;
    if (named !== undefined && named !== null) return named;
    const parent = this.siblings?.path ?? '';
    return `${parent}/$${this.host.seat}.${this.index}.${this.generation}`;
  }

  /** Takes a message from this thread in, if there is room. */
  enqueue(name: string, payload: unknown, reply: Reply | null): Outcome {
    if (this.status > ACCEPTING) return 'stopped';
    let box = this.mailbox;
    if (box === null) {
      box = new Mailbox();
      this.mailbox = box;
    }
    if (box.length >= this.capacity) return overflow(this, box, name, payload, reply);
    box.push(name, payload, reply);
    const host = this.host;
    host.accepted++;
    if (!this.isQueued) {
      if (this.canRun) host.dispatcher.ready(this);
      else this.waits(box);
    }
    return 'accepted';
  }

  /**
   * Takes a message from another thread in. Its sender was told `accepted` when it went into the
   * ring, so it may exceed the capacity by what a ring holds; beyond, the dead letters have it.
   */
  deliver(name: string, payload: unknown, reply: Reply | null): void {
    const box = this.mailbox ?? new Mailbox();
    this.mailbox = box;
    if (box.length >= this.highWater || this.status > ACCEPTING) {
      if (!admitRemote(this, box, name, payload, reply)) return;
    }
    box.push(name, payload, reply);
    if (!this.isQueued) {
      if (this.canRun) this.host.dispatcher.ready(this);
      else this.waits(box);
    }
  }

  /** No turn shows what has come: a promise is open, or it is down. */
  private waits(box: Mailbox): void {
    this.host.memory.waits(this.index, box.length);
    this.extras?.tap?.arrived();
  }

  /** Takes a message in for which room was reserved, or that goes back: no limit, not counted. */
  enqueueReserved(name: string, payload: unknown, reply: Reply | null): void {
    this.mailbox ??= new Mailbox();
    this.mailbox.push(name, payload, reply);
    this.wake();
  }

  /** Puts it in the dispatcher's queue when there is something that it may do. */
  wake(): void {
    const box = this.mailbox;
    if (this.canRun && !this.isQueued && box !== null && box.length > 0) {
      this.host.dispatcher.ready(this);
    }
  }

  /** Handles up to `budget` messages. @returns how many. */
  run(budget: number): number {
    const box = this.mailbox;
    if (box === null) return 0;
    const host = this.host;
    host.current = this;
    let handled = 0;
    while (handled < budget && box.length > 0 && this.canRun) {
      handled++;
      this.handleNext(box);
    }
    host.current = null;
    host.handled += handled;
    host.memory.turned(this.index, handled, box.length);
    if (this.isGated) reopen(this, box);
    if (this.status === DRAINING && box.length === 0 && this.canRun) this.drained();
    // The handler has asked for the end of its own actor, which had to wait for the handler's.
    if (!this.canRun) exitCanGoOn(this);
    return handled;
  }

  /** Keeps a message for `unstash`; its asker goes on waiting. */
  private stash(name: string, payload: unknown, reply: Reply | null): void {
    this.wantsStash = false;
    this.reply = null;
    const extras = this.rare();
    extras.stash ??= [];
    if (extras.stash.length >= this.definition.mailbox.capacity) {
      const message = `${this.path}: the stash is full (${extras.stash.length}); unstash sooner.`;
      crash(this, runtimeError('RM_STASH', message), { name, payload, reply });
      return;
    }
    extras.stash.push({ name, payload, reply });
    this.host.handled--;
  }

  /** Puts what was set aside back in front, in order. */
  unstash(): void {
    const stash = this.extras?.stash;
    if (stash === undefined || stash === null || this.extras === null) return;
    this.extras.stash = null;
    this.mailbox ??= new Mailbox();
    for (const { name, payload, reply } of stash.toReversed()) {
      this.mailbox.pushFront(name, payload, reply);
    }
    this.wake();
  }

  setHandlers(handlers: Record<string, Handler> | null): void {
    this.handlers = handlers;
    this.forgetHandler();
  }

  /** The cached one: the handlers have changed, or who listens to them. */
  forgetHandler(): void {
    this.lastName = null;
    this.lastHandler = null;
  }

  /** Ends it for good. */
  override end(exit: Exit, done: () => void): void {
    beginExit(this, exit, { isFinal: true, done });
  }

  private handleNext(box: Mailbox): void {
    const at = box.oldest();
    const places = box.places;
    const name = places[at] as string;
    const payload = places[at + 1];
    const reply = places[at + 2] as Reply | null;
    box.drop(at);
    this.reply = reply;
    let result: unknown;
    try {
      // The look-up, too: handlers are the user's object, and may have getters.
      const handler = name === this.lastName ? (this.lastHandler as Handler) : this.find(name);
      if (handler === null || (reply !== null && !reply.isOpen())) {
        this.reply = null;
        this.host.deadLetters.refuse(this, handler === null, name, payload, reply);
        return;
      }
      result = handler.call(this.handlers, payload as never);
    } catch (error) {
      this.threw(error, name, payload, reply);
      return;
    }
    if (result === undefined && reply === null && !this.wantsStash) return;
    this.returned(result, name, payload, reply);
  }

  /** The handler of that name, or null; names that every object has are no messages. */
  private find(name: string): Handler | null {
    // A caller without types may send anything for a name.
    if (typeof name !== 'string') return null;
    if (name.charCodeAt(0) === DOLLAR) return ownHandler(this, name);
    const handlers = this.handlers;
    if (handlers === null || !Object.hasOwn(handlers, name)) return null;
    const own = handlers[name];
    if (typeof own !== 'function') return null;
    const tap = this.extras?.tap ?? null;
    const handler = tap === null ? own : tap.wrap(name, own);
    this.lastName = name;
    this.lastHandler = handler;
    return handler;
  }

  /** Handles a user's message that one of the runtime's own has brought. */
  callUser(name: string, payload: unknown, reply: Reply | null): unknown {
    const handler = this.find(name);
    if (handler === null) {
      this.reply = null;
      this.host.deadLetters.refuse(this, true, name, payload, reply);
      return undefined;
    }
    const result: unknown = handler.call(this.handlers, payload as never);
    // Set aside under the user's name: the runtime's own has done its work.
    if (this.wantsStash) this.stash(name, payload, reply);
    return result;
  }

  private returned(result: unknown, name: string, payload: unknown, reply: Reply | null): void {
    if (isThenable(result)) {
      this.suspend(result, name, payload, reply);
      return;
    }
    if (this.wantsStash) {
      this.stash(name, payload, reply);
      return;
    }
    // `forward` and `stash` have taken the reply away.
    if (reply === null || this.reply === null) return;
    this.reply = null;
    this.answer(reply, result);
  }

  private answer(reply: Reply, result: unknown): void {
    if (reply.wants === 'stream') openStream(this, reply as StreamReply, result);
    else reply.resolve(result);
  }

  private suspend(
    result: PromiseLike<unknown>,
    name: string,
    payload: unknown,
    reply: Reply | null,
  ): void {
    const incarnation = this.incarnation;
    this.isSuspended = true;
    this.canRun = false;
    // A promise stays what it is; what only looks like one may throw, but not in here.
    Promise.resolve(result).then(
      (value) => {
        if (!this.resume(incarnation)) return;
        this.returned(value, name, payload, this.reply === null ? null : reply);
        this.afterPromise();
      },
      (error: unknown) => {
        if (!this.resume(incarnation)) return;
        this.threw(error, name, payload, reply);
        this.afterPromise();
      },
    );
  }

  /** @returns whether the promise that has settled is this incarnation's. */
  private resume(incarnation: number): boolean {
    if (incarnation !== this.incarnation) {
      this.host.lateEffects++;
      return false;
    }
    this.isSuspended = false;
    this.canRun = this.status === RUNNING || this.status === DRAINING;
    return true;
  }

  private afterPromise(): void {
    if (this.isSuspended) return;
    exitCanGoOn(this);
    if (this.status === DRAINING && this.canRun && (this.mailbox?.length ?? 0) === 0)
      this.drained();
    this.wake();
  }

  private drained(): void {
    beginExit(this, { reason: 'shutdown', error: undefined }, { isFinal: true });
  }

  private threw(error: unknown, name: string, payload: unknown, reply: Reply | null): void {
    this.wantsStash = false;
    this.extras?.tap?.threw();
    if (error instanceof ReplyError) {
      this.reply = null;
      reply?.reject(error.error);
      return;
    }
    crash(this, error, { name, payload, reply: this.reply === null ? null : reply });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return typeof (value as { then?: unknown }).then === 'function';
  } catch {
    // Whoever wants to look at the answer meets the same error.
    return false;
  }
}
