/**
 * What workers that are gone had counted. Their shared memory is given up with them, so the crew
 * adds it here when they go; a system's figures go on from it.
 */
import { COUNTERS, COUNTERS_MAX } from '../host/seat-layout.ts';
import type { SeatMemory } from '../host/seat-memory.ts';

/** Sums over workers that are gone; `lost`: messages that died in them. */
export type Retired = { readonly counters: Float64Array; sent: number; lost: number };

/** Before the first one goes. */
export function nobodyRetired(): Retired {
  return { counters: new Float64Array(COUNTERS_MAX), sent: 0, lost: 0 };
}

/** Adds a worker's counts, and what it had taken in or accepted and neither handled nor buried. */
export function retire(retired: Retired, memory: SeatMemory): void {
  let dead = 0;
  memory.counters.forEach((count, i) => {
    // How many there are is no sum over time.
    if (COUNTERS[i] === 'actors') return;
    if (COUNTERS[i]?.startsWith('dead') === true) dead += count;
    retired.counters[i] = (retired.counters[i] as number) + count;
  });
  let taken = 0;
  for (const count of memory.taken) taken += count;
  for (const count of memory.sent) retired.sent += count;
  retired.lost += taken + memory.counter('accepted') - memory.counter('handled') - dead;
}
