/** The conformance suite against the stores in memory: plain, and behind faults. */
import { describe, test } from 'vitest';
import { type MemoryStore, memoryStore, type Store } from '../../../src/runtime/store/index.ts';
import {
  FaultyStore,
  SimClock,
  type StoreFaults,
  type StoreUnderTest,
  seededRandom,
  storeConformance,
} from '../../../src/runtime/testkit/index.ts';
import { driven } from './driven.ts';

const HISTORY = 20;
/** What a careful client need not notice: only its watches and its patience are tried. */
const HARMLESS: StoreFaults = { delay: 0.3, delayMaxMs: 3, duplicate: 0.3, gap: 0.3 };

function underTest(clock: SimClock, wrap: (store: MemoryStore) => Store): StoreUnderTest {
  let inner = memoryStore({
    limits: { historyTransactionsMax: HISTORY },
    clock,
    alarm: clock.alarm(),
  });
  return {
    store: wrap(inner),
    wait: (ms) => void clock.advance(ms),
    historyTransactions: HISTORY,
    reopen: async () => {
      await inner.close();
      inner = inner.reopen();
      return wrap(inner);
    },
    dispose: () => inner.close(),
  };
}

describe('store in memory', () => {
  // Guards: P3, P4
  test.each(storeConformance)('store in memory - $name', async ({ run }) => {
    await run(async () => underTest(new SimClock(), (store) => store));
  });

  test.each(storeConformance)('store in memory behind faults - $name', async ({ run }) => {
    for (let seed = 1; seed <= 10; seed++) {
      const clock = new SimClock();
      const random = seededRandom(seed);
      const wrap = (store: Store): Store =>
        new FaultyStore(store, {
          faults: HARMLESS,
          random: random.split(),
          clock,
          alarm: clock.alarm(),
        });
      await driven(
        clock,
        run(async () => underTest(clock, wrap)),
      );
    }
  });
});
