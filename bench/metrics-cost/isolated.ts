/**
 * What the figures cost by counting: nanoseconds of what is written for them in an actor's turn and
 * in the thread's, times how many of each a message takes. Each part is called in a loop of its
 * own, loops not subtracted, so the sum errs upward; but for what they cost the code around them,
 * which only the comparison of whole runs can show.
 */
import { pathToFileURL } from 'node:url';
import { median } from '../harness/statistics.ts';

/** The one class of the built package that writes them. */
type Memory = {
  readonly counters: Float64Array;
  turned(index: number, handled: number, depth: number): void;
  waited(index: number, waitUs: number): void;
};

const ROUNDS = 7;
const CALLS = 4_000_000;
/** Counters that are there for figures only, and actors among which the writes go round. */
const COUNTERS_FROM = 2;
const COUNTERS_TO = 21;
const ACTORS_MASK = 255;
/** One in so many turns has its wait timed, with two looks at the clock. */
const TURNS_PER_SAMPLE = 128;

/** Nanoseconds of one actor's turn, and of the end of one of the thread's. */
export type WriteCost = { readonly turnNs: number; readonly showNs: number };

/** @param folder of the package, as built */
export async function writeCost(folder: string): Promise<WriteCost> {
  const url = pathToFileURL(`${folder}dist/runtime/host/seat-memory.js`).href;
  const { SeatMemory } = (await import(url)) as {
    readonly SeatMemory: { create(actorsMax: number): Memory };
  };
  const memory = SeatMemory.create(1024);
  const turned = time((i) => memory.turned(i & ACTORS_MASK, 64, i & 7));
  const sampled = time((i) => {
    const beganMs = performance.now();
    memory.waited(i & ACTORS_MASK, (performance.now() - beganMs) * 1000);
  });
  const { counters } = memory;
  const counted = time((i) => {
    for (let n = COUNTERS_FROM; n < COUNTERS_TO; n++) counters[n] = i;
  });
  return { turnNs: turned + sampled / TURNS_PER_SAMPLE, showNs: counted };
}

function time(call: (index: number) => void): number {
  const figures: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    for (let i = 0; i < CALLS; i++) call(i);
    figures.push(((performance.now() - startMs) * 1e6) / CALLS);
  }
  return median(figures);
}
