/** One measurement of an actor, on the actor's thread: counts times, and tells them each second. */
import { OCTAVE_BUCKETS, octaveBucket } from '../../hotpath/index.ts';
import type { Cell } from '../cell/cell.ts';
import type { Host } from '../host/host.ts';
import { Arrivals } from './arrivals.ts';
import type { MeasureReport } from './measure.ts';
import type { TapListener, Want } from './tap.ts';
import type { TracedMessage, TraceEnd } from './trace.ts';

/** Milliseconds between two reports. */
const REPORT_MS = 1000;
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
  private isOver: boolean = false;

  constructor(cell: Cell, ttlMs: number, report: (report: MeasureReport) => void) {
    const { host } = cell;
    this.host = host;
    this.report = report;
    this.arrivals = new Arrivals(cell.mailbox?.length ?? 0, host.clock.monotonicMs());
    this.cancelEnd = host.after(ttlMs, () => this.close('ttl'));
    this.cancelReport = host.after(REPORT_MS, () => this.tell());
    // Who becomes ready with it is what a time in the mailbox begins with.
    host.dispatcher.timesAll(true);
    this.whenOver = () => undefined;
  }

  wants(nowMs: number, waiting: number): Want {
    this.arrivals.look(waiting + 1, nowMs, false);
    const waitMs = this.arrivals.take(nowMs);
    if (!Number.isNaN(waitMs)) count(this.waits, waitMs);
    return WANT;
  }

  arrived(waiting: number, nowMs: number): void {
    this.arrivals.look(waiting, nowMs, true);
  }

  handled({ tookMs, outcome }: TracedMessage): void {
    this.messages++;
    if (outcome === 'failed') this.failed++;
    count(this.took, tookMs);
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

  private tell(): void {
    this.cancelReport = this.host.after(REPORT_MS, () => this.tell());
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

function count(counts: Float64Array, ms: number): void {
  const bucket = octaveBucket(ms * 1000);
  counts[bucket] = (counts[bucket] as number) + 1;
}
