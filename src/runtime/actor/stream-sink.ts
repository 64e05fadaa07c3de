/**
 * The consuming end of a stream: an async iterator that grants its producer room as it is read. At
 * most `credit` items are under way or waiting here, so a slow reader slows the producer and
 * nothing piles up.
 */
import { runtimeError } from '../errors.ts';
import { rejectedLate, withAskersStack } from '../host/askers-stack.ts';
import { durationMs } from '../timers/duration.ts';
import type { BaseRef } from './actor-ref.ts';
import { AskRecord } from './ask-record.ts';
import type { StreamOptions } from './ref.ts';
import type { StreamReply, StreamSource } from './stream-source.ts';

const CREDIT_DEFAULT = 32;
const CREDIT_MAX = 65_536;

/** What the consumer can say to the producer; the local source or a link. */
export type StreamControl = Pick<StreamSource, 'grant' | 'cancel'>;

/** An open question that is answered item by item. Its deadline counts for the opening only. */
export class StreamRecord extends AskRecord implements StreamReply {
  declare readonly wants: 'stream';
  private sink: Sink | null = null;

  /** Says where items go. */
  feed(sink: Sink): void {
    this.sink = sink;
  }

  opened(control: StreamControl): void {
    // Its reader has left, or its time was over, while the handler was still at work.
    if (this.isOpen()) this.sink?.opened(control);
    else control.cancel();
  }

  item(value: unknown): void {
    this.sink?.item(value);
  }
}

/** A reader that waits: settled by a result, or by a promise of it that is rejected. */
type Waiting = (result: IteratorResult<unknown> | Promise<never>) => void;

/** Items that have come and readers that wait. One of the two lists is always empty. */
class Sink implements AsyncIterableIterator<unknown> {
  private readonly credit: number;
  private readonly begin: (sink: Sink) => void;
  private readonly items: unknown[] = [];
  private readonly waiting: Waiting[] = [];
  private record: StreamRecord | null = null;
  private control: StreamControl | null = null;
  private hasBegun = false;
  private isEnded = false;
  private failure: { readonly error: unknown } | null = null;
  private unread = 0;

  constructor(credit: number, begin: (sink: Sink) => void) {
    this.credit = credit;
    this.begin = begin;
  }

  /** The question whose answers it takes. */
  takeFrom(record: StreamRecord): void {
    this.record = record;
    record.bind(
      () => this.ended(),
      (error) => this.failed(error),
    );
    record.feed(this);
  }

  opened(control: StreamControl): void {
    this.record?.stopTimer();
    this.control = control;
    control.grant(this.credit);
  }

  item(value: unknown): void {
    const reader = this.waiting.shift();
    if (reader === undefined) this.items.push(value);
    else {
      reader({ done: false, value });
      this.consumed();
    }
  }

  next(): Promise<IteratorResult<unknown>> {
    if (!this.hasBegun) {
      this.hasBegun = true;
      this.begin(this);
    }
    if (this.items.length > 0) {
      const value = this.items.shift();
      this.consumed();
      return Promise.resolve({ done: false, value });
    }
    if (this.failure !== null) {
      const { error } = this.failure;
      this.failure = null;
      this.isEnded = true;
      return Promise.reject(error).then(undefined, withAskersStack);
    }
    if (this.isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  return(): Promise<IteratorResult<unknown>> {
    this.hasBegun = true;
    this.isEnded = true;
    this.items.length = 0;
    this.control?.cancel();
    this.record?.resolve(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Grants in halves of the credit, so that a grant is not sent for each item. */
  private consumed(): void {
    this.unread++;
    if (this.unread * 2 < this.credit || this.isEnded) return;
    this.control?.grant(this.unread);
    this.unread = 0;
  }

  private ended(): void {
    this.isEnded = true;
    for (const reader of this.waiting.splice(0)) reader({ done: true, value: undefined });
  }

  private failed(error: unknown): void {
    const reader = this.waiting.shift();
    if (reader === undefined) this.failure = { error };
    else {
      reader(rejectedLate(error));
      this.ended();
    }
  }
}

/** Begins a stream at the first `next`. */
export function takeStream(
  ref: BaseRef,
  name: string,
  payload: unknown,
  options: StreamOptions,
): AsyncIterableIterator<unknown> {
  const credit = options.credit ?? CREDIT_DEFAULT;
  if (!Number.isInteger(credit) || credit < 1 || credit > CREDIT_MAX) {
    throw runtimeError(
      'RM_STREAM',
      `credit is ${credit}; expected an integer from 1 to ${CREDIT_MAX}.`,
    );
  }
  const { host } = ref;
  // Now, not when it is read: an option that is wrong is the caller's error.
  if (options.timeout !== undefined) durationMs(options.timeout, 'timeout');
  return new Sink(credit, (sink) => {
    const record = new StreamRecord(host, ref.seat, name, 'stream');
    host.asks.begin(record, options);
    sink.takeFrom(record);
    host.asks.post(ref, name, payload, record, options.signal);
  });
}
