/** One thread's counters, read from its shared memory on any thread. */
import { COUNTERS, type CounterName } from '../host/seat-layout.ts';
import { SeatMemory } from '../host/seat-memory.ts';

/** Thread rule: any thread; late by a turn. */
export class SeatFigures {
  private readonly memory: SeatMemory;

  constructor(buffer: SharedArrayBuffer, actorsMax: number) {
    this.memory = new SeatMemory(buffer, actorsMax);
  }

  /** As of the thread's last turn. */
  counter(name: CounterName): number {
    return this.memory.counter(name);
  }

  /** All that died here without a handler. */
  get deadLetters(): number {
    return COUNTERS.reduce(
      (sum, name) => (name.startsWith('dead') ? sum + this.memory.counter(name) : sum),
      0,
    );
  }

  /** Times in the mailbox in microseconds, of samples: counts by octave bucket. A live view. */
  get waits(): Float64Array {
    return this.memory.waitCounts;
  }
}
