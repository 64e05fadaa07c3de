/**
 * A supervised actor on another thread: passes the machine's wishes to that thread and what becomes
 * of them back. It keeps the actor's address, under which it comes back when its thread was
 * replaced.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type { AnyDefinition } from '../actor/definition.ts';
import type { ExitReason } from '../cell/child-list.ts';
import { runtimeError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { GuestExit, GuestRelease, GuestSpawn, GuestStart } from '../threads/guests.ts';
import type { ControlCalls } from '../transport/control-calls.ts';
import type { Peer } from '../transport/peer.ts';
import type { SupervisorMachine } from './supervisor.machine.ts';
import { SupervisorChild } from './supervisor-child.ts';
import type { ChildSettings } from './supervisor-options.ts';

/** What it needs of the system. */
export interface RemoteSide {
  readonly host: Host;
  readonly calls: ControlCalls;
  /** The worker of a seat, as soon as there is one. */
  seated(seat: number): Promise<Peer>;
  /** The child is known by its number from now on, or no more. */
  enlist(child: RemoteChild): void;
  discharge(child: RemoteChild): void;
}

/** Thread rule: the supervisor's thread, which is main. */
export class RemoteChild extends SupervisorChild {
  readonly number: number;
  readonly seat: number;
  readonly machine: SupervisorMachine<SupervisorChild>;
  /** Place and generation; null before the first start. */
  at: readonly [number, number] | null;
  private readonly side: RemoteSide;
  private readonly definition: AnyDefinition;
  private readonly args: unknown;
  private readonly settings: ChildSettings;
  /** The worker that has it; null: none, and the next start creates it. */
  private peer: Peer | null;
  private restored: unknown;

  constructor(
    side: RemoteSide,
    machine: SupervisorMachine<SupervisorChild>,
    definition: AnyDefinition,
    where: {
      readonly number: number;
      readonly seat: number;
      readonly path: string;
      readonly args: unknown;
    },
    settings: ChildSettings,
  ) {
    super(where.path, settings.restart);
    this.side = side;
    this.machine = machine;
    this.definition = definition;
    this.number = where.number;
    this.seat = where.seat;
    this.args = where.args;
    this.settings = settings;
    this.at = null;
    this.peer = null;
    this.restored = undefined;
    side.enlist(this);
  }

  override get ref(): BaseRef | null {
    if (this.at === null) return null;
    const { url, name } = this.definition;
    return this.side.host.refAt(this.seat, this.at[0], this.at[1], `${url}#${name}`);
  }

  override begin(): void {
    const { incarnation } = this;
    if (this.peer !== null && !this.peer.isClosed) {
      this.side.calls.cast(this.peer, 'guest-restart', { child: this.number, incarnation });
    } else this.create();
  }

  override halt(isFinal: boolean): void {
    this.isHaltFinal = isFinal;
    const { peer } = this;
    if (peer !== null && !peer.isClosed) {
      this.side.calls.cast(peer, 'guest-halt', { child: this.number, isFinal });
    } else if (this.incarnation > 0 && !this.isCreating) this.ended('lost', this.threadLost());
  }

  /**
   * Down, as a rule: its watchers hear how its last incarnation ended, as they do on one thread.
   */
  override abandon(): void {
    this.side.discharge(this);
    const { peer } = this;
    const { reason, error } = this.lastExit;
    if (peer === null || peer.isClosed) {
      // Its thread was lost: the next one keeps its place, for which others may wait.
      if (this.at !== null) this.release({ at: this.at, reason, error });
      return;
    }
    try {
      this.side.calls.cast(peer, 'guest-abandon', { child: this.number, reason, error });
    } catch {
      this.side.calls.cast(peer, 'guest-abandon', { child: this.number, reason, error: undefined });
    }
  }

  /** Its thread says that `setup` has finished. */
  started({ incarnation, at }: GuestStart): void {
    if (incarnation === this.incarnation) this.at = at;
    this.machine.started(this, incarnation);
    if (incarnation !== this.incarnation) return;
    const { firstStart } = this;
    this.firstStart = null;
    firstStart?.resolve(this.ref);
  }

  /** Its thread says that an incarnation has ended. */
  exited(exit: GuestExit): void {
    this.lastExit = { reason: exit.reason, error: exit.error };
    const { host } = this.side;
    if (exit.reason === 'crash') {
      host.report({ kind: 'actor-crashed', path: this.path, error: exit.error });
    }
    if (exit.isStopped) {
      this.peer = null;
      if (this.status === 'running') this.machine.remove(this);
    }
    if (!exit.isAtStart) {
      this.machine.exited(this, exit.incarnation, exit.reason, this.now());
    } else if (this.status === 'running') {
      // It came back uncounted after its thread was lost, which to the machine was no start.
      this.machine.exited(this, exit.incarnation, 'crash', this.now());
    } else this.machine.startFailed(this, exit.incarnation, this.now());
  }

  checkpoint(state: unknown): void {
    this.restored = state;
  }

  /** Its thread is gone. `isCounted`: as a failure; otherwise it simply comes back. */
  lost(isCounted: boolean): void {
    this.peer = null;
    if (isCounted || this.status !== 'running' || this.restart === 'temporary') {
      this.ended('lost', this.threadLost());
      return;
    }
    this.create();
  }

  remove(done: () => void): void {
    if (this.status === 'gone') {
      done();
      return;
    }
    this.whenGone.push(done);
    this.machine.remove(this);
  }

  private isCreating = false;
  /** A start is wanted that `creating` has not yet asked the thread for. */
  private isBegun = false;
  private isHaltFinal = false;

  /** Asked after an await, where the compiler would still believe an earlier look. */
  private get isGone(): boolean {
    return this.status === 'gone';
  }

  /** At most one at a time: its thread may tell of the end before the answer is seen here. */
  private create(): void {
    this.isBegun = true;
    if (this.isCreating) return;
    this.isCreating = true;
    this.creating().then(
      () => this.created(),
      (error: unknown) => this.notCreated(error),
    );
  }

  private async creating(): Promise<void> {
    const peer = await this.side.seated(this.seat);
    this.isBegun = false;
    // Nobody wants it any more, or not yet again.
    if (this.isGone || this.status === 'down' || this.status === 'waiting') return;
    const spawn: GuestSpawn = {
      child: this.number,
      url: this.definition.url,
      name: this.definition.name,
      path: this.path,
      args: this.args,
      startDeadlineMs: this.settings.startDeadlineMs,
      stopDeadlineMs: this.settings.stopDeadlineMs,
      at: this.at,
      restored: this.restored,
      incarnation: this.incarnation,
    };
    this.at = (await this.side.calls.call(peer, 'guest-spawn', spawn)) as [number, number];
    this.peer = peer;
  }

  private created(): void {
    this.isCreating = false;
    if (this.isBegun && !this.isGone) this.begin();
    // Asked to stop while it was being made.
    if (this.peer !== null && (this.status === 'stopping' || this.isGone)) {
      const isFinal = this.isHaltFinal || this.isGone;
      this.side.calls.cast(this.peer, 'guest-halt', { child: this.number, isFinal });
    }
  }

  private notCreated(error: unknown): void {
    this.isCreating = false;
    if (this.isBegun && (this.status === 'starting' || this.status === 'running')) {
      this.begin();
      return;
    }
    this.ended('crash', error);
  }

  private release(order: GuestRelease): void {
    const seated = this.side.seated(this.seat);
    seated
      .then((peer) => this.side.calls.cast(peer, 'guest-release', order))
      .catch(() => undefined);
  }

  private threadLost(): Error {
    const message = `thread ${this.seat} ended with ${this.path} on it; it is being replaced.`;
    return runtimeError('RM_THREAD_LOST', message, { thread: this.seat });
  }

  private ended(reason: ExitReason, error: unknown): void {
    this.lastExit = { reason, error };
    this.machine.exited(this, this.incarnation, reason, this.now());
  }

  private now(): number {
    return this.side.host.clock.monotonicMs();
  }
}
