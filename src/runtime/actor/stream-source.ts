/**
 * The producing ends of an actor's streams. A handler that returns something iterable is pulled for
 * as many items as its consumer has room for. Each pull begins in a turn of its actor, between
 * messages; a pull whose item comes by a promise does not hold other messages up.
 */
import type { Cell } from '../cell/cell.ts';
import { runtimeError } from '../errors.ts';
import type { Reply } from './reply.ts';

/** The consumer's end, as the producer sees it. */
export interface StreamReply extends Reply {
  readonly wants: 'stream';
  /** The stream is open; `source` takes grants and the cancellation from now on. */
  opened(source: StreamSource): void;
  item(value: unknown): void;
}

/**
 * Name of the message by which an actor pulls its own stream; no user's message begins with a `$`.
 */
export const PULL_MESSAGE = '$pull';

type AnyIterator = { next(): unknown; return?: () => unknown };

/** One stream of one incarnation. */
export class StreamSource {
  private readonly cell: Cell;
  private readonly incarnation: number;
  private readonly iterator: AnyIterator;
  private readonly reply: StreamReply;
  private credit: number;
  private isPulling: boolean;
  private isOpen: boolean;

  constructor(cell: Cell, iterator: AnyIterator, reply: StreamReply) {
    this.cell = cell;
    this.incarnation = cell.incarnation;
    this.iterator = iterator;
    this.reply = reply;
    this.credit = 0;
    this.isPulling = false;
    this.isOpen = true;
  }

  /** The consumer has room for `items` more. */
  grant(items: number): void {
    this.credit += items;
    this.askForPull();
  }

  /** The consumer wants no more: the iterator's `return` runs. */
  cancel(): void {
    if (!this.isOpen) return;
    this.close();
    try {
      const ended = this.iterator.return?.();
      if (ended instanceof Promise) ended.catch(() => undefined);
    } catch {
      // Nobody listens any more, and the stream is over either way.
    }
  }

  /** The incarnation has ended. */
  abort(error: Error): void {
    if (!this.isOpen) return;
    this.cancel();
    this.reply.reject(error);
  }

  /** Takes one item from the iterator. Called in a turn of the actor. */
  pull(): void {
    if (!this.isOpen) return;
    let step: unknown;
    try {
      step = this.iterator.next();
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!(step instanceof Promise)) {
      this.take(step as IteratorResult<unknown>);
      return;
    }
    step.then(
      (result) => this.take(result),
      (error: unknown) => this.fail(error),
    );
  }

  private take(step: IteratorResult<unknown>): void {
    this.isPulling = false;
    if (!this.isOpen || this.cell.incarnation !== this.incarnation) return;
    if (step.done === true) {
      this.close();
      this.reply.resolve(step.value);
      return;
    }
    this.credit--;
    this.reply.item(step.value);
    this.askForPull();
  }

  private fail(error: unknown): void {
    if (!this.isOpen) return;
    this.close();
    this.reply.reject(error);
  }

  private askForPull(): void {
    if (this.isPulling || !this.isOpen || this.credit <= 0) return;
    this.isPulling = true;
    this.cell.host.accepted++;
    this.cell.enqueueReserved(PULL_MESSAGE, this, null);
  }

  private close(): void {
    this.isOpen = false;
    this.cell.extras?.streams?.delete(this);
  }
}

/** An actor's open streams. */
export class StreamSources {
  private readonly open = new Set<StreamSource>();

  add(source: StreamSource): void {
    this.open.add(source);
  }

  delete(source: StreamSource): void {
    this.open.delete(source);
  }

  closeAll(error: Error): void {
    for (const source of [...this.open]) source.abort(error);
  }
}

/** Begins the stream that a handler has returned, or says why it is none. */
export function openStream(cell: Cell, reply: StreamReply, result: unknown): void {
  let iterator: AnyIterator | null;
  try {
    iterator = iteratorOf(result);
  } catch (error) {
    reply.reject(error);
    return;
  }
  if (iterator === null) {
    const message = `the handler returned ${typeof result}; expected something iterable. Use ask.`;
    reply.reject(runtimeError('RM_STREAM', message));
    return;
  }
  const source = new StreamSource(cell, iterator, reply);
  const extras = cell.rare();
  extras.streams ??= new StreamSources();
  extras.streams.add(source);
  reply.opened(source);
}

function iteratorOf(result: unknown): AnyIterator | null {
  if (typeof result !== 'object' || result === null) return null;
  const iterable = result as {
    [Symbol.asyncIterator]?: () => AnyIterator;
    [Symbol.iterator]?: () => AnyIterator;
  };
  const make = iterable[Symbol.asyncIterator] ?? iterable[Symbol.iterator];
  return make === undefined ? null : make.call(result);
}
