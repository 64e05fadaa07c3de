/** The store inside a simulated system: in virtual time, with faults, the same for the same seed. */
import { describe, expect, test } from 'vitest';
import { actor } from '../../../src/runtime/index.ts';
import { memoryStore, type Store } from '../../../src/runtime/store/index.ts';
import { FaultyStore, SimSystem, seededRandom } from '../../../src/runtime/testkit/index.ts';

const Counter = actor(import.meta.url, {
  name: 'CounterInStore',
  setup: ({ store, key }: { store: Store; key: string }) => ({
    add: async (): Promise<number> => {
      for (let tries = 0; ; tries++) {
        try {
          const { entry } = await store.get(key);
          const { succeeded } = await store.transact({
            compare: [{ key, revision: entry?.revision ?? 0 }],
            success: [{ kind: 'put', key, value: Uint8Array.of((entry?.value[0] ?? 0) + 1) }],
          });
          if (succeeded) return tries;
        } catch (error) {
          if ((error as { code?: string }).code !== 'RM_STORE_UNAVAILABLE') throw error;
        }
      }
    },
  }),
});

async function run(seed: number): Promise<readonly [number, number, string]> {
  await using system = await SimSystem.start({ seed, threads: 0 });
  const made = memoryStore({ clock: system.clock, alarm: system.alarm() });
  const store = new FaultyStore(made, {
    faults: { delay: 0.5, delayMaxMs: 20, unavailable: 0.2 },
    random: seededRandom(seed),
    clock: system.clock,
    alarm: system.alarm(),
  });
  const family = system.supervisor({});
  const refs = await system.until(
    Promise.all(
      [1, 2, 3].map((id) => family.spawn(Counter, { id: `c/${id}`, args: { store, key: 'n' } })),
    ),
  );
  const asks = refs.flatMap((ref) =>
    [1, 2, 3, 4].map(() => ref.ask('add', undefined, { timeout: '60s' })),
  );
  const tries = await system.until(Promise.all(asks));
  const { entry } = await made.get('n');
  await made.close();
  const sum = tries.reduce((total: number, one: number) => total + one, 0);
  return [entry?.value[0] ?? 0, sum, system.hash];
}

describe('store in simulation', () => {
  test('store in simulation - actors that share a key lose no update, whatever is late or away', async () => {
    const [value, conflicts] = await run(3);
    expect(value).toBe(12);
    expect(conflicts).toBeGreaterThan(0);
  });

  test('store in simulation - the same seed gives the same run', async () => {
    expect(await run(5)).toEqual(await run(5));
  });
});
