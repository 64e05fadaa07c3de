/**
 * What a store is, as plainly as it can be said: a map and a number, without leases, history or
 * limits. The yardstick of the history check; written apart from the real rules, so that a mistake
 * there is not repeated here.
 */
import type { StoreEntry, StoreResult, StoreTransaction } from '../store/store.ts';

/** A state. Never changed; `text` is the same for the same state. */
export type PlainStore = {
  readonly revision: number;
  readonly entries: ReadonlyMap<string, StoreEntry>;
  readonly text: string;
};

/** The empty store. */
export function plainStore(): PlainStore {
  return { revision: 0, entries: new Map(), text: '' };
}

/** What a transaction answers, and the state after it. */
export function plainTransact(
  state: PlainStore,
  transaction: StoreTransaction,
): { readonly next: PlainStore; readonly answer: StoreResult } {
  const succeeded = (transaction.compare ?? []).every((condition) => {
    const entry = state.entries.get(condition.key);
    if ('revision' in condition) return condition.revision === (entry?.revision ?? 0);
    const value = entry === undefined ? null : textOf(entry.value);
    return value === (condition.value === null ? null : textOf(condition.value));
  });
  const entries = new Map(state.entries);
  const answers: (StoreEntry | null)[] = [];
  const revision = state.revision + 1;
  let changed = false;
  for (const step of (succeeded ? transaction.success : transaction.failure) ?? []) {
    if (step.kind === 'get') answers.push(entries.get(step.key) ?? null);
    else if (step.kind === 'delete') changed = entries.delete(step.key) || changed;
    else {
      const createdRevision = entries.get(step.key)?.createdRevision ?? revision;
      const { key, value } = step;
      entries.set(key, { key, value, revision, createdRevision, lease: null });
      changed = true;
    }
  }
  const next = changed ? { revision, entries, text: textOfAll(revision, entries) } : state;
  return { next, answer: { succeeded, revision: next.revision, entries: answers } };
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value).toString('latin1');
}

function textOfAll(revision: number, entries: ReadonlyMap<string, StoreEntry>): string {
  const parts = [...entries.values()].map((entry) =>
    JSON.stringify([entry.key, entry.revision, entry.createdRevision, textOf(entry.value)]),
  );
  return `${revision};${parts.sort().join(';')}`;
}
