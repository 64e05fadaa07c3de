/**
 * Actors by path, for the whole system: kept on the main thread, told by each thread of its own.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type { Host } from '../host/host.ts';
import type { SeatMemory } from '../host/seat-memory.ts';
import type { RosterListener } from '../observe/roster.ts';

type Address = { readonly seat: number; readonly index: number; readonly generation: number };

/** Thread rule: the main thread. */
export class Directory {
  private readonly host: () => Host;
  private readonly addresses = new Map<string, Address>();
  private readonly listeners = new Set<RosterListener>();

  constructor(host: () => Host) {
    this.host = host;
  }

  named(path: string, seat: number, index: number, generation: number): void {
    this.addresses.set(path, { seat, index, generation });
    for (const listener of this.listeners) listener.named(path, seat, index, generation);
  }

  /** `seat`: who says so; another one's actor of that path stays. */
  unnamed(path: string, seat: number): void {
    if (this.addresses.get(path)?.seat !== seat) return;
    this.addresses.delete(path);
    for (const listener of this.listeners) listener.unnamed(path);
  }

  /** A worker sits in that seat. */
  sits(seat: number, { buffer, actorsMax }: SeatMemory): void {
    for (const listener of this.listeners) {
      listener.sits(seat, buffer, actorsMax);
    }
  }

  /** Tells all that is named, then each change. @returns how to stop listening */
  listen(listener: RosterListener): () => void {
    this.listeners.add(listener);
    for (const [path, { seat, index, generation }] of this.addresses) {
      listener.named(path, seat, index, generation);
    }
    return () => void this.listeners.delete(listener);
  }

  /** A worker is gone: what it had is nowhere, until it is named again. */
  forgetSeat(seat: number): void {
    for (const [path, address] of this.addresses) {
      if (address.seat === seat) this.unnamed(path, seat);
    }
  }

  find(path: string): BaseRef | null {
    const address = this.addresses.get(path.startsWith('/') ? path : `/${path}`);
    if (address === undefined) return null;
    return this.host().refAt(address.seat, address.index, address.generation, '');
  }

  /** Every path, in the order in which they were named. */
  paths(): readonly string[] {
    return [...this.addresses.keys()];
  }
}
