/**
 * A supervisor: owns child specs, keeps their actors alive within limits, gives up upward. The
 * decisions are the machine's; this is its shell, with the timers, the spawns and the parent. It
 * lives on the thread of whoever made it and is no actor: it has no mailbox, so nothing can hold a
 * restart up.
 */

import type { BaseRef } from '../actor/actor-ref.ts';
import { childrenOf } from '../actor/context.ts';
import type { ActorDefinition, AnyDefinition } from '../actor/definition.ts';
import type { Handlers } from '../actor/handlers.ts';
import type { AnyRef, Ref } from '../actor/ref.ts';
import type { Cell } from '../cell/cell.ts';
import { beginExit } from '../cell/cell-exit.ts';
import { ChildNode, type Exit, SHUTDOWN } from '../cell/child-list.ts';
import { runtimeError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { checkedId, spawnFailed } from '../host/spawn-rules.ts';
import { CallbackTimer } from '../timers/timer-node.ts';
import { Backoff, sharedEndMs } from './backoff.ts';
import { LocalChild } from './local-child.ts';
import { NestedSupervisor } from './nested-supervisor.ts';
import { expectHere, type Placement } from './placement.ts';
import { RestartWindow } from './restart-window.ts';
import { type ClosedReason, type GoneReason, SupervisorMachine } from './supervisor.machine.ts';
import { firstStart, type SupervisorChild } from './supervisor-child.ts';
import {
  type ChildOptions,
  readChildOptions,
  readSupervisorOptions,
  type SupervisorOptions,
} from './supervisor-options.ts';

/** How a supervised actor is spawned. */
export type SpawnOptions<A> = ChildOptions & {
  /** Unique among its siblings; default: the definition's name and a number. */
  readonly id?: string;
  /** Which thread it lives on; default: `spread` where there are actor threads, else this one. */
  readonly placement?: Placement;
} & (undefined extends A ? { readonly args?: A } : { readonly args: A });

/** Supervises. Thread rule: the thread that made it. */
export class Supervisor extends ChildNode {
  readonly path: string;
  private readonly host: Host;
  private readonly parent: Cell | Supervisor | null;
  /** Whether an actor stands above, whose thread the children share. */
  private readonly isBound: boolean;
  /** What the supervisor above knows it as; another one after a restart of that. */
  private asChild: NestedSupervisor | null;
  private readonly options: SupervisorOptions;
  /** Another one after a restart by the supervisor above. */
  private machine: SupervisorMachine<SupervisorChild>;
  private readonly children: Map<string, SupervisorChild>;
  /** How to make each child again, after a restart by the supervisor above. */
  private readonly specs: Map<string, (path: string) => SupervisorChild>;
  private readonly waits: Map<SupervisorChild | null, CallbackTimer>;
  private readonly whenEnded: ((exit: Exit) => void)[];
  private ending: Exit | null;
  /** Why it could not be opened again. */
  private failure: Exit | null;
  private numbers: number;

  /** @throws RM_SUPERVISOR_OPTION, RM_TIMER_OPTION, RM_ID_TAKEN */
  constructor(
    host: Host,
    options: SupervisorOptions,
    path: string,
    parent: Cell | Supervisor | null,
  ) {
    super();
    this.options = options;
    this.host = host;
    this.path = path;
    this.parent = parent;
    this.isBound = parent instanceof Supervisor ? parent.isBound : parent !== null;
    this.asChild = null;
    this.children = new Map();
    this.specs = new Map();
    this.waits = new Map();
    this.whenEnded = [];
    this.ending = null;
    this.failure = null;
    this.numbers = 0;
    this.machine = this.newMachine();
    host.spawner.takeName(path);
    if (parent === null) host.orphans.add(this);
    else if (!(parent instanceof Supervisor)) childrenOf(parent).add(this);
  }

  /**
   * Spawns and supervises an actor. Resolves when its first `setup` has finished; a failure of that
   * ends it.
   * @throws (rejects) RM_SPAWN_FAILED with the cause, RM_DEFINITION_NOT_FOUND, RM_ID_TAKEN,
   *   RM_ID_INVALID,
   *   RM_SUPERVISOR_OPTION, RM_ACTORS_MAX, RM_SYSTEM_CLOSED, RM_THREAD_LOST
   */
  spawn<A, H extends Handlers>(
    definition: ActorDefinition<A, H>,
    ...[options]: undefined extends A ? [options?: SpawnOptions<A>] : [options: SpawnOptions<A>]
  ): Promise<Ref<H>> {
    return this.begin(
      (path) => this.actorChild(definition as never, path, options),
      definition,
      options?.id,
    );
  }

  /**
   * The child of that id, or a new one; of calls with one id the first spawns, and all settle with
   * it. @throws (rejects) as `spawn`; RM_ID_TAKEN when the id is a supervisor's
   */
  async getOrSpawn<A, H extends Handlers>(
    definition: ActorDefinition<A, H>,
    options: SpawnOptions<A> & { readonly id: string },
  ): Promise<Ref<H>> {
    const path = `${this.path}/${options.id}`;
    const found = this.children.get(path);
    if (found instanceof NestedSupervisor) {
      throw runtimeError('RM_ID_TAKEN', `${path} is a supervisor, no actor; take another id.`);
    }
    if (found !== undefined) {
      // One of another thread has no address until that thread has made a place for it.
      if (found.ref === null) found.firstStart ??= firstStart();
      return (await (found.firstStart?.promise ?? found.ref)) as unknown as Ref<H>;
    }
    return await this.begin(
      (path) => this.actorChild(definition as never, path, options),
      definition,
      options.id,
    );
  }

  /**
   * A supervisor below this one; if it gives up, it counts as a crashed child. @throws as `spawn`
   */
  async supervisor(
    options: SupervisorOptions & ChildOptions & { readonly name?: string } = {},
  ): Promise<Supervisor> {
    const { restart } = readChildOptions(options);
    let inner: Supervisor | null = null;
    const make = (path: string): NestedSupervisor => {
      inner ??= new Supervisor(this.host, options, path, this);
      inner.asChild = new NestedSupervisor(inner, this.machine, this.host, restart);
      return inner.asChild;
    };
    await this.add(options.name ?? `supervisor-${++this.numbers}`, make);
    return inner as never;
  }

  /** The actors that it has now, with their paths. */
  list(): readonly {
    readonly path: string;
    readonly ref: AnyRef | null;
    readonly status: string;
  }[] {
    return [...this.children.values()].map(({ path, ref, status }) => ({ path, ref, status }));
  }

  /** Ends a child for good. @returns when it has ended; at once if it is no child of this one */
  remove(ref: Ref<never> | AnyRef): Promise<void> {
    const { key } = ref as BaseRef;
    for (const child of this.children.values()) {
      if (child.ref?.key === key) return this.dismiss(child);
    }
    return Promise.resolve();
  }

  /**
   * Ends all children, the youngest first, and the supervisor, for good: one above it forgets it.
   */
  stop(): Promise<void> {
    const { parent, asChild } = this;
    if (parent instanceof Supervisor && asChild !== null) return parent.dismiss(asChild);
    return new Promise((resolve) => this.end(SHUTDOWN, resolve));
  }

  /**
   * Resolves with the reason when the supervisor has ended: `shutdown`, or `crash` when it gave up.
   */
  get ended(): Promise<Exit> {
    return new Promise((resolve) => {
      if (this.ending !== null) resolve(this.ending);
      else this.whenEnded.push(resolve);
    });
  }

  override end(_exit: Exit, done: () => void): void {
    if (this.ending !== null) {
      done();
      return;
    }
    this.whenEnded.push(() => done());
    this.machine.stopAll();
  }

  /** Whether it has ended. The supervisor above may open it again. */
  get hasEnded(): boolean {
    return this.ending !== null;
  }

  private dismiss(child: SupervisorChild): Promise<void> {
    // Also when this supervisor is ending and comes back: the child does not.
    if ((this.children.get(child.path) ?? child) === child) this.specs.delete(child.path);
    if (child.status === 'gone') return Promise.resolve();
    return new Promise((resolve) => {
      child.whenGone.push(resolve);
      this.machine.remove(child);
    });
  }

  private begin<H extends Handlers>(
    make: (path: string) => SupervisorChild,
    { name }: { readonly name: string },
    id: string | undefined,
  ): Promise<Ref<H>> {
    return this.add(id ?? `${name}-${++this.numbers}`, make) as never;
  }

  private async add(id: string, make: (path: string) => SupervisorChild): Promise<BaseRef | null> {
    const path = `${this.path}/${checkedId(id)}`;
    if (this.machine.isClosing) throw this.closedError();
    if (this.children.has(path)) {
      throw runtimeError(
        'RM_ID_TAKEN',
        `${path} exists already; take another id, or use getOrSpawn.`,
      );
    }
    const child = make(path);
    const first = firstStart();
    child.firstStart = first;
    this.specs.set(path, make);
    this.children.set(path, child);
    this.machine.add(child);
    return await first.promise;
  }

  /**
   * The supervisor above restarts this one: the same specs, new actors. @throws RM_ID_TAKEN when
   * somebody else has its name by now
   */
  reopen(): void {
    this.host.spawner.takeName(this.path);
    this.ending = null;
    this.failure = null;
    const machine = this.newMachine();
    this.machine = machine;
    try {
      for (const [path, make] of [...this.specs]) {
        // What a child's setup does may end this supervisor, restart it, add and remove children.
        if (machine.isClosing || this.machine !== machine) return;
        if (this.children.has(path) || !this.specs.has(path)) continue;
        const child = make(path);
        this.children.set(path, child);
        machine.addAgain(child);
      }
    } catch (error) {
      // No place, or no name, for a child.
      this.failure = { reason: 'crash', error };
      machine.stopAll();
    }
  }

  private newMachine(): SupervisorMachine<SupervisorChild> {
    const { strategy, intensity, backoff } = readSupervisorOptions(this.options);
    const policy = {
      window: new RestartWindow(intensity),
      backoff: new Backoff(backoff, this.host.random.split()),
    };
    return new SupervisorMachine<SupervisorChild>(strategy, policy, {
      start: (child) => child.begin(),
      stop: (child, why) => child.halt(why === 'shutdown'),
      wait: (child, delayMs) => this.wait(child, delayMs, backoff.jitter !== 'none'),
      gone: (child, reason) => this.gone(child, reason),
      closed: (reason) => this.closed(reason),
    });
  }

  private actorChild(
    definition: AnyDefinition,
    path: string,
    options: SpawnOptions<unknown> | undefined,
  ): SupervisorChild {
    const settings = readChildOptions(options);
    const what = { path, args: options?.args };
    const placeChild = this.isBound ? null : this.host.placement;
    if (placeChild === null) expectHere(options?.placement, this.host.seat, this.isBound);
    const remote = placeChild?.(options?.placement, path, definition) ?? null;
    if (remote !== null) return remote(this.machine, what, settings);
    return new LocalChild(this.host, this.machine, definition, what, settings);
  }

  private wait(child: SupervisorChild | null, delayMs: number, isDrawn: boolean): void {
    const before = this.waits.get(child);
    if (before !== undefined) this.host.timers.cancel(before);
    const timer = new CallbackTimer(() => {
      this.waits.delete(child);
      this.machine.waited(child);
    });
    this.waits.set(child, timer);
    const path = child?.path ?? this.path;
    if (delayMs > 0) this.host.report({ kind: 'restart-waits', path, delayMs });
    const endMs = this.host.clock.monotonicMs() + delayMs;
    this.host.timers.start(timer, isDrawn ? sharedEndMs(endMs, delayMs) : endMs);
  }

  private gone(child: SupervisorChild, reason: GoneReason): void {
    const timer = this.waits.get(child);
    if (timer !== undefined) this.host.timers.cancel(timer);
    this.waits.delete(child);
    this.children.delete(child.path);
    // What only goes because its supervisor gave up comes back with it, once its spawn succeeded.
    const comesBack = reason === 'closed' && child.restart !== 'temporary' && child.hasRun;
    if (!comesBack) this.specs.delete(child.path);
    child.abandon(reason);
    const { firstStart } = child;
    child.firstStart = null;
    firstStart?.reject(reason === 'start-failed' ? failure(child) : this.closedError());
    for (const done of child.whenGone.splice(0)) done();
  }

  private closed(reason: ClosedReason): void {
    const error = runtimeError(
      'RM_SUPERVISOR_GAVE_UP',
      `${this.path}: more restarts than its intensity allows.`,
    );
    const gaveUp: Exit = { reason: 'crash', error };
    const exit = this.failure ?? (reason === 'intensity' ? gaveUp : SHUTDOWN);
    this.ending = exit;
    const group = this.waits.get(null);
    if (group !== undefined) this.host.timers.cancel(group);
    this.siblings?.remove(this);
    this.host.spawner.dropName(this.path);
    for (const done of this.whenEnded.splice(0)) done(exit);
    if (this.asChild !== null) this.asChild.innerEnded(exit);
    else if (reason === 'intensity') this.escalate(exit);
  }

  private escalate(exit: Exit): void {
    this.host.report({ kind: 'escalated', path: this.path, error: exit.error });
    if (this.parent !== null) beginExit(this.parent as Cell, exit, { isFinal: false });
  }

  private closedError(): Error {
    return runtimeError(
      'RM_SUPERVISOR_CLOSED',
      `${this.path} has ended or is ending; spawn elsewhere.`,
    );
  }
}

/** What a failed spawn is rejected with: errors of the runtime's own pass as they are. */
function failure(child: SupervisorChild): unknown {
  const { error } = child.lastExit;
  const code = (error as { code?: unknown } | null | undefined)?.code;
  const isOurs =
    code === 'RM_DEFINITION_NOT_FOUND' || code === 'RM_THREAD_LOST' || code === 'RM_SPAWN_FAILED';
  return isOurs ? error : spawnFailed(child.path, child.lastExit);
}
