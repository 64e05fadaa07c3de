/**
 * One measurement of an actor, on the actor's thread: counts times, and tells them each second. Of an actor
 * that handles more than it can be asked to time, each so many-th message is timed and stands for the others.
 */
import { OCTAVE_BUCKETS, octaveBucket } from '../../hotpath/index.ts';
import type { Cell } from '../cell/cell.ts';
import type { Host } from '../host/host.ts';
import { Arrivals } from './arrivals.ts';
import type { MeasureReport } from './measure.ts';
import type { TapListener, Want } from './tap.ts';
import type { TracedMessage, TraceEnd } from './trace.ts';

/** Milliseconds between two reports. */
const REPORT_MS = 1000;
/** Messages of a second that are timed, about. Higher: finer quantiles. Lower: a busy actor pays less. */
const TIMED_PER_SECOND = 10_000;
/** Timed messages after which the stride is looked at, and how long they should take in milliseconds. */
const ADAPT_EVERY = 100;
const ADAPT_MS = (1000 * ADAPT_EVERY) / TIMED_PER_SECOND;
const STRIDE_MAX = 1 << 16;
const WANT: Want = { payloads: false, sinceMs: 0 };

/** Thread rule: the actor's. */
export class KeptMeter implements TapListener {
  whenOver: () => void;
  private readonly host: Host;
  private readonly report: (report: MeasureReport) => void;
  private readonly arrivals: Arrivals;
  private readonly cancelEnd: () => void;
  private cancelReport: () => void;
  private waits: Float64Array = new Float64Array(OCTAVE_BUCKETS);
  private took: Float64Array = new Float64Array(OCTAVE_BUCKETS);
  private messages: number = 0;
  private failed: number = 0;
  /** One in so many is timed. */
  private stride: number = 1;
  /** Messages until the next one that is, with it. */
  private left: number = 1;
  /** Handled since somebody looked at the mailbox. */
  private unseen: number = 0;
  /** Handled since the one that was timed last; as many stand behind the next one, with it. */
  private since: number = 0;
  private weight: number = 1;
  private timed: number = 0;
  private adaptedMs: number;
  private isOver: boolean = false;

  constructor(cell: Cell, ttlMs: number, report: (report: MeasureReport) => void) {
    const { host } = cell;
    this.host = host;
    this.report = report;
    this.adaptedMs = host.clock.monotonicMs();
    this.arrivals = new Arrivals(cell.mailbox?.length ?? 0, this.adaptedMs);
    this.cancelEnd = host.after(ttlMs, () => this.close('ttl'));
    this.cancelReport = host.after(REPORT_MS, () => this.tell());
    // Who becomes ready with it is what a time in the mailbox begins with.
    host.dispatcher.timesAll(true);
    this.whenOver = () => undefined;
  }

  isDue(): boolean {
    this.messages++;
    this.unseen++;
    this.since++;
    return --this.left <= 0;
  }

  wants(nowMs: number, waiting: number): Want | null {
    // Somebody else wants this one.
    if (this.left > 0) return null;
    this.arrivals.look(waiting + 1, nowMs, false, this.unseen - 1);
    this.unseen = 0;
    // Not the stride: that is another one by now where the actor has become calm, or busier.
    this.weight = this.since;
    this.since = 0;
    this.count(this.waits, this.arrivals.take(nowMs));
    if (++this.timed % ADAPT_EVERY === 0) this.adapt(nowMs);
    this.left = this.stride;
    return WANT;
  }

  arrived(waiting: number): void {
    // It is not the one that will be timed, nor is that one there.
    if (waiting < this.left) return;
    this.arrivals.look(waiting, this.host.clock.monotonicMs(), true, this.unseen);
    this.unseen = 0;
  }

  dropped(waiting: number): void {
    const nowMs = this.host.clock.monotonicMs();
    this.arrivals.look(waiting + 1, nowMs, false, this.unseen);
    this.unseen = 0;
    this.arrivals.take(nowMs);
  }

  handled({ tookMs }: TracedMessage): void {
    this.count(this.took, tookMs);
  }

  threw(): void {
    this.failed++;
  }

  stopped(): void {
    this.close('stopped');
  }

  close(end: TraceEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelEnd();
    this.cancelReport();
    this.host.dispatcher.timesAll(false);
    this.whenOver();
    this.flush(end);
  }

  private count(counts: Float64Array, ms: number): void {
    if (Number.isNaN(ms)) return;
    const bucket = octaveBucket(ms * 1000);
    counts[bucket] = (counts[bucket] as number) + this.weight;
  }

  private adapt(nowMs: number): void {
    const factor = ADAPT_MS / Math.max(ADAPT_MS / 16, nowMs - this.adaptedMs);
    this.stride = Math.min(STRIDE_MAX, Math.max(1, Math.round(this.stride * factor)));
    this.adaptedMs = nowMs;
  }

  private tell(): void {
    this.cancelReport = this.host.after(REPORT_MS, () => this.tell());
    // An actor that is calm again is timed again, message by message.
    this.stride = Math.min(this.stride, Math.max(1, Math.ceil(this.messages / TIMED_PER_SECOND)));
    this.left = Math.min(this.left, this.stride);
    this.flush(null);
  }

  private flush(end: TraceEnd | null): void {
    const { messages, failed, waits, took } = this;
    this.report({ messages, failed, waits, took, end });
    this.messages = 0;
    this.failed = 0;
    this.waits = new Float64Array(OCTAVE_BUCKETS);
    this.took = new Float64Array(OCTAVE_BUCKETS);
  }
}
