/**
 * The messages that wait for one actor: a queue in one flat array that doubles when it is full.
 * Used by one thread. It knows no limit and no policy: the cell that owns it decides whether to
 * push.
 *
 * A message takes three neighbouring places: its name, its payload and where its reply goes (null
 * for a `tell`), so that a message allocates nothing.
 */
import type { Reply } from '../actor/reply.ts';

const STRIDE = 3;
const MESSAGES_AT_FIRST = 4;

/** Waiting messages, oldest first. Invariant: 0 <= length <= places / STRIDE, a power of two. */
export class Mailbox {
  /** Messages that wait. */
  length: number;
  /** Name, payload and reply of each message, side by side; read at `oldest`. */
  places: unknown[];
  /** Index mask of messages, not of places. */
  private mask: number;
  /** Where the oldest message is, counted in messages; grows and is masked. */
  private head: number;

  constructor() {
    this.length = 0;
    this.places = new Array(MESSAGES_AT_FIRST * STRIDE).fill(undefined);
    this.mask = MESSAGES_AT_FIRST - 1;
    this.head = 0;
  }

  /** Adds behind the newest. */
  push(name: string, payload: unknown, reply: Reply | null): void {
    if (this.length > this.mask) this.grow();
    const at = ((this.head + this.length) & this.mask) * STRIDE;
    const places = this.places;
    places[at] = name;
    places[at + 1] = payload;
    places[at + 2] = reply;
    this.length++;
  }

  /** Adds before the oldest: for messages that go back. */
  pushFront(name: string, payload: unknown, reply: Reply | null): void {
    if (this.length > this.mask) this.grow();
    this.head = (this.head - 1) & this.mask;
    const at = this.head * STRIDE;
    const places = this.places;
    places[at] = name;
    places[at + 1] = payload;
    places[at + 2] = reply;
    this.length++;
  }

  /** Where in `places` the oldest message begins. The mailbox must not be empty. */
  oldest(): number {
    return this.head * STRIDE;
  }

  /** Forgets the message at `at`, which `oldest` answered, and holds on to nothing of it. */
  drop(at: number): void {
    const places = this.places;
    places[at] = undefined;
    places[at + 1] = undefined;
    places[at + 2] = undefined;
    this.head = (this.head + 1) & this.mask;
    this.length--;
  }

  /** Where in `places` the message begins that stands `behind` places behind the oldest. */
  placeOf(behind: number): number {
    return ((this.head + behind) & this.mask) * STRIDE;
  }

  /** Forgets that one; the older ones move up. For the rare case that not the oldest is to go. */
  remove(behind: number): void {
    const { places } = this;
    for (let i = behind; i > 0; i--) {
      const to = this.placeOf(i);
      const from = this.placeOf(i - 1);
      places[to] = places[from];
      places[to + 1] = places[from + 1];
      places[to + 2] = places[from + 2];
    }
    this.drop(this.oldest());
  }

  private grow(): void {
    const { places, mask, head, length } = this;
    const grown: unknown[] = new Array((mask + 1) * 2 * STRIDE).fill(undefined);
    for (let message = 0; message < length; message++) {
      const from = ((head + message) & mask) * STRIDE;
      const to = message * STRIDE;
      grown[to] = places[from];
      grown[to + 1] = places[from + 1];
      grown[to + 2] = places[from + 2];
    }
    this.places = grown;
    this.mask = (mask + 1) * 2 - 1;
    this.head = 0;
  }
}
