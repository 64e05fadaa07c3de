/**
 * One attempt to get an answer of one instance: what the client library calls back, passed on to the
 * client's response with back-pressure. It says once how it ended; what follows is the exchange's.
 */
import type { ServerResponse } from 'node:http';
import type { Dispatcher } from '../http-client.ts';
import { monotonicMs } from '../system-time.ts';
import { answerHead } from './message-head.ts';
import type { RefusalWord } from './refusal.ts';
import type { Target } from './targets.ts';

/** How it ended. `seconds`: to the head of the answer, or to the failure. */
export type AttemptEnd =
  | {
      readonly kind: 'answered';
      readonly word: null;
      readonly status: number;
      readonly seconds: number;
    }
  | {
      readonly kind: 'failed';
      readonly word: RefusalWord;
      readonly status: 0;
      readonly seconds: number;
      /** The instance may have begun. */
      readonly isSent: boolean;
      /** Nothing else was asked of the instance in all that time. */
      readonly wasAlone: boolean;
    }
  | { readonly kind: 'misdirected'; readonly word: null };

/** What it works with. */
export type AttemptParts = {
  readonly target: Target;
  readonly response: ServerResponse;
  /** It is with the instance, or will never be. May be called more than once. */
  readonly reached: () => void;
  readonly isEnding: () => boolean;
  /** Whether an answer 421 is not the client's. */
  readonly maySwallow: () => boolean;
  readonly ended: (end: AttemptEnd) => void;
};

const MISDIRECTED = 421;
/** Of the body of an answer that nobody gets; a longer one costs its connection. */
const SWALLOWED_BYTES_MAX = 65_536;

const TIMEOUTS: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const NO_ANSWERS: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_OVERFLOW']);

/** Thread rule: one thread. */
export class Attempt implements Dispatcher.DispatchHandler {
  private readonly parts: AttemptParts;
  private readonly begunMs: number = monotonicMs();
  private controller: Dispatcher.DispatchController | null = null;
  private headMs: number | null = null;
  private status = 0;
  private isSent = false;
  private isOver = false;
  private isAborted = false;
  private swallowed: number | null = null;
  private readonly wasFree: boolean;
  private readonly turn: number;

  constructor(parts: AttemptParts) {
    this.parts = parts;
    const { target } = parts;
    this.wasFree = target.underWay === 0;
    target.underWay += 1;
    this.turn = ++target.turns;
  }

  /** The client went away. */
  abort(): void {
    this.isAborted = true;
    this.controller?.abort(new Error('the client went away'));
  }

  /** The client takes more. */
  resume(): void {
    this.controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isAborted) {
      controller.abort(new Error('the client went away'));
      return;
    }
    this.isSent = true;
    this.parts.reached();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    text?: string,
  ): void {
    // What is said beforehand (early hints, say) is for one connection only.
    if (status < 200) return;
    this.headMs = monotonicMs();
    this.status = status;
    if (status === MISDIRECTED && this.parts.maySwallow()) {
      this.swallowed = 0;
      this.end({ kind: 'misdirected', word: null });
      return;
    }
    const { response } = this.parts;
    const { connection } = headers;
    const isLast = this.parts.isEnding() || !response.req.complete;
    const named = Array.isArray(connection) ? connection.join(',') : connection;
    const head = answerHead(controller.rawHeaders as Buffer[], named, isLast);
    try {
      response.writeHead(status, text ?? '', head);
    } catch (error) {
      controller.abort(error as Error);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.swallowed !== null) {
      this.swallowed += piece.length;
      if (this.swallowed > SWALLOWED_BYTES_MAX) controller.abort(new Error('a long answer 421'));
      return;
    }
    if (!this.parts.response.write(piece)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.swallowed !== null) return;
    this.parts.response.end();
    const seconds = this.secondsTo(this.headMs ?? monotonicMs());
    this.end({ kind: 'answered', word: null, status: this.status, seconds });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const { isSent } = this;
    const word = wordOf(error, isSent, this.isAborted);
    const seconds = this.secondsTo(monotonicMs());
    const wasAlone = this.wasFree && this.turn === this.parts.target.turns;
    this.end({ kind: 'failed', word, status: 0, seconds, isSent, wasAlone });
  }

  private secondsTo(ms: number): number {
    return (ms - this.begunMs) / 1000;
  }

  private end(end: AttemptEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.parts.reached();
    this.parts.target.underWay -= 1;
    this.parts.ended(end);
  }
}

function wordOf(error: Error, isSent: boolean, isAborted: boolean): RefusalWord {
  const { code = '', name } = error as { readonly code?: string; readonly name: string };
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return 'bad-request';
  if (TIMEOUTS.has(code)) return 'timeout';
  if (!isSent && !isAborted) return 'refused';
  if (NO_ANSWERS.has(code) || name === 'HTTPParserError' || code.startsWith('ERR_')) {
    return 'bad-answer';
  }
  return 'cut';
}
