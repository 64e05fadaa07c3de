/**
 * Actors of this thread whose supervisor lives on the main thread: creates, restarts and ends them
 * when told, and tells what becomes of them. The decisions are the supervisor's; between an end and
 * the decision the cell is down and its mailbox waits.
 */
import type { Cell } from '../cell/cell.ts';
import { beginExit, giveUp } from '../cell/cell-exit.ts';
import type { CellOwner } from '../cell/cell-owner.ts';
import { restart, start } from '../cell/cell-start.ts';
import { DOWN, STOPPED } from '../cell/cell-status.ts';
import { type Exit, type ExitReason, SHUTDOWN } from '../cell/child-list.ts';
import { thrownRecord } from '../codec/index.ts';
import type { Host } from '../host/host.ts';
import type { ControlCalls } from '../transport/control-calls.ts';
import type { Links } from '../transport/links.ts';
import type { DefinitionLoader } from './definition-loader.ts';

/** Orders to create one. */
export type GuestSpawn = {
  readonly child: number;
  readonly url: string;
  readonly name: string;
  readonly path: string;
  readonly args: unknown;
  readonly startDeadlineMs: number;
  readonly stopDeadlineMs: number;
  /** The place that it had, when it comes back. */
  readonly at: readonly [number, number] | null;
  readonly restored: unknown;
  readonly incarnation: number;
};

/** An incarnation has begun, at that place and generation. */
export type GuestStart = {
  readonly child: number;
  readonly incarnation: number;
  readonly at: readonly [number, number];
};

/** Orders not to expect one back. */
export type GuestRelease = {
  readonly at: readonly [number, number];
  readonly reason: ExitReason;
  readonly error: unknown;
};

/** The end of an incarnation. */
export type GuestExit = {
  readonly child: number;
  readonly incarnation: number;
  readonly reason: ExitReason;
  readonly error: unknown;
  readonly isAtStart: boolean;
  readonly isStopped: boolean;
};

/** The owner of one of them on this thread. */
class Guest implements CellOwner {
  readonly startDeadlineMs: number;
  readonly stopDeadlineMs: number;
  readonly child: number;
  /** The supervisor's number of the incarnation. */
  incarnation: number;
  cell: Cell | null;
  private readonly cast: (what: string, args: unknown) => void;
  private readonly ask: (what: string, args: unknown) => Promise<unknown>;

  constructor(
    spawn: GuestSpawn,
    cast: (what: string, args: unknown) => void,
    ask: (what: string, args: unknown) => Promise<unknown>,
  ) {
    this.child = spawn.child;
    this.startDeadlineMs = spawn.startDeadlineMs;
    this.stopDeadlineMs = spawn.stopDeadlineMs;
    this.incarnation = spawn.incarnation;
    this.cell = null;
    this.cast = cast;
    this.ask = ask;
  }

  started(cell: Cell): void {
    const at = [cell.index, cell.generation] as const;
    const { child, incarnation } = this;
    this.cast('guest-started', { child, incarnation, at } satisfies GuestStart);
  }

  exited(cell: Cell, exit: Exit, isAtStart: boolean): void {
    this.cast('guest-exited', {
      child: this.child,
      incarnation: this.incarnation,
      reason: exit.reason,
      error: exit.error,
      isAtStart,
      isStopped: cell.status === STOPPED,
    } satisfies GuestExit);
  }

  stop(_cell: Cell, done: () => void): void {
    this.ask('guest-remove', { child: this.child }).then(done, done);
  }

  checkpoint(_cell: Cell, state: unknown): void {
    this.cast('guest-checkpoint', { child: this.child, state });
  }
}

/** Thread rule: its host's thread. */
export class Guests {
  private readonly host: Host;
  private readonly links: Links;
  private readonly loader: DefinitionLoader;
  private readonly guests = new Map<number, Guest>();

  constructor(host: Host, links: Links, loader: DefinitionLoader) {
    this.host = host;
    this.links = links;
    this.loader = loader;
    const { calls } = links;
    calls.serve('guest-spawn', (spawn: GuestSpawn) => this.spawn(spawn));
    calls.serve('guest-restart', (order: { child: number; incarnation: number }) =>
      this.restart(order.child, order.incarnation),
    );
    calls.serve('guest-halt', (order: { child: number; isFinal: boolean }) =>
      this.halt(order.child, order.isFinal),
    );
    calls.serve('guest-abandon', (order: { child: number; reason: ExitReason; error: unknown }) =>
      this.abandon(order.child, { reason: order.reason, error: order.error }),
    );
    calls.serve('guest-release', (order: GuestRelease) => this.release(order));
  }

  /** @returns the place and generation, as soon as there is one; the start is told later. */
  private async spawn(spawn: GuestSpawn): Promise<readonly [number, number]> {
    const definition = await this.loader.load(spawn.url, spawn.name);
    const guest = new Guest(
      spawn,
      (what, args) => this.tellMain(what, args),
      (what, args) => this.askMain(what, args),
    );
    const { host } = this;
    const at = spawn.at === null ? null : { index: spawn.at[0], generation: spawn.at[1] };
    const cell = host.spawner.cell(definition, spawn.args, guest, at);
    guest.cell = cell;
    host.orphans.add(cell);
    host.spawner.name(cell, spawn.path);
    if (spawn.restored !== undefined) cell.rare().restored = spawn.restored;
    this.guests.set(spawn.child, guest);
    host.watches.arrived(cell.index, cell.generation);
    host.later(() => start(cell));
    return [cell.index, cell.generation];
  }

  private restart(child: number, incarnation: number): void {
    const guest = this.guests.get(child);
    if (guest?.cell === undefined || guest.cell === null || guest.cell.status !== DOWN) return;
    guest.incarnation = incarnation;
    restart(guest.cell);
  }

  private halt(child: number, isFinal: boolean): void {
    const guest = this.guests.get(child);
    const cell = guest?.cell;
    if (guest === undefined || cell === undefined || cell === null) return;
    const wasDown = cell.status === DOWN || cell.status === STOPPED;
    beginExit(cell, SHUTDOWN, { isFinal });
    if (wasDown) guest.exited(cell, SHUTDOWN, false);
  }

  private abandon(child: number, exit: Exit): void {
    const cell = this.guests.get(child)?.cell;
    this.guests.delete(child);
    if (cell !== undefined && cell !== null && cell.status === DOWN) giveUp(cell, exit);
  }

  private release({ at: [index, generation], reason, error }: GuestRelease): void {
    if (!this.host.table.release(index, generation)) return;
    this.host.gates.retire(index, generation);
    this.host.watches.abandoned(index, generation, { reason, error });
  }

  /** An error that cannot travel is described instead. */
  private tellMain(what: string, args: unknown): void {
    const main = this.links.at(0);
    if (main === null) return;
    try {
      (this.links.calls satisfies ControlCalls).cast(main, what, args);
    } catch {
      const { error, ...rest } = args as { error?: unknown };
      this.links.calls.cast(main, what, { ...rest, error: thrownRecord(error) });
    }
  }

  private askMain(what: string, args: unknown): Promise<unknown> {
    const main = this.links.at(0);
    return main === null ? Promise.resolve() : this.links.calls.call(main, what, args);
  }
}
