/**
 * A supervised actor on its supervisor's thread: the owner of its cell, and nothing between the
 * two.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type { AnyDefinition } from '../actor/definition.ts';
import type { Cell } from '../cell/cell.ts';
import { beginExit, giveUp } from '../cell/cell-exit.ts';
import type { CellOwner } from '../cell/cell-owner.ts';
import { restart, start } from '../cell/cell-start.ts';
import { DOWN, STOPPED } from '../cell/cell-status.ts';
import { type Exit, SHUTDOWN } from '../cell/child-list.ts';
import type { Host } from '../host/host.ts';
import type { SupervisorMachine } from './supervisor.machine.ts';
import { SupervisorChild } from './supervisor-child.ts';
import type { ChildSettings } from './supervisor-options.ts';

/** Thread rule: the supervisor's thread, which is the actor's. */
export class LocalChild extends SupervisorChild implements CellOwner {
  readonly startDeadlineMs: number;
  readonly stopDeadlineMs: number;
  readonly cell: Cell;
  private readonly machine: SupervisorMachine<SupervisorChild>;
  private readonly host: Host;

  constructor(
    host: Host,
    machine: SupervisorMachine<SupervisorChild>,
    definition: AnyDefinition,
    { path, args }: { readonly path: string; readonly args: unknown },
    settings: ChildSettings,
  ) {
    super(path, settings.restart);
    this.startDeadlineMs = settings.startDeadlineMs;
    this.stopDeadlineMs = settings.stopDeadlineMs;
    this.host = host;
    this.machine = machine;
    this.cell = host.spawner.cell(definition, args, this, null);
    host.spawner.name(this.cell, path);
  }

  override get ref(): BaseRef {
    return this.host.refOf(this.cell);
  }

  /** A restart by the supervisor above makes a new cell, for which any start is the first. */
  override begin(): void {
    if (this.cell.status === DOWN) restart(this.cell);
    else start(this.cell);
  }

  override halt(isFinal: boolean): void {
    beginExit(this.cell, SHUTDOWN, { isFinal });
    // It was down already, and an ended cell has nothing to say.
    if (this.status === 'stopping' && this.cell.status >= DOWN && this.cell.extras?.exit == null) {
      this.machine.exited(this, this.incarnation, 'shutdown', this.host.clock.monotonicMs());
    }
  }

  override abandon(): void {
    giveUp(this.cell, this.lastExit);
  }

  started(): void {
    this.machine.started(this, this.incarnation);
    const { firstStart } = this;
    this.firstStart = null;
    firstStart?.resolve(this.ref);
  }

  exited(cell: Cell, exit: Exit, isAtStart: boolean): void {
    this.lastExit = exit;
    const nowMs = this.host.clock.monotonicMs();
    if (exit.reason === 'crash' && this.host.isHeard) {
      this.host.report({ kind: 'actor-crashed', path: cell.path, error: exit.error });
    }
    // It ended for good without its supervisor, when it had been drained: no restart can follow.
    if (cell.status === STOPPED && this.status === 'running') this.machine.remove(this);
    if (isAtStart) this.machine.startFailed(this, this.incarnation, nowMs);
    else this.machine.exited(this, this.incarnation, exit.reason, nowMs);
  }

  stop(_cell: Cell, done: () => void): void {
    if (this.status === 'gone') {
      done();
      return;
    }
    this.whenGone.push(done);
    this.machine.remove(this);
  }
}
