/** Clients that do random things to a store at the same time, and write down what they saw. */
import type { Store, StoreTransaction } from '../../../src/runtime/store/index.ts';
import type { HistoryCall, seededRandom } from '../../../src/runtime/testkit/index.ts';
import { drawTransaction } from './draws.mjs';

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
