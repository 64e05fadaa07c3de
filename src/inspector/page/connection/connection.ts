/**
 * The page's connection to its inspector: a token is traded for a ticket, the ticket opens a socket, hello
 * is said, and then questions are asked. Lost, it is made anew, after longer and longer waits.
 *
 *   signed-out ──sign in──▶ connecting ──hello──▶ open ──closed──▶ waiting ──▶ connecting …
 *       ▲                        ├──not reached──▶ waiting
 *       └────token refused───────┤
 *                                └──another major version──▶ mismatch (only a reload helps)
 *   any ──a recording is opened──▶ replaying ──closed──▶ connecting, or signed-out without a token
 *                                      └──signed out──▶ signed-out: the recording is closed, too
 *
 * No open → signed-out by itself: a token that is no longer good is noticed by the next ticket.
 */
import type { Changed, MethodName, ParamsOf, ResultOf } from '../../protocol/schema.ts';
import type { TRACED } from '../../protocol/trace-words.ts';
import type { z } from '../../protocol/words.ts';
import { Changes } from '../tables/changes.ts';
import { backoffMs } from './backoff.ts';
import type { Ports, Socket } from './ports.ts';
import { type AnswerText, QuestionError, Questions } from './questions.ts';
import type { Subscriptions } from './subscriptions.ts';

/** As of the protocol; its values would bring the whole schema into the bundle. */
export const PROTOCOL = { name: 'ringmaster.inspect.v1', major: 1, minor: 0 } as const;

/** What the server said about itself. */
export type Hello = ResultOf<'System.hello'>;

/** How it stands. */
export type ConnectionState =
  | { readonly kind: 'signed-out'; readonly because: string | null }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly because: string; readonly untilMs: number }
  | { readonly kind: 'mismatch'; readonly because: string }
  | { readonly kind: 'replaying' };

/** A recording that is shown instead of a server. */
export type Replaying = {
  readonly knows: (method: string) => boolean;
  readonly peopleMs: (atMs: number) => number;
  readonly serverMs: () => number;
};

/** Messages of an actor that is traced. */
export type Traced = z.infer<typeof TRACED>;

/** Where the token is kept between two loads of the page. */
export type KeptToken = {
  readonly read: () => string | null;
  readonly write: (token: string | null) => void;
};

/** The one connection. */
export class Connection {
  readonly changes: Changes;
  state: ConnectionState;
  /** Of the last server; null before the first. */
  hello: Hello | null;
  /** Told of every trace of this connection. */
  readonly traceListeners: Set<(told: Traced) => void>;
  private readonly ports: Ports;
  private readonly kept: KeptToken;
  private readonly subscriptions: Subscriptions;
  private replaying: Replaying | null;
  private token: string | null;
  private socket: Socket | null;
  private questions: Questions | null;
  private stopWaiting: (() => void) | null;
  private failures: number;
  /** Counts tries: what comes late from an earlier one is nobody's. */
  private attempt: number;
  /** The page's clock when hello was said. */
  private helloAtMs: number;

  constructor(ports: Ports, kept: KeptToken, subscriptions: Subscriptions) {
    this.ports = ports;
    this.kept = kept;
    this.subscriptions = subscriptions;
    this.changes = new Changes();
    this.traceListeners = new Set();
    this.hello = null;
    this.replaying = null;
    this.token = kept.read();
    this.socket = null;
    this.questions = null;
    this.stopWaiting = null;
    this.failures = 0;
    this.attempt = 0;
    this.helloAtMs = 0;
    this.state = { kind: 'signed-out', because: null };
    if (this.token !== null) this.connect();
  }

  signIn(token: string): void {
    this.token = token.trim();
    this.failures = 0;
    this.connect();
  }

  signOut(because: string | null = null): void {
    this.hangUp();
    this.replaying = null;
    this.token = null;
    this.kept.write(null);
    this.move({ kind: 'signed-out', because });
  }

  /** Does not wait any longer. */
  connect(): void {
    this.hangUp();
    this.move({ kind: 'connecting' });
    const attempt = ++this.attempt;
    const { token } = this;
    if (token === null) return;
    this.ports.ticketFor(token).then(
      ({ status, ticket }) => {
        if (attempt !== this.attempt) return;
        if (ticket !== undefined) this.open(ticket, token);
        else if (status === 401) this.signOut('The inspector does not know this token.');
        else this.wait(`The inspector answered ${status}.`);
      },
      () => {
        if (attempt === this.attempt) this.wait('The inspector cannot be reached.');
      },
    );
  }

  /** Nothing is asked of a server until it is closed. */
  replay(replaying: Replaying): void {
    this.hangUp();
    this.replaying = replaying;
    this.move({ kind: 'replaying' });
  }

  /** Back to the server, if there is one. */
  endReplay(): void {
    this.replaying = null;
    if (this.token === null) this.signOut();
    else this.connect();
  }

  /** Whether the last server had a method for the role of this page. */
  knows(method: string): boolean {
    if (this.replaying !== null) return this.replaying.knows(method);
    return this.hello?.methods.includes(method) ?? false;
  }

  /** Whether the method can be asked for now. */
  may(method: string): boolean {
    return this.state.kind === 'open' && this.knows(method);
  }

  /** @throws (rejects) QuestionError */
  async ask<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    if (this.questions === null || this.state.kind !== 'open') {
      throw new QuestionError('lost', 'there is no connection');
    }
    return (await this.questions.ask(method, params)) as ResultOf<M>;
  }

  /** Saves what the flight recorder holds. @returns for people: what became of it */
  async saveRecording(): Promise<string> {
    if (this.token === null) return '';
    const status = await this.ports.saveRecording(this.token).catch(() => 0);
    if (status === 200) return 'Saved.';
    return status === 404
      ? 'This server keeps no recording.'
      : `Not saved: the inspector answered ${status === 0 ? 'nothing' : status}.`;
  }

  /** Milliseconds since 1970 of a moment of the server's clock. */
  peopleMs(atMs: number): number {
    const { hello, replaying } = this;
    if (replaying !== null) return replaying.peopleMs(atMs);
    if (hello === null) return 0;
    return this.ports.epochMsOf(hello.nowIso) + (atMs - hello.nowMs);
  }

  /** The server's clock now, as far as the page can tell. */
  serverMs(): number {
    if (this.replaying !== null) return this.replaying.serverMs();
    return this.hello === null ? 0 : this.hello.nowMs + this.ports.nowMs() - this.helloAtMs;
  }

  private open(ticket: string, token: string): void {
    const questions = new Questions((text) => this.socket?.send(text));
    this.questions = questions;
    this.socket = this.ports.openSocket([PROTOCOL.name, `ticket.${ticket}`], {
      opened: () => void this.greet(questions, token),
      closed: (code, reason) => {
        this.socket = null;
        this.wait(`The connection was closed (${code}${reason === '' ? '' : `: ${reason}`}).`);
      },
      text: (text) => this.heard(JSON.parse(text)),
      bytes: (bytes) => this.subscriptions.bytes(bytes),
    });
  }

  private async greet(questions: Questions, token: string): Promise<void> {
    const { major, minor } = PROTOCOL;
    try {
      const params = { protocol: { major, minor }, client: 'page' };
      const hello = (await questions.ask('System.hello', params)) as Hello;
      this.hello = hello;
      this.helloAtMs = this.ports.nowMs();
      this.failures = 0;
      this.kept.write(token);
      this.move({ kind: 'open' });
      this.subscriptions.connected({ questions, epoch: hello.epoch });
    } catch (error) {
      // Lost in between: whoever lost it waits already.
      if (questions !== this.questions) return;
      const because = error instanceof Error ? error.message : String(error);
      this.hangUp();
      this.move({ kind: 'mismatch', because });
    }
  }

  private heard(told: AnswerText | Changed | Traced): void {
    if (!('method' in told)) this.questions?.answered(told);
    else if (told.method === 'Topics.changed') this.subscriptions.changed(told);
    // Another event is of a newer minor version.
    else if (told.method === 'Trace.messages') {
      for (const listener of this.traceListeners) listener(told);
    }
  }

  private wait(because: string): void {
    this.hangUp();
    const ms = backoffMs(this.failures++, this.ports.chance());
    this.move({ kind: 'waiting', because, untilMs: this.ports.nowMs() + ms });
    this.stopWaiting = this.ports.after(ms, () => this.connect());
  }

  private hangUp(): void {
    this.stopWaiting?.();
    this.stopWaiting = null;
    this.attempt++;
    this.socket?.close();
    this.socket = null;
    const { questions } = this;
    this.questions = null;
    questions?.lost();
    this.subscriptions.lost();
  }

  private move(state: ConnectionState): void {
    this.state = state;
    this.changes.happened();
  }
}
