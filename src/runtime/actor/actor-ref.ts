/**
 * The refs behind the public type: one for an actor of this thread, which holds its cell, and one
 * for an actor elsewhere, which holds its address. Both are small; the work is in the cell and in
 * the links.
 */

import type { Cell } from '../cell/cell.ts';
import { waitForRoom } from '../cell/overflow.ts';
import type { Shape } from '../codec/index.ts';
import { withAskersStack } from '../host/askers-stack.ts';
import { refusal, type Target } from '../host/asks.ts';
import type { Host } from '../host/host.ts';
import { AskRecord } from './ask-record.ts';
import { registered } from './definition.ts';
import type { Outcome } from './outcome.ts';
import type { AnyRef, AskOptions, StreamOptions } from './ref.ts';
import type { Reply } from './reply.ts';
import { takeStream } from './stream-sink.ts';

/** What both kinds have in common. */
export abstract class BaseRef implements AnyRef {
  abstract readonly host: Host;
  /** Logical number of the thread the actor lives on. */
  abstract readonly seat: number;
  abstract readonly index: number;
  abstract readonly generation: number;

  abstract tell(name: string, payload?: unknown): Outcome;
  /** Sends a message whose answer goes to `reply`. */
  abstract post(name: string, payload: unknown, reply: Reply | null): Outcome;
  abstract send(name: string, payload?: unknown, options?: AskOptions): Promise<void>;

  get key(): string {
    return `${this.seat}.${this.index}.${this.generation}`;
  }

  ask(name: string, payload?: unknown, options?: AskOptions): Promise<unknown> {
    return this.host.asks.ask(this, name, payload, options);
  }

  stream(name: string, payload?: unknown, options?: StreamOptions): AsyncIterableIterator<unknown> {
    return takeStream(this, name, payload, options ?? {});
  }

  equals(other: unknown): boolean {
    return other instanceof BaseRef && other.key === this.key;
  }

  /** For people and logs. */
  toString(): string {
    return `Ref(${this.key})`;
  }
}

/** An actor of this thread. */
export class LocalRef extends BaseRef {
  readonly cell: Cell;

  constructor(cell: Cell) {
    super();
    this.cell = cell;
  }

  override get host(): Host {
    return this.cell.host;
  }

  override get seat(): number {
    return this.cell.host.seat;
  }

  override get index(): number {
    return this.cell.index;
  }

  override get generation(): number {
    return this.cell.generation;
  }

  override tell(name: string, payload?: unknown): Outcome {
    const { cell } = this;
    return cell.enqueue(name, cell.host.localPayload(payload), null);
  }

  override post(name: string, payload: unknown, reply: Reply | null): Outcome {
    const { cell } = this;
    return cell.enqueue(name, cell.host.localPayload(payload), reply);
  }

  override async send(name: string, payload?: unknown, options?: AskOptions): Promise<void> {
    const outcome = this.tell(name, payload);
    if (outcome === 'accepted') return;
    const { cell } = this;
    if (outcome === 'stopped' || cell.definition.mailbox.overflow !== 'wait') {
      return withAskersStack(refusal(this, name, outcome));
    }
    const { asks } = cell.host;
    const record = new AskRecord(cell.host, this.seat, name, 'receipt');
    asks.begin(record, options);
    const promise = new Promise<unknown>((resolve, reject) => record.bind(resolve, reject));
    const queue: Target = {
      key: this.key,
      post: (_, value, receipt) => waitForRoom(cell, name, cell.host.localPayload(value), receipt),
    };
    asks.post(queue, name, payload, record, options?.signal);
    await promise.then(undefined, withAskersStack);
  }
}

/** An actor of another thread, or one of this thread that has stopped. */
export class RemoteRef extends BaseRef {
  override readonly host: Host;
  override readonly seat: number;
  override readonly index: number;
  override readonly generation: number;
  /** Address of its definition, as far as it is known here: selects the generated codec. */
  readonly definition: string;
  /** Declared shapes of its messages: looked up at the first message; null for none. */
  shapes: Readonly<Record<string, Shape>> | null | undefined;

  constructor(host: Host, seat: number, index: number, generation: number, definition: string) {
    super();
    this.host = host;
    this.seat = seat;
    this.index = index;
    this.generation = generation;
    this.definition = definition;
    this.shapes = undefined;
  }

  /** Looks its declared shapes up, as far as its definition is known here. */
  findShapes(): Readonly<Record<string, Shape>> | null {
    const at = this.definition.lastIndexOf('#');
    const found = registered(this.definition.slice(0, at), this.definition.slice(at + 1));
    this.shapes = found?.shapes ?? null;
    return this.shapes;
  }

  override tell(name: string, payload?: unknown): Outcome {
    return this.host.links.tell(this, name, payload);
  }

  override post(name: string, payload: unknown, reply: Reply | null): Outcome {
    return this.host.links.ask(this, name, payload, reply);
  }

  override async send(name: string, payload?: unknown, options?: AskOptions): Promise<void> {
    const { asks } = this.host;
    const record = new AskRecord(this.host, this.seat, name, 'receipt');
    asks.begin(record, options);
    const promise = new Promise<unknown>((resolve, reject) => record.bind(resolve, reject));
    asks.post(this, name, payload, record, options?.signal);
    await promise.then(undefined, withAskersStack);
  }
}
