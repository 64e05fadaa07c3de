/**
 * Puts supervised actors of the main thread's supervisors on threads and keeps track of them: by
 * their number for what their threads report, by their seat for what is lost with one.
 */
import { murmur3Text } from '../../hotpath/index.ts';
import type { BaseRef } from '../actor/actor-ref.ts';
import type { AnyDefinition } from '../actor/definition.ts';
import type { Host } from '../host/host.ts';
import { checkedPlacement, type MakeRemote, type Placement } from '../supervision/placement.ts';
import { RemoteChild, type RemoteSide } from '../supervision/remote-child.ts';
import { badOption } from '../supervision/supervisor-options.ts';
import type { GuestExit, GuestStart } from '../threads/guests.ts';
import type { Links } from '../transport/links.ts';
import type { Peer } from '../transport/peer.ts';

/** Thread rule: the main thread. */
export class Placer {
  private readonly side: RemoteSide;
  private readonly threads: number;
  private readonly children: Map<number, RemoteChild>;
  private numbers: number;
  private turn: number;

  constructor(host: Host, links: Links, threads: number, seated: (seat: number) => Promise<Peer>) {
    this.threads = threads;
    this.children = new Map();
    this.numbers = 0;
    this.turn = 0;
    this.side = {
      host,
      calls: links.calls,
      seated,
      enlist: (child) => this.children.set(child.number, child),
      discharge: (child) => this.children.delete(child.number),
    };
    links.calls.serve('guest-started', (told: GuestStart) =>
      this.children.get(told.child)?.started(told),
    );
    links.calls.serve('guest-exited', (exit: GuestExit) =>
      this.children.get(exit.child)?.exited(exit),
    );
    links.calls.serve('guest-checkpoint', (told: { child: number; state: unknown }) =>
      this.children.get(told.child)?.checkpoint(told.state),
    );
    links.calls.serve('guest-remove', ({ child }: { child: number }) => this.remove(child));
  }

  /**
   * How to make a child of that placement; null: on the main thread. @throws RM_SUPERVISOR_OPTION
   */
  place(
    placement: Placement | undefined,
    _path: string,
    definition: AnyDefinition,
  ): MakeRemote | null {
    const seat = this.seatOf(placement === undefined ? 'spread' : checkedPlacement(placement));
    if (seat === 0) return null;
    return (machine, { path, args }, settings) => {
      const where = { number: ++this.numbers, seat, path, args };
      return new RemoteChild(this.side, machine, definition, where, settings);
    };
  }

  /**
   * Ends a child of the main thread's supervisors, also while its thread is being replaced; null:
   * it is none.
   */
  stop(ref: BaseRef): Promise<void> | null {
    for (const child of this.children.values()) {
      const { seat, at } = child;
      if (seat !== ref.seat || at === null) continue;
      if (at[0] !== ref.index || at[1] !== ref.generation) continue;
      return new Promise((resolve) => child.remove(resolve));
    }
    return null;
  }

  /** Places and generations of all children on that seat. */
  addresses(seat: number): readonly (readonly [number, number])[] {
    return this.on(seat).flatMap(({ at }) => (at === null ? [] : [at]));
  }

  /**
   * The worker of that seat is gone. It is one failure of each supervisor that had children there,
   * whatever their number, or one lost thread would exceed every intensity; groups are restarted as
   * their strategy says.
   */
  lost(seat: number): void {
    const told = new Set<unknown>();
    for (const child of this.on(seat).sort((a, b) => a.order - b.order)) {
      const isCounted = !told.has(child.machine) || child.machine.restartsGroups;
      told.add(child.machine);
      child.lost(isCounted);
    }
  }

  private on(seat: number): RemoteChild[] {
    return [...this.children.values()].filter((child) => child.seat === seat);
  }

  private remove(child: number): Promise<void> {
    return new Promise((resolve) => {
      const found = this.children.get(child);
      if (found === undefined) resolve();
      else found.remove(resolve);
    });
  }

  private seatOf(placement: Placement): number {
    if (placement === 'same') return 0;
    if (placement === 'spread') return 1 + (this.turn++ % this.threads);
    if ('key' in placement) return 1 + (murmur3Text(placement.key, 0) % this.threads);
    const { thread } = placement;
    if (Number.isInteger(thread) && thread >= 0 && thread <= this.threads) return thread;
    const expected = `an integer from 0 to ${this.threads}; start the system with more threads`;
    throw badOption('placement.thread', thread, expected);
  }
}
