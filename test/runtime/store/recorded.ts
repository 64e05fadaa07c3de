/** Clients that do random things to a store at the same time, and write down what they saw. */
import type { Store, StoreOperation, StoreTransaction } from '../../../src/runtime/store/index.ts';
import type { HistoryCall, seededRandom } from '../../../src/runtime/testkit/index.ts';

type Random = ReturnType<typeof seededRandom>;

export type Recording = {
  readonly calls: HistoryCall[];
  /** Of something that only grows: a counter where all happens in one process. */
  readonly now: () => number;
};

export function recording(): Recording {
  let count = 0;
  return { calls: [], now: () => ++count };
}

/** One call, recorded however it ends. @returns whether its result is known. */
export async function recorded(
  { calls, now }: Recording,
  store: Pick<Store, 'transact'>,
  transaction: StoreTransaction,
): Promise<boolean> {
  const beganAt = now();
  try {
    const result = await store.transact(transaction);
    calls.push({ transaction, result, beganAt, endedAt: now() });
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    // Nothing happened: such a call has no place in the history.
    if (code === 'RM_STORE_UNAVAILABLE' || code === 'RM_STORE_TIMEOUT') return true;
    if (code !== 'RM_STORE_UNKNOWN') throw error;
    calls.push({ transaction, result: null, beganAt, endedAt: now() });
    return false;
  }
}

/** Reads, writes, swaps, transactions over two keys, among few keys, so that they collide. */
export function drawTransaction(random: Random, seen: Map<string, number>): StoreTransaction {
  const key = `k${random.below(3)}`;
  const other = `k${(Number(key[1]) + 1) % 3}`;
  const value = Uint8Array.of(random.below(256), random.below(256));
  const put: StoreOperation = { kind: 'put', key, value };
  const gets: StoreOperation[] = [
    { kind: 'get', key },
    { kind: 'get', key: other },
  ];
  switch (random.below(5)) {
    case 0:
      return { success: [put] };
    case 1:
      return { success: [{ kind: 'delete', key }] };
    case 2: {
      const revision = seen.get(key) ?? 0;
      return { compare: [{ key, revision }], success: [put], failure: gets };
    }
    case 3:
      return { success: [put, { kind: 'put', key: other, value }] };
    default:
      return { success: gets };
  }
}

/** A client's whole life. */
export async function client(
  notes: Recording,
  store: Pick<Store, 'transact'>,
  random: Random,
  calls: number,
): Promise<void> {
  const seen = new Map<string, number>();
  for (let left = calls; left > 0; left--) {
    await recorded(notes, store, drawTransaction(random, seen));
    for (const entry of notes.calls.at(-1)?.result?.entries ?? []) {
      if (entry !== null) seen.set(entry.key, entry.revision);
    }
  }
}
