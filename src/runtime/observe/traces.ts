/**
 * Traces of actors: asked for on the main thread, kept on the thread of the actor, told back in batches. A
 * trace ends by its budget, with its actor, or when it is no longer wanted.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type { Cell } from '../cell/cell.ts';
import type { Host } from '../host/host.ts';
import type { ControlCalls } from '../transport/control-calls.ts';
import { argsText, Tap, type TapListener, type Want } from './tap.ts';
import type {
  TraceBudget,
  TracedActor,
  TracedMessage,
  TraceEnd,
  TraceListener,
  TraceReport,
} from './trace.ts';

/** Milliseconds that messages may wait for more. */
const BATCH_MS = 50;
const SECOND_MS = 1000;
/** Milliseconds beyond its time after which a trace that says nothing is over: its thread is too busy. */
const LOST_MS = 1000;

/** To an actor's thread. `budget`: null ends the trace. */
export type TraceOrder = {
  readonly trace: number;
  readonly index: number;
  readonly generation: number;
  readonly budget: TraceBudget | null;
};

/** From an actor's thread. */
export type TraceNews = { readonly trace: number; readonly report: TraceReport };

type Heard = {
  readonly seat: number;
  readonly listener: TraceListener;
  readonly cancel: () => void;
};

/** One thread's traces, and on the main thread those who asked. Thread rule: its host's. */
export class Traces {
  private readonly host: Host;
  private readonly heard: Map<number, Heard> = new Map();
  private readonly kept: Map<number, KeptTrace> = new Map();
  private numbers: number = 0;

  constructor(host: Host) {
    this.host = host;
  }

  /** Hears orders and news of other threads. */
  serve(calls: ControlCalls): void {
    calls.serve('trace', (order: TraceOrder) => this.obey(order));
    calls.serve('traced', (news: TraceNews) => this.news(news));
  }

  /** On the main thread. @returns how to end it; the listener is told the end in any case */
  start(ref: BaseRef, budget: TraceBudget, listener: TraceListener): () => void {
    const trace = ++this.numbers;
    const { index, generation } = ref;
    const over = (end: TraceEnd): void => this.news({ trace, report: nothingMore(end) });
    const cancel = this.host.after(budget.ttlMs + LOST_MS, () => over('stopped'));
    this.heard.set(trace, { seat: ref.seat, listener, cancel });
    this.order(ref.seat, { trace, index, generation, budget });
    return () => {
      this.order(ref.seat, { trace, index, generation, budget: null });
      over('asked');
    };
  }

  /** On the main thread: a worker is gone, and its actors with it. */
  lost(seat: number): void {
    for (const [trace, heard] of this.heard) {
      if (heard.seat === seat) this.news({ trace, report: nothingMore('stopped') });
    }
  }

  private obey({ trace, index, generation, budget }: TraceOrder): void {
    if (budget === null) {
      this.kept.get(trace)?.close('asked');
      return;
    }
    const cell = this.host.table.find(index, generation);
    if (cell === null) {
      this.report({ trace, report: nothingMore('stopped') });
      return;
    }
    const kept = new KeptTrace(cell, budget, (report) => this.report({ trace, report }));
    this.kept.set(trace, kept);
    Tap.open(cell, kept);
    kept.whenOver = () => {
      this.kept.delete(trace);
      Tap.close(cell, kept);
    };
  }

  private news({ trace, report }: TraceNews): void {
    const heard = this.heard.get(trace);
    if (heard === undefined) return;
    if (report.end !== null) {
      this.heard.delete(trace);
      heard.cancel();
    }
    heard.listener(report);
  }

  private order(seat: number, order: TraceOrder): void {
    if (seat === this.host.seat) this.obey(order);
    else if (!this.host.links.cast(seat, 'trace', order)) {
      this.news({ trace: order.trace, report: nothingMore('stopped') });
    }
  }

  private report(news: TraceNews): void {
    if (this.host.seat === 0) this.news(news);
    else this.host.links.cast(0, 'traced', news);
  }
}

/** One trace on the thread of its actor. */
class KeptTrace implements TapListener {
  whenOver: () => void = () => undefined;
  private readonly host: Host;
  private readonly budget: TraceBudget;
  private readonly report: (report: TraceReport) => void;
  private readonly sinceMs: number;
  private readonly cancelEnd: () => void;
  private cancelFlush: (() => void) | null = null;
  /** Until it was told. */
  private actor: TracedActor | null;
  private messages: TracedMessage[] = [];
  private skipped: number = 0;
  private begun: number = 0;
  private told: number = 0;
  /** When the present second began, and messages in it. */
  private secondMs: number;
  private inSecond: number = 0;
  private isOver: boolean = false;

  constructor(cell: Cell, budget: TraceBudget, report: (report: TraceReport) => void) {
    const { host } = cell;
    this.host = host;
    this.actor = aboutOf(cell, budget);
    this.budget = budget;
    this.report = report;
    this.sinceMs = host.clock.monotonicMs();
    this.secondMs = this.sinceMs;
    this.cancelEnd = host.after(budget.ttlMs, () => this.close('ttl'));
  }

  wants(nowMs: number): Want | null {
    const { max, perSecond, payloads } = this.budget;
    if (this.begun >= max) return null;
    if (nowMs - this.secondMs >= SECOND_MS) {
      this.secondMs = nowMs;
      this.inSecond = 0;
    }
    if (this.inSecond >= perSecond) {
      this.skipped++;
      this.soon();
      return null;
    }
    this.inSecond++;
    this.begun++;
    return { payloads, sinceMs: this.sinceMs };
  }

  handled(message: TracedMessage): void {
    if (this.isOver) return;
    this.messages.push(message);
    this.told++;
    if (this.told >= this.budget.max) this.close('max');
    else this.soon();
  }

  stopped(): void {
    this.close('stopped');
  }

  close(end: TraceEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelEnd();
    this.whenOver();
    this.flush(end);
  }

  private soon(): void {
    this.cancelFlush ??= this.host.after(BATCH_MS, () => this.flush(null));
  }

  private flush(end: TraceEnd | null): void {
    this.cancelFlush?.();
    this.cancelFlush = null;
    const { actor, messages, skipped } = this;
    this.actor = null;
    this.messages = [];
    this.skipped = 0;
    this.report({ actor, messages, skipped, end });
  }
}

const nothingMore = (end: TraceEnd): TraceReport => ({
  actor: null,
  messages: [],
  skipped: 0,
  end,
});

function aboutOf(cell: Cell, { payloads }: TraceBudget): TracedActor {
  const { definition, incarnation, args } = cell;
  const { handled } = cell.host.memory.figuresOf(cell.index);
  return {
    url: definition.url,
    name: definition.name,
    args: argsText(args, payloads),
    incarnation,
    isMidway: handled > 0,
  };
}
