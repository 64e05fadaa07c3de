/**
 * What a system does, second by second: from counters that only grow, rates, shares and a verdict. Feeds the
 * topics `system`, `threads` and `pulse`. Pure.
 */
import { OCTAVE_BUCKETS, octaveQuantile } from '../../hotpath/index.ts';
import type { RowOf } from '../protocol/topics.ts';
import type { Alarm } from './findings.ts';

/** One thread's counters as they stand. */
export type ThreadReading = {
  readonly thread: number;
  /** How many were there before this one; its counters began at 0. */
  readonly replaced: number;
  readonly actors: number;
  readonly handled: number;
  readonly crashes: number;
  readonly restarts: number;
  readonly deadLetters: number;
  readonly busyMs: number;
  /** By octave bucket, microseconds. A view of live memory: copied here. */
  readonly waits: ArrayLike<number>;
};

/** What the thread that holds the system has last answered. */
export type SystemReading = {
  readonly deadLetters: number;
  readonly lost: number;
  readonly inFlight: number;
  readonly rings: readonly {
    readonly to: number;
    readonly data: number;
    readonly control: number;
  }[];
  /** Milliseconds ago. */
  readonly ageMs: number;
};

/** Seconds over which "now" is. */
const MINUTE = 60;
/** Restarts in a minute from which a system needs somebody. Lower: a single bad message is an alarm. */
export const RESTARTS_ALARM = 10;
/** Share of a ring from which its senders are about to be held up. */
const FILL_ALARM = 0.9;
/** Milliseconds without an answer from the thread that holds the system. */
const SILENT_ALARM_MS = 3000;

type Pulse = RowOf<'pulse'>;
type Thread = RowOf<'threads'>;

/** Thread rule: none. */
export class VitalSigns {
  private readonly before: Map<number, ThreadReading> = new Map();
  /** The last minute, the oldest first. */
  private readonly minute: Pulse[] = [];
  private readonly lostThen: number[] = [];
  private threads: readonly Thread[] = [];
  private main: SystemReading | null = null;
  private beforeMs: number | null = null;

  /** A second has passed, about. @returns null at the first time: nothing is known of before */
  second(
    nowMs: number,
    readings: readonly ThreadReading[],
    main: SystemReading | null,
  ): Pulse | null {
    const spanMs = this.beforeMs === null ? null : nowMs - this.beforeMs;
    this.beforeMs = nowMs;
    this.main = main;
    const deltas = readings.map((reading) =>
      this.since(reading, spanMs ?? Number.POSITIVE_INFINITY),
    );
    this.threads = readings.map((reading, i) => ({
      thread: reading.thread,
      actors: reading.actors,
      handledPerSecond:
        ((deltas[i] as Delta).handled * 1000) / (spanMs ?? Number.POSITIVE_INFINITY),
      utilisation: (deltas[i] as Delta).utilisation,
      fill: fillTo(main, reading.thread),
      replaced: reading.replaced,
    }));
    if (spanMs === null) return null;
    const sum = (of: (delta: Delta) => number): number =>
      deltas.reduce((total, delta) => total + of(delta), 0);
    const pulse: Pulse = {
      atMs: nowMs,
      handled: sum(({ handled }) => handled),
      crashes: sum(({ crashes }) => crashes),
      restarts: sum(({ restarts }) => restarts),
      deadLetters: sum(({ deadLetters }) => deadLetters),
      waits: trimmed(deltas.map(({ waits }) => waits)),
      utilisation: this.threads.map(({ utilisation }) => utilisation),
      fill: this.threads.map(({ fill }) => fill),
    };
    this.minute.push(pulse);
    this.lostThen.push(main?.lost ?? 0);
    if (this.minute.length > MINUTE) this.minute.shift();
    if (this.lostThen.length > MINUTE) this.lostThen.shift();
    return pulse;
  }

  /** On all threads, as of the last second. */
  get actors(): number {
    return this.threads.reduce((sum, { actors }) => sum + actors, 0);
  }

  /** Rows of the topic `threads`. */
  threadRows(): readonly Thread[] {
    return this.threads;
  }

  /** The row of the topic `system`. */
  systemRow(): RowOf<'system'> {
    const waits = new Float64Array(OCTAVE_BUCKETS);
    for (const pulse of this.minute) {
      pulse.waits.forEach((count, i) => {
        waits[i] = (waits[i] as number) + count;
      });
    }
    const because = this.alarms().map(({ text }) => text);
    return {
      verdict: because.length === 0 ? 'healthy' : 'attention',
      because,
      actors: this.actors,
      threads: this.threads.length,
      handledPerSecond: this.threads.reduce((sum, one) => sum + one.handledPerSecond, 0),
      p50WaitUs: known(octaveQuantile(waits, 0.5)),
      p99WaitUs: known(octaveQuantile(waits, 0.99)),
      restartsPerMinute: this.inMinute(({ restarts }) => restarts),
      deadLetters: this.main?.deadLetters ?? 0,
      lost: this.main?.lost ?? 0,
      inFlight: this.main?.inFlight ?? 0,
    };
  }

  /** What needs somebody. */
  alarms(): readonly Alarm[] {
    const alarms: Alarm[] = [];
    const alarm = (kind: Alarm['kind'], text: string, thread: number | null = null): void =>
      void alarms.push({ kind, thread, text });
    const restarts = this.inMinute((pulse) => pulse.restarts);
    if (restarts >= RESTARTS_ALARM) alarm('restarts', `${restarts} restarts in a minute`);
    const lost = (this.main?.lost ?? 0) - (this.lostThen[0] ?? 0);
    if (lost > 0) alarm('lost', `${lost} messages died with a thread in the last minute`);
    for (const { thread, fill } of this.threads) {
      if (fill < FILL_ALARM) continue;
      alarm('ring', `a ring to thread ${thread} is ${Math.round(fill * 100)} % full`, thread);
    }
    const ageMs = this.main?.ageMs ?? 0;
    if (ageMs > SILENT_ALARM_MS) {
      const seconds = Math.round(ageMs / 1000);
      alarm('silent', `the starting thread has not answered for ${seconds} s`, 0);
    }
    return alarms;
  }

  private inMinute(of: (pulse: Pulse) => number): number {
    return this.minute.reduce((sum, pulse) => sum + of(pulse), 0);
  }

  private since(reading: ThreadReading, spanMs: number): Delta {
    const { thread, replaced } = reading;
    const known = this.before.get(thread);
    const before = known?.replaced === replaced ? known : NOTHING;
    this.before.set(thread, { ...reading, waits: Float64Array.from(reading.waits) });
    return {
      handled: reading.handled - before.handled,
      crashes: reading.crashes - before.crashes,
      restarts: reading.restarts - before.restarts,
      deadLetters: reading.deadLetters - before.deadLetters,
      utilisation: Math.min(1, Math.max(0, (reading.busyMs - before.busyMs) / spanMs)),
      waits: Array.from(reading.waits, (count, i) => count - (before.waits[i] ?? 0)),
    };
  }
}

type Delta = Pick<Pulse, 'handled' | 'crashes' | 'restarts' | 'deadLetters' | 'waits'> & {
  readonly utilisation: number;
};

const NOTHING = { handled: 0, crashes: 0, restarts: 0, deadLetters: 0, busyMs: 0, waits: [] };

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

function fillTo(main: SystemReading | null, thread: number): number {
  const fills = (main?.rings ?? [])
    .filter(({ to }) => to === thread)
    .map(({ data, control }) => Math.max(data, control));
  return Math.max(0, ...fills);
}

/** Summed, without the zeros at the end. */
function trimmed(all: readonly (readonly number[])[]): number[] {
  const sums = new Array<number>(OCTAVE_BUCKETS).fill(0);
  for (const counts of all) {
    counts.forEach((count, i) => {
      sums[i] = (sums[i] as number) + count;
    });
  }
  return sums.slice(0, sums.findLastIndex((count) => count > 0) + 1);
}
