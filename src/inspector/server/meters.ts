/**
 * Actors that are being measured, because somebody asks again and again how long their messages wait: the
 * first question begins it, and it ends when nobody has asked for a while. All who ask share one.
 */
import { OCTAVE_BUCKETS, octaveQuantile } from '../../hotpath/index.ts';
import type { AnyRef, MeasureReport, System } from '../../runtime/index.ts';
import { LIMITS, type ResultOf } from '../protocol/schema.ts';

/** What is known of an actor that is measured. */
export type ActorTimes = ResultOf<'Actors.measure'>;

/** Milliseconds after which a measurement ends that nobody asks for. Higher: it costs the actor longer. */
const UNASKED_MS = 10_000;
/** Milliseconds after which one begins anew, so that nothing is measured for ever. */
const TTL_MS = 3_600_000;
/** Seconds that are told. */
const SECONDS = 60;

type Open = {
  /** The newest last. */
  readonly seconds: MeasureReport[];
  readonly end: () => void;
  readonly beganMs: number;
  askedMs: number;
};

/** Thread rule: the thread that started the system. */
export class Meters {
  private readonly system: System;
  private readonly nowMs: () => number;
  private readonly open: Map<string, Open> = new Map();

  constructor(system: System, nowMs: () => number) {
    this.system = system;
    this.nowMs = nowMs;
  }

  /** @returns `gone`: there is no such actor; `busy`: too many are measured */
  ask(path: string): ActorTimes | 'gone' | 'busy' {
    const nowMs = this.nowMs();
    const known = this.open.get(path);
    if (known !== undefined) {
      known.askedMs = nowMs;
      return told(known, nowMs);
    }
    const ref = this.system.lookup(path);
    if (ref === null) return 'gone';
    if (this.open.size >= LIMITS.measurements) return 'busy';
    const opened = this.begin(path, ref, nowMs);
    // An actor that has just ended is told at once.
    return this.open.get(path) === opened ? told(opened, nowMs) : 'gone';
  }

  /** Nothing is measured any more. */
  close(): void {
    for (const { end } of [...this.open.values()]) end();
  }

  private begin(path: string, ref: AnyRef, nowMs: number): Open {
    const seconds: MeasureReport[] = [];
    let isOver = false;
    const end = this.system.measure(ref, TTL_MS, (report) => {
      seconds.push(report);
      if (seconds.length > SECONDS) seconds.shift();
      if (report.end !== null) {
        isOver = true;
        this.open.delete(path);
      } else if (this.nowMs() - opened.askedMs > UNASKED_MS) opened.end();
    });
    const opened: Open = { seconds, end, beganMs: nowMs, askedMs: nowMs };
    if (!isOver) this.open.set(path, opened);
    return opened;
  }
}

function told({ seconds, beganMs }: Open, nowMs: number): ActorTimes {
  const waits = sumOf(seconds.map(({ waits }) => waits));
  const took = sumOf(seconds.map(({ took }) => took));
  const total = (of: (second: MeasureReport) => number): number =>
    seconds.reduce((sum, second) => sum + of(second), 0);
  return {
    forMs: Math.min(nowMs - beganMs, SECONDS * 1000),
    messages: total(({ messages }) => messages),
    failed: total(({ failed }) => failed),
    wait: timesOf(waits),
    took: timesOf(took),
  };
}

function timesOf(counts: number[]): ActorTimes['wait'] {
  const at = (q: number): number | null => {
    const us = octaveQuantile(counts, q);
    return Number.isNaN(us) ? null : us;
  };
  return { p50Us: at(0.5), p99Us: at(0.99), p999Us: at(0.999), counts };
}

/** By bucket, without the empty ones at the end. */
function sumOf(all: readonly Float64Array[]): number[] {
  const sum = new Array<number>(OCTAVE_BUCKETS).fill(0);
  for (const counts of all) {
    counts.forEach((count, i) => {
      sum[i] = (sum[i] as number) + count;
    });
  }
  return sum.slice(0, sum.findLastIndex((count) => count > 0) + 1);
}
