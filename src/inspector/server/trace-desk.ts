/**
 * Traces of all connections: who has started which, and what comes back. A trace belongs to its connection
 * and ends with it; whoever does not read what it has asked for loses messages, and is told how many.
 */
import type { TracedMessage, TraceReport } from '../../runtime/index.ts';
import { mayAct } from '../access/roles.ts';
import type { Client } from '../protocol/conversation.ts';
import { Refused } from '../protocol/refused.ts';
import { LIMITS, type ParamsOf, type ResultOf } from '../protocol/schema.ts';
import type { Source } from './source.ts';

/** Bytes that may wait in a socket for more to be said. Higher: more memory for a slow client. */
const WAITING_BYTES_MAX = 256 * 1024;

/** Characters of texts in one event, about. Higher: more waits beyond that. Lower: more events. */
const EVENT_MAX = 64 * 1024;
/** Of a message besides its texts. */
const MESSAGE_CHARACTERS = 150;

/** Where events go. */
export type TraceWire = {
  readonly send: (text: string) => void;
  readonly waitingBytes: () => number;
};

type Entry = { readonly heard: (trace: number, report: TraceReport) => void };

/** Thread rule: the inspector's thread. */
export class TraceDesk {
  private readonly source: Source;
  /** Whether anybody may see what messages carry. */
  private readonly mayShowPayloads: boolean;
  private readonly entries: Map<number, Entry> = new Map();
  private numbers: number = 0;

  constructor(source: Source, mayShowPayloads: boolean) {
    this.source = source;
    this.mayShowPayloads = mayShowPayloads;
  }

  /** For one connection. */
  client(wire: TraceWire): ClientTraces {
    return new ClientTraces(this, wire);
  }

  /** A report has come from the system's thread. */
  news(trace: number, report: TraceReport): void {
    this.entries.get(trace)?.heard(trace, report);
    if (report.end !== null) this.entries.delete(trace);
  }

  /** @throws (rejects) Refused */
  async start(params: ParamsOf<'Trace.start'>, client: Client, entry: Entry): Promise<number> {
    const { path, payloads = false, ...budget } = params;
    if (payloads !== false && !mayAct(client.role, 'admin')) {
      throw new Refused('forbidden', 'what messages carry is for an admin');
    }
    if (payloads !== false && !this.mayShowPayloads) {
      const message = 'this server does not show what messages carry; start it with payloads: true';
      throw new Refused('forbidden', message);
    }
    const trace = ++this.numbers;
    this.entries.set(trace, entry);
    const isThere = await this.source.trace(trace, path, { ...budget, payloads }).catch((error) => {
      this.entries.delete(trace);
      throw error;
    });
    if (isThere) return trace;
    this.entries.delete(trace);
    throw new Refused('gone', `there is no actor ${path}`);
  }

  stop(trace: number): void {
    void this.source.untrace(trace).catch(() => undefined);
  }
}

/** One connection's traces. Thread rule: the inspector's thread. */
export class ClientTraces {
  private readonly desk: TraceDesk;
  private readonly wire: TraceWire;
  private readonly traces: Set<number> = new Set();
  private starting: number = 0;
  private isClosed: boolean = false;

  constructor(desk: TraceDesk, wire: TraceWire) {
    this.desk = desk;
    this.wire = wire;
  }

  /** @throws (rejects) Refused */
  async start(params: ParamsOf<'Trace.start'>, client: Client): Promise<ResultOf<'Trace.start'>> {
    if (this.traces.size + this.starting >= LIMITS.traces) {
      throw new Refused('busy', `${LIMITS.traces} traces are open; end one`);
    }
    this.starting++;
    let unsaid = 0;
    let isOver = false;
    let about: TraceReport['actor'] = null;
    const heard = (trace: number, { actor, messages, skipped, end }: TraceReport): void => {
      unsaid += skipped;
      about ??= actor;
      let at = 0;
      do {
        const isSlow = this.wire.waitingBytes() > WAITING_BYTES_MAX;
        const to = isSlow ? messages.length : endOfPart(messages, at);
        const isLast = to === messages.length;
        const part = isSlow ? [] : messages.slice(at, to);
        unsaid += to - at - part.length;
        at = to;
        if (isSlow && end === null) return;
        const params = {
          actor: about,
          messages: part,
          skipped: unsaid,
          end: isLast ? end : null,
        };
        unsaid = 0;
        about = null;
        this.wire.send(JSON.stringify({ method: 'Trace.messages', trace, params }));
      } while (at < messages.length);
      if (end === null) return;
      isOver = true;
      this.traces.delete(trace);
    };
    try {
      const trace = await this.desk.start(params, client, { heard });
      if (!isOver) this.traces.add(trace);
      if (this.isClosed) this.close();
      return { trace };
    } finally {
      this.starting--;
    }
  }

  /** @throws Refused */
  stop({ trace }: ParamsOf<'Trace.stop'>): ResultOf<'Trace.stop'> {
    if (!this.traces.has(trace)) throw new Refused('gone', `there is no trace ${trace}`);
    this.desk.stop(trace);
    return {};
  }

  /** The connection is over. */
  close(): void {
    this.isClosed = true;
    for (const trace of this.traces) this.desk.stop(trace);
    this.traces.clear();
  }
}

/** As many as fit into an event, from there on. */
function endOfPart(messages: readonly TracedMessage[], from: number): number {
  let length = 0;
  let at = from;
  for (; at < messages.length && length < EVENT_MAX; at++) {
    const { name, error, payload } = messages[at] as TracedMessage;
    length += MESSAGE_CHARACTERS + name.length + (error?.length ?? 0) + (payload?.length ?? 0);
  }
  return at;
}
