/**
 * Makes cells on one thread: for `ctx.spawn`, for supervisors of this thread and for those of
 * others. Checks ids and keeps the names by which actors of this thread are found.
 */
import type { LocalRef } from '../actor/actor-ref.ts';
import { childrenOf } from '../actor/context.ts';
import type { ActorDefinition, AnyDefinition } from '../actor/definition.ts';
import { Cell } from '../cell/cell.ts';
import { giveUp } from '../cell/cell-exit.ts';
import type { CellOwner } from '../cell/cell-owner.ts';
import { start } from '../cell/cell-start.ts';
import { EXITING, STARTING, STOPPED } from '../cell/cell-status.ts';
import { type Exit, SHUTDOWN } from '../cell/child-list.ts';
import { Supervisor } from '../supervision/supervisor.ts';
import type { SupervisorOptions } from '../supervision/supervisor-options.ts';
import type { Host } from './host.ts';
import { checkedId, idTaken, spawnFailed } from './spawn-rules.ts';

/** Milliseconds that a child without a supervisor may take to start and to end. */
const DEADLINE_MS = 5000;

/** The owner of children that an actor spawns by itself: what ends is gone. */
class Temporary implements CellOwner {
  readonly startDeadlineMs = DEADLINE_MS;
  readonly stopDeadlineMs = DEADLINE_MS;
  /** What went wrong in the `setup` that runs now. */
  failure: Exit | null = null;

  started(): void {
    // Nobody waits for it: the spawner has its ref.
  }

  exited(cell: Cell, exit: Exit, isAtStart: boolean): void {
    if (isAtStart) this.failure = exit;
    if (exit.reason === 'crash') {
      cell.host.report({ kind: 'actor-crashed', path: cell.path, error: exit.error });
    }
    giveUp(cell, exit);
  }
}

/** Thread rule: its host's thread. */
export class Spawner {
  private readonly host: Host;
  private readonly temporary: Temporary;
  /** Actors and, without a cell, supervisors of this thread by path. */
  private readonly names: Map<string, Cell | null>;
  private supervisors: number;

  constructor(host: Host) {
    this.host = host;
    this.temporary = new Temporary();
    this.names = new Map();
    this.supervisors = 0;
  }

  /**
   * A temporary child of an actor, or of nobody, at once. @throws RM_SPAWN_FAILED, RM_ID_TAKEN,
   * RM_ID_INVALID
   */
  child<A>(
    parent: Cell | null,
    definition: ActorDefinition<A, never> | AnyDefinition,
    options?: { readonly id?: string; readonly args?: unknown },
  ): LocalRef {
    const { temporary, host } = this;
    const { id } = options ?? {};
    // Before there is anything to take back.
    const path = id === undefined ? null : `${parent === null ? '' : parent.path}/${checkedId(id)}`;
    if (path !== null && this.names.has(path)) throw idTaken(path);
    const cell = this.cell(definition as AnyDefinition, options?.args, temporary, null);
    if (parent !== null) childrenOf(parent).add(cell);
    else host.orphans.add(cell);
    if (path !== null) this.name(cell, path);
    temporary.failure = null;
    start(cell);
    const failing = cell.status === EXITING ? cell.extras?.exit : null;
    // Its setup has failed, and hooks or children of it still end.
    if (failing !== null && failing !== undefined) throw spawnFailed(definition.name, failing.exit);
    const failure = temporary.failure as Temporary['failure'];
    if (failure !== null && cell.status !== STARTING) {
      temporary.failure = null;
      if (cell.status === STOPPED) throw spawnFailed(definition.name, failure);
    }
    return host.refOf(cell);
  }

  /** A supervisor whose parent is an actor: if it gives up, the actor crashes. */
  supervisorBelow(
    parent: Cell,
    options: SupervisorOptions & { readonly name?: string },
  ): Supervisor {
    const name = options.name ?? `supervisor-${++this.supervisors}`;
    return new Supervisor(this.host, options, `${parent.path}/${checkedId(name)}`, parent);
  }

  /** A cell in a place of its own; not started. `at`: the place and generation it must have. */
  cell(
    definition: AnyDefinition,
    args: unknown,
    owner: CellOwner,
    at: { readonly index: number; readonly generation: number } | null,
  ): Cell {
    const { host } = this;
    const index = at === null ? host.table.take() : at.index;
    const generation = at === null ? host.table.generationOf(index) : at.generation;
    const cell = new Cell(host, definition, args, owner, index, generation);
    host.table.set(cell);
    host.gates.open(index, generation);
    host.memory.reset(index, generation, host.clock.monotonicMs());
    host.spawned++;
    return cell;
  }

  /** Gives a cell its path. @throws RM_ID_TAKEN; the cell is given up then */
  name(cell: Cell, path: string): void {
    if (this.names.has(path)) {
      cell.siblings?.remove(cell);
      this.host.forget(cell, SHUTDOWN);
      throw idTaken(path);
    }
    this.names.set(path, cell);
    cell.rare().path = path;
    this.host.named(path, cell);
  }

  /** A supervisor's path. @throws RM_ID_TAKEN */
  takeName(path: string): void {
    if (this.names.has(path)) throw idTaken(path);
    this.names.set(path, null);
  }

  dropName(path: string): void {
    this.names.delete(path);
  }

  find(path: string): Cell | undefined {
    return this.names.get(path) ?? undefined;
  }

  /** The cell has stopped. */
  forget(cell: Cell): void {
    const path = cell.extras?.path;
    if (path === undefined || path === null || this.names.get(path) !== cell) return;
    this.names.delete(path);
    this.host.unnamed(path);
  }
}
