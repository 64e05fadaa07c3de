/**
 * A request that wants another protocol on its connection. A WebSocket is passed through once the
 * instance has said 101, and from then on bytes go both ways untouched; what the instance answers
 * otherwise goes to the client and ends the connection, so that nobody can speak to an instance past the
 * router. Other protocols are not offered: such a request is passed on as if it had not asked.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { monotonicMs } from '../system-time.ts';
import { type Asked, askedOf, wrongIn } from './asked.ts';
import type { ExchangeParts } from './exchange.ts';
import { answerHead, requestHead } from './message-head.ts';
import { type RefusalWord, refusalOf } from './refusal.ts';
import type { RoutedService } from './routed-service.ts';
import type { Target } from './targets.ts';

/** A client's side. */
export type TunnelEnd = {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request's head. */
  readonly head: Buffer;
};

/** Thread rule: one thread. */
export class Tunnel {
  private readonly parts: ExchangeParts;
  private readonly service: RoutedService;
  private readonly end: TunnelEnd;
  private readonly asked: Asked;
  private without: readonly string[] = [];

  constructor(parts: ExchangeParts, service: RoutedService, end: TunnelEnd) {
    this.parts = parts;
    this.service = service;
    this.end = end;
    this.asked = askedOf(service, end.request);
  }

  /** Once. */
  begin(): void {
    const { headers } = this.end.request;
    this.service.budget.came();
    const hasBody =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    const word = hasBody ? 'bad-request' : wrongIn(this.asked, this.service);
    if (word !== null) this.refuse(word);
    else {
      this.parts.recorder.request(this.service, this.asked.key);
      this.ask('no-instance');
    }
  }

  private ask(otherwise: RefusalWord): void {
    const { use } = this.service;
    const { without, parts } = this;
    const { key, replica = null, former = false } = this.asked;
    const facts = { key, replica, former, without, nowMs: monotonicMs(), random: parts.random };
    const target = use.choice.choose(facts);
    if (target === null) this.refuse(otherwise);
    else this.send(target, use.begin());
  }

  private send(target: Target, reached: () => void): void {
    const { request, socket } = this.end;
    const { timeout } = this.service.config;
    const begunMs = monotonicMs();
    let isAnswered = false;
    target.underWay += 1;
    target.turns += 1;
    const upstream = httpRequest({
      host: '127.0.0.1',
      port: target.port,
      method: request.method,
      path: request.url,
      headers: this.head(),
      agent: false,
      timeout,
    });
    const left = (): void => void upstream.destroy();
    socket.once('close', left);
    const seconds = (): number => (monotonicMs() - begunMs) / 1000;
    const answered = (status: number): void => {
      isAnswered = true;
      this.parts.recorder.record(target, seconds(), status >= 500);
      target.ejection.answered();
    };
    let isLate = false;
    upstream.on('timeout', () => {
      isLate = true;
      upstream.destroy(new Error('no answer in time'));
    });
    upstream.once('socket', (its) => void its.once('connect', reached));
    upstream.on('upgrade', (answer, its, head) => {
      answered(101);
      its.setTimeout(0);
      // The request is over, and the tunnel is not.
      target.underWay += 1;
      its.once('close', () => {
        target.underWay -= 1;
      });
      this.open(answer, its, head);
    });
    upstream.on('response', (answer) => {
      answered(answer.statusCode ?? 0);
      this.answer(answer);
    });
    upstream.on('error', () => undefined);
    upstream.once('close', () => {
      reached();
      target.underWay -= 1;
      socket.removeListener('close', left);
      if (isAnswered) return;
      if (socket.destroyed) this.parts.recorder.abort();
      else this.failed(target, seconds(), isLate ? 'timeout' : 'refused');
    });
    upstream.end();
  }

  private failed(target: Target, seconds: number, word: RefusalWord): void {
    const { recorder } = this.parts;
    const { config, budget } = this.service;
    recorder.record(target, seconds, true);
    if (word !== 'timeout') target.ejection.failed(monotonicMs());
    this.without = [...this.without, target.instance];
    // The protocol has not begun, whatever the instance has done.
    const mayRepeat = word !== 'timeout' && this.without.length <= config.retries.max;
    if (mayRepeat && budget.take(monotonicMs())) this.ask(word);
    else this.refuse(word);
  }

  private head(): string[] {
    const { request } = this.end;
    const { rawHeaders, headers, socket } = request;
    const address = socket.remoteAddress ?? 'unknown';
    const head = requestHead(rawHeaders, { address, connection: headers.connection });
    const isOffered = headers.upgrade?.toLowerCase() === 'websocket';
    head.push(...(isOffered ? ['connection', 'Upgrade', 'upgrade', 'websocket'] : []));
    return isOffered ? head : [...head, 'connection', 'close'];
  }

  private open(answer: IncomingMessage, its: Duplex, head: Buffer): void {
    const { socket } = this.end;
    socket.write(headText(101, answer.statusMessage ?? '', answer.rawHeaders));
    if (head.length > 0) socket.write(head);
    if (this.end.head.length > 0) its.write(this.end.head);
    its.on('error', () => socket.destroy());
    its.on('close', () => socket.destroy());
    socket.on('close', () => its.destroy());
    its.pipe(socket).pipe(its);
  }

  private answer(answer: IncomingMessage): void {
    const { socket } = this.end;
    const { statusCode = 502, statusMessage = '', headers, rawHeaders } = answer;
    socket.write(
      headText(statusCode, statusMessage, answerHead(rawHeaders, headers.connection, true)),
    );
    answer.on('error', () => socket.destroy());
    answer.pipe(socket);
  }

  private refuse(word: RefusalWord): void {
    const { status, head, body } = refusalOf(word, this.service.name, true);
    this.end.socket.end(Buffer.concat([Buffer.from(headText(status, '', head)), body]));
  }
}

/** A head as it is written. What it is made of was parsed before, so no line is in it. */
export function headText(status: number, text: string, head: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} ${text}`];
  for (let i = 0; i + 1 < head.length; i += 2) lines.push(`${head[i]}: ${head[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
