/**
 * A store in memory: for tests, the simulator and programs that need no durability. Closing it
 * keeps its data, so that `reopen` can show what a restarted process finds.
 */
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import { SystemAlarm } from '../ports/system-alarm.ts';
import { systemClock } from '../ports/system-clock.ts';
import { MemoryTables } from './memory-tables.ts';
import { OpenStore } from './open-store.ts';
import type { Store } from './store.ts';
import { type StoreLimits, storeLimits } from './store-limits.ts';

/** How to make a store in memory. */
export type MemoryStoreOptions = {
  readonly limits?: Partial<StoreLimits>;
  /** Default: the machine's. The simulator passes its own. */
  readonly clock?: Clock;
  /** One alarm that nobody else sets. Default: Node's, which does not keep the process alive. */
  readonly alarm?: Alarm;
};

/** A store in memory. Thread rule: the thread that made it. */
export interface MemoryStore extends Store {
  /** After `close`: the same data under a new owner, as after a restart. Leases begin anew. */
  reopen(): MemoryStore;
}

/** @throws RM_STORE_OPTION for limits out of range */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryOpenStore(new MemoryTables(), options);
}

class MemoryOpenStore extends OpenStore implements MemoryStore {
  private readonly tables: MemoryTables;
  private readonly options: MemoryStoreOptions;

  constructor(tables: MemoryTables, options: MemoryStoreOptions) {
    const clock = options.clock ?? systemClock;
    super({
      tables,
      limits: storeLimits(options.limits),
      clock,
      alarm: options.alarm ?? new SystemAlarm({ clock, keepsAlive: false }),
      closing: () => undefined,
      closed: () => Promise.resolve(),
      broke: () => undefined,
    });
    this.tables = tables;
    this.options = options;
    this.promote(tables);
  }

  reopen(): MemoryStore {
    return new MemoryOpenStore(this.tables, this.options);
  }
}
