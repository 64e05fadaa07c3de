/** What a system counts, summed over its threads. Read from shared memory; asks no thread. */
import { COUNTERS, type CounterName } from '../host/seat-layout.ts';
import type { SeatMemory } from '../host/seat-memory.ts';
import type { Retired } from '../threads/retired.ts';
import type { WireFill } from '../threads/wires.ts';

/** One thread's shared memory. */
export type SeatView = { readonly seat: number; readonly memory: SeatMemory };

/** Counters by name. */
export type Counters = { readonly [K in CounterName]: number };

/** Figures of a system; exact when it is quiet, else late by a turn. */
export type SystemFigures = {
  readonly threads: readonly { readonly thread: number; readonly counters: Counters }[];
  readonly total: Counters;
  /** Messages that threads have sent each other. */
  readonly sent: number;
  /** Messages that died with a thread. */
  readonly lost: number;
  readonly deadLetters: number;
  /** Accepted and neither handled nor dead nor lost: 0 when the system is quiet (semantics D3). */
  readonly inFlight: number;
  /** How full each way between two threads is, as parts of 1; a look, already past. */
  readonly rings: readonly WireFill[];
};

/** Sums up. `retired`: what workers that are gone had counted. */
export function readFigures(
  seats: readonly SeatView[],
  retired: Retired | null,
  rings: readonly WireFill[],
): SystemFigures {
  const threads = seats.map(({ seat, memory }) => ({ thread: seat, counters: countersOf(memory) }));
  const total = Object.fromEntries(
    COUNTERS.map((name, i) => {
      const before = retired?.counters[i] ?? 0;
      return [name, threads.reduce((sum, one) => sum + one.counters[name], before)];
    }),
  ) as Counters;
  let sent = retired?.sent ?? 0;
  for (const { memory } of seats) for (const count of memory.sent) sent += count;
  const deadLetters = COUNTERS.filter((name) => name.startsWith('dead')).reduce(
    (sum, name) => sum + total[name],
    0,
  );
  const lost = total.lost + (retired?.lost ?? 0);
  const inFlight = total.accepted + sent - total.handled - deadLetters - lost;
  return { threads, total, sent, lost, deadLetters, inFlight, rings };
}

function countersOf(memory: SeatMemory): Counters {
  return Object.fromEntries(COUNTERS.map((name) => [name, memory.counter(name)])) as Counters;
}
