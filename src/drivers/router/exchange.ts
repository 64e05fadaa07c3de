/**
 * One request, from its head to the last byte of its answer: chooses an instance, passes both bodies on
 * as fast as the slower side takes them, asks again where that is safe, and records what came of each
 * attempt. A listener makes one for each request.
 *
 * Asked again, at most as often as the service says and within its budget: what did not reach an
 * instance; what an instance may have begun, only if it is idempotent and no byte of an answer came; what
 * an instance says belongs to another one (421). Never after the first piece of a long body was sent.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Random } from '../../runtime/index.ts';
import { after, monotonicMs } from '../system-time.ts';
import { type Asked, askedOf, wrongIn } from './asked.ts';
import { Attempt, type AttemptEnd } from './attempt.ts';
import { requestHead } from './message-head.ts';
import { type RefusalWord, refuse } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import type { RoutedService, TableUse } from './routed-service.ts';
import type { Target } from './targets.ts';
import type { WindowRecorder } from './window-recorder.ts';

/** What all exchanges of a router have. */
export type ExchangeParts = {
  readonly recorder: WindowRecorder;
  readonly random: Random;
  /** Whether the router is about to end: connections are not kept. */
  readonly isEnding: () => boolean;
};

/** May be sent twice. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
]);
/** Of a key that is said to have been worked on, in characters; longer ones are kept to ourselves. */
const BLAMED_KEY_MAX = 256;
/** For a newer table, when nobody but the one who said 421 could be asked. Milliseconds. */
const NEWER_TABLE_MS = 250;

/** Thread rule: one thread. */
export class Exchange {
  private readonly parts: ExchangeParts;
  private readonly service: RoutedService;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly body: RequestBody;
  private readonly asked: Asked;
  private without: readonly string[] = [];
  private again = 0;
  private attempt: Attempt | null = null;
  private isGone = false;
  private stopWaiting: (() => void) | null = null;

  constructor(
    parts: ExchangeParts,
    service: RoutedService,
    { request, response }: { request: IncomingMessage; response: ServerResponse },
  ) {
    this.parts = parts;
    this.service = service;
    this.request = request;
    this.response = response;
    this.body = new RequestBody(request);
    this.asked = askedOf(service, request);
  }

  /** Once. */
  begin(): void {
    const { service, response, body } = this;
    response.on('close', () => {
      if (!response.writableFinished) this.clientGone();
    });
    response.on('drain', () => this.attempt?.resume());
    service.budget.came();
    const word = wrongIn(this.asked, service);
    if (word !== null) {
      this.refuse(word);
      return;
    }
    this.parts.recorder.request(service, this.asked.key);
    if (body.isSmall) {
      void body.read().then((isRead) => {
        if (isRead && !this.isGone) this.ask();
      });
    } else this.ask();
  }

  private ask(otherwise: RefusalWord = 'no-instance'): void {
    const { use } = this.service;
    const target = this.choose(use);
    if (target === null) this.refuse(otherwise);
    else this.send(use, target);
  }

  private choose({ choice }: TableUse): Target | null {
    const { key, replica = null, former = false } = this.asked;
    const { without } = this;
    const { random } = this.parts;
    return choice.choose({ key, replica, former, without, nowMs: monotonicMs(), random });
  }

  private send(use: TableUse, target: Target): void {
    const { request, response, service, parts } = this;
    const { timeout } = service.config;
    const head = requestHead(request.rawHeaders, {
      address: request.socket.remoteAddress ?? 'unknown',
      connection: request.headers.connection,
    });
    const attempt = new Attempt({
      target,
      response,
      reached: use.begin(),
      isEnding: parts.isEnding,
      // Without a ring nobody owns keys, and 421 is an answer like others.
      maySwallow: () => service.config.ring !== null,
      ended: (end) => this.ended(use, target, end),
    });
    this.attempt = attempt;
    target.pool.dispatch(
      {
        path: pathOf(request.url ?? '/'),
        method: request.method ?? 'GET',
        headers: head,
        body: this.body.forAttempt() as Buffer | null,
        headersTimeout: timeout,
        bodyTimeout: timeout,
      },
      attempt,
    );
  }

  private ended(use: TableUse, target: Target, end: AttemptEnd): void {
    const { request, parts } = this;
    const isGone = this.isGone || (request.destroyed && !request.complete);
    if (isGone && end.kind !== 'answered') parts.recorder.abort();
    else if (end.kind === 'misdirected') {
      parts.recorder.misdirect();
      target.ejection.answered();
      this.misdirected(use, target);
    } else if (end.word === 'bad-request') this.refuse('bad-request');
    else {
      const isFailed = end.kind === 'failed';
      parts.recorder.record(target, end.seconds, isFailed || end.status >= 500);
      if (end.kind === 'answered') target.ejection.answered();
      else this.failed(target, end);
    }
  }

  private failed(target: Target, end: Extract<AttemptEnd, { kind: 'failed' }>): void {
    const { word, isSent } = end;
    if (word !== 'timeout') target.ejection.failed(monotonicMs());
    this.blame(target, end);
    if (this.response.headersSent) {
      this.response.destroy();
      return;
    }
    const isSafe = !isSent || (word === 'cut' && IDEMPOTENT.has(this.request.method ?? ''));
    if (isSafe && this.takeRepeat()) this.askOther(target, word);
    else this.refuse(word);
  }

  /** What the instance worked on when it was lost, if that is sure. */
  private blame(
    { instance }: Target,
    { word, isSent, wasAlone }: Extract<AttemptEnd, { kind: 'failed' }>,
  ): void {
    const { service, parts } = this;
    const { key } = this.asked;
    if (word !== 'cut' || !isSent || !wasAlone || key === null) return;
    if (key.length <= BLAMED_KEY_MAX) parts.recorder.cut({ service: service.name, instance, key });
  }

  /** Somebody else; a connection that was lost while it was kept says nothing of the next one. */
  private askOther(target: Target, word: RefusalWord): void {
    this.without = [...this.without, target.instance];
    if (word === 'cut' && this.choose(this.service.use) === null) this.without = [];
    this.ask(word);
  }

  /** By a newer table, at the next in line, or by the table that comes now. */
  private misdirected(use: TableUse, target: Target): void {
    if (!this.takeRepeat()) {
      this.refuse('misdirected');
      return;
    }
    const isNewer = this.service.use !== use;
    this.without = isNewer ? [] : [...this.without, target.instance];
    if (isNewer || this.choose(use) !== null) this.ask('misdirected');
    else this.awaitNewer();
  }

  private awaitNewer(): void {
    const goOn = (isChanged: boolean): void => {
      this.stopWaiting?.();
      this.stopWaiting = null;
      this.without = [];
      if (isChanged) this.ask('misdirected');
      else this.refuse('misdirected');
    };
    const stopTimer = after(NEWER_TABLE_MS, () => goOn(false));
    const stopListening = this.service.onChange(() => goOn(true));
    this.stopWaiting = () => {
      stopTimer();
      stopListening();
    };
  }

  private mayRepeat(): boolean {
    return this.again < this.service.config.retries.max && this.body.isWhole && !this.isGone;
  }

  private takeRepeat(): boolean {
    if (!this.mayRepeat() || !this.service.budget.take(monotonicMs())) return false;
    this.again += 1;
    return true;
  }

  private clientGone(): void {
    this.isGone = true;
    this.stopWaiting?.();
    this.attempt?.abort();
  }

  private refuse(word: RefusalWord): void {
    refuse(this.response, word, this.service.name);
  }
}

/** Requests to proxies name the whole address. */
function pathOf(url: string): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}
