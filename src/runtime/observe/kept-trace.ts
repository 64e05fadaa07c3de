/** One trace of an actor, on the actor's thread: what it handles, within a budget, told in batches. */
import type { Cell } from '../cell/cell.ts';
import type { Host } from '../host/host.ts';
import { argsText, type TapListener, type Want } from './tap.ts';
import type { TraceBudget, TracedActor, TracedMessage, TraceEnd, TraceReport } from './trace.ts';

/** Milliseconds that messages may wait for more. */
const BATCH_MS = 50;
const SECOND_MS = 1000;

/** Thread rule: the actor's. */
export class KeptTrace implements TapListener {
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

  isDue(): boolean {
    return true;
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

  arrived(): void {
    // A trace tells what is handled.
  }

  dropped(): void {
    // Nor one that is not.
  }

  handled(message: TracedMessage): void {
    if (this.isOver) return;
    this.messages.push(message);
    this.told++;
    if (this.told >= this.budget.max) this.close('max');
    else this.soon();
  }

  threw(): void {
    // Told as the outcome of the message.
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
