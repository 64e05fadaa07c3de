/**
 * Traces and measurements of actors: asked for on the main thread, kept on the thread of the actor, told back
 * now and then. Each ends by its time or budget, with its actor, or when it is no longer wanted.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type { Cell } from '../cell/cell.ts';
import type { Host } from '../host/host.ts';
import type { ControlCalls } from '../transport/control-calls.ts';
import { KeptMeter } from './kept-meter.ts';
import { KeptTrace } from './kept-trace.ts';
import { type MeasureListener, type MeasureReport, NO_TIMES } from './measure.ts';
import { Tap } from './tap.ts';
import type { TraceBudget, TraceEnd, TraceListener, TraceReport } from './trace.ts';

/** Milliseconds beyond its time after which one that says nothing is over: its thread is too busy. */
const LOST_MS = 1000;

/** What is wanted of an actor. */
type Wish =
  | { readonly kind: 'trace'; readonly budget: TraceBudget }
  | { readonly kind: 'measure'; readonly ttlMs: number };
type Report = TraceReport | MeasureReport;

/** To an actor's thread. `wish`: null ends it. */
export type TraceOrder = {
  readonly trace: number;
  readonly index: number;
  readonly generation: number;
  readonly wish: Wish | null;
};

/** From an actor's thread. `report`: null: there is no such actor any more. */
export type TraceNews = { readonly trace: number; readonly report: Report | null };

type Heard = {
  readonly seat: number;
  readonly tell: (report: Report) => void;
  readonly over: (end: TraceEnd) => Report;
  readonly cancel: () => void;
};

/** One thread's traces, and on the main thread those who asked. Thread rule: its host's. */
export class Traces {
  private readonly host: Host;
  private readonly heard: Map<number, Heard> = new Map();
  private readonly kept: Map<number, KeptTrace | KeptMeter> = new Map();
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
    return this.begin(ref, { kind: 'trace', budget }, budget.ttlMs, {
      tell: (report) => listener(report as TraceReport),
      over: (end) => ({ actor: null, messages: [], skipped: 0, end }),
    });
  }

  /** As `start`, for times alone. */
  measure(ref: BaseRef, ttlMs: number, listener: MeasureListener): () => void {
    return this.begin(ref, { kind: 'measure', ttlMs }, ttlMs, {
      tell: (report) => listener(report as MeasureReport),
      over: (end) => ({ ...NO_TIMES, end }),
    });
  }

  /** On the main thread: a worker is gone, and its actors with it. */
  lost(seat: number): void {
    for (const [trace, heard] of this.heard) if (heard.seat === seat) this.over(trace, 'stopped');
  }

  private begin(
    ref: BaseRef,
    wish: Wish,
    ttlMs: number,
    who: Pick<Heard, 'tell' | 'over'>,
  ): () => void {
    const trace = ++this.numbers;
    const { seat, index, generation } = ref;
    const cancel = this.host.after(ttlMs + LOST_MS, () => this.over(trace, 'stopped'));
    this.heard.set(trace, { seat, cancel, ...who });
    this.order(seat, { trace, index, generation, wish });
    return () => {
      this.order(seat, { trace, index, generation, wish: null });
      this.over(trace, 'asked');
    };
  }

  private obey({ trace, index, generation, wish }: TraceOrder): void {
    if (wish === null) {
      this.kept.get(trace)?.close('asked');
      return;
    }
    const cell = this.host.table.find(index, generation);
    if (cell === null) {
      this.report({ trace, report: null });
      return;
    }
    const kept = this.keptOf(cell, wish, trace);
    this.kept.set(trace, kept);
    Tap.open(cell, kept);
    kept.whenOver = () => {
      this.kept.delete(trace);
      Tap.close(cell, kept);
    };
  }

  private keptOf(cell: Cell, wish: Wish, trace: number): KeptTrace | KeptMeter {
    const tell = (report: Report): void => this.report({ trace, report });
    return wish.kind === 'trace'
      ? new KeptTrace(cell, wish.budget, tell)
      : new KeptMeter(cell, wish.ttlMs, tell);
  }

  private news({ trace, report }: TraceNews): void {
    const heard = this.heard.get(trace);
    if (heard === undefined) return;
    const told = report ?? heard.over('stopped');
    if (told.end !== null) {
      this.heard.delete(trace);
      heard.cancel();
    }
    heard.tell(told);
  }

  private over(trace: number, end: TraceEnd): void {
    const report = this.heard.get(trace)?.over(end) ?? null;
    this.news({ trace, report });
  }

  private order(seat: number, order: TraceOrder): void {
    if (seat === this.host.seat) this.obey(order);
    else if (!this.host.links.cast(seat, 'trace', order)) this.over(order.trace, 'stopped');
  }

  private report(news: TraceNews): void {
    if (this.host.seat === 0) this.news(news);
    else this.host.links.cast(0, 'traced', news);
  }
}
