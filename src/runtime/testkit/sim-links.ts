/**
 * The ways between threads of a simulation: the real ones, and at their receiving end what can go
 * wrong there. A ring within a process does none of this; it stands for machines and networks that
 * a system must get by with.
 */
import type { Random } from '../ports/random.ts';
import { ASK, DOWN, REFUSAL, REPLY, SEND, STREAM } from '../transport/frame-layout.ts';
import type { InLink } from '../transport/in-link.ts';
import { Links } from '../transport/links.ts';
import type { Doorbell, Peer, PeerInfo } from '../transport/peer.ts';

/** What goes wrong between threads, each with its chance per message from 0 to 1. */
export type SimFaults = {
  /** A message or an answer is lost. */
  readonly loss?: number;
  /** The way stands still for up to `delayMaxMs`, and everything on it comes later, in order. */
  readonly delay?: number;
  /** A message comes later by up to `delayMaxMs`, and others overtake it. */
  readonly reorder?: number;
  /** Default 50. */
  readonly delayMaxMs?: number;
};

/** What they take from the simulation. */
export type SimLinksOptions = {
  /** The faults of this moment. */
  readonly faults: () => SimFaults;
  readonly random: Random;
  /** Calls back on this thread after `ms`, if it lives. */
  after(ms: number, fn: () => void): void;
  /** A message was taken in, or lost. */
  told(what: 'taken' | 'lost', from: number, name: string): void;
};

const DELAY_MAX_MS = 50;
const CHANCES = 1_000_000;
/** What may be lost: the runtime itself promises that ends and stream items come. */
const MAY_BE_LOST: ReadonlySet<number> = new Set([ASK, SEND, REPLY, REFUSAL]);
/** What may be overtaken: an end must not come before the last message. */
const KEEPS_PLACE: ReadonlySet<number> = new Set([DOWN]);

/** Thread rule: its host's thread. */
export class SimLinks extends Links {
  /** Messages that this thread had taken in before a fault took them away. */
  takenAway: number;
  private readonly options: SimLinksOptions;
  private readonly all: Peer[];
  /** What waits behind a delay; null: the way is free. */
  private held: (() => void)[] | null;

  constructor(options: SimLinksOptions) {
    super();
    this.takenAway = 0;
    this.options = options;
    this.all = [];
    this.held = null;
  }

  override add(info: PeerInfo, doorbell: Doorbell): Peer {
    const peer = super.add(info, doorbell);
    this.all.push(peer);
    return peer;
  }

  /** Its thread has died: what its code still does reaches nobody. */
  cut(): void {
    for (const peer of this.all) peer.isClosed = true;
  }

  override message(index: number, generation: number, name: string, payload: unknown): void {
    if (this.isLost()) {
      this.takenAway++;
      this.options.told('lost', -1, name);
      return;
    }
    this.pass(true, () => {
      this.options.told('taken', -1, name);
      super.message(index, generation, name, payload);
    });
  }

  override frame(
    link: InLink,
    type: number,
    header: Int32Array,
    name: string,
    payload: unknown,
  ): void {
    const isCounted = type === ASK || type === STREAM;
    if (MAY_BE_LOST.has(type) && this.isLost()) {
      if (isCounted) this.takenAway++;
      this.options.told('lost', link.seat, name);
      return;
    }
    const kept = header.slice();
    this.pass(!KEEPS_PLACE.has(type), () => {
      this.options.told('taken', link.seat, `${type} ${name}`);
      // Its sender's thread has died while it was held up.
      if (isCounted && this.peerOf(link.peer) === undefined) this.takenAway++;
      super.frame(link, type, kept, name, payload);
    });
  }

  private isLost(): boolean {
    return this.happens(this.options.faults().loss);
  }

  /** Hands over now, or later. */
  private pass(mayBeOvertaken: boolean, hand: () => void): void {
    const { delay, reorder, delayMaxMs = DELAY_MAX_MS } = this.options.faults();
    const drawMs = (): number => this.options.random.below(Math.ceil(delayMaxMs * 1000) + 1) / 1000;
    if (mayBeOvertaken && this.happens(reorder)) {
      this.options.after(drawMs(), hand);
      return;
    }
    if (this.held !== null) {
      this.held.push(hand);
      return;
    }
    if (!this.happens(delay)) {
      hand();
      return;
    }
    const held = [hand];
    this.held = held;
    this.options.after(drawMs(), () => {
      this.held = null;
      for (const one of held) one();
    });
  }

  private happens(chance: number | undefined): boolean {
    if (chance === undefined || chance === 0) return false;
    return this.options.random.below(CHANCES) < chance * CHANCES;
  }
}
