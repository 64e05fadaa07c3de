/** What the cases of the store's conformance suite check with: it depends on no test runner. */
import { runtimeError } from '../errors.ts';
import type { Store, StoreEntry, StoreWatch, StoreWatchItem } from '../store/store.ts';

/** A store that a case may use up. */
export type StoreUnderTest = {
  readonly store: Store;
  /** Lets at least `ms` pass on the clock by which the store judges leases. */
  readonly wait: (ms: number) => Promise<void> | void;
  /** Transactions that its history keeps; the suite writes more. At least 10. */
  readonly historyTransactions: number;
  /**
   * Closes the store and opens the same data again, as after a restart. Null: it cannot; the cases
   * that need it then check nothing.
   */
  readonly reopen: (() => Promise<Store>) | null;
  /** Called once when the case is over, however it ended. */
  readonly dispose: () => Promise<void>;
};

/** Makes an empty store for one case. */
export type StoreMaker = () => Promise<StoreUnderTest>;

/** @throws RM_STORE_CONFORMANCE when they are not the same data */
export function expectSame(what: string, got: unknown, expected: unknown): void {
  const left = printed(got);
  const right = printed(expected);
  if (left !== right) throw broken(`${what}: got ${left}; expected ${right}.`);
}

/** @throws RM_STORE_CONFORMANCE when it does not reject with the code */
export async function expectCode(
  what: string,
  code: string,
  run: () => Promise<unknown>,
): Promise<void> {
  let got: unknown = 'no error';
  try {
    await run();
  } catch (error) {
    got = error instanceof Error && 'code' in error ? error.code : String(error);
  }
  expectSame(`${what} rejects`, got, code);
}

/** Text as a value. */
export function bytes(text: string): Uint8Array {
  return new Uint8Array([...text].map((letter) => letter.charCodeAt(0)));
}

/** A value as the text that `bytes` made it from; null: no entry. */
export function textOf(entry: StoreEntry | null | undefined): string | null {
  return entry ? String.fromCharCode(...entry.value) : null;
}

/** Writes one key. @returns the revision. */
export async function put(
  store: Store,
  key: string,
  value: string,
  lease: number | null = null,
): Promise<number> {
  const operation = { kind: 'put', key, value: bytes(value), lease } as const;
  return (await store.transact({ success: [operation] })).revision;
}

/** Deletes one key. @returns the revision. */
export async function remove(store: Store, key: string): Promise<number> {
  return (await store.transact({ success: [{ kind: 'delete', key }] })).revision;
}

/** The next item of a watch. @throws RM_STORE_CONFORMANCE when it has ended */
export async function nextOf(watch: StoreWatch): Promise<StoreWatchItem> {
  const { done, value } = await watch.next();
  if (done === true) throw broken('a watch ended by itself; expected an item.');
  return value;
}

/** An item as text: `7: +a=1 -b`, `resync 5`. */
export function itemText(item: StoreWatchItem): string {
  if (item.kind === 'resync') return `resync ${item.revision}`;
  const changes = item.changes.map((change) =>
    change.kind === 'put' ? `+${change.entry.key}=${textOf(change.entry)}` : `-${change.key}`,
  );
  return `${item.revision}: ${changes.join(' ')}`;
}

/** All entries below a prefix, page by page. */
export async function listAll(store: Store, prefix: string, limit = 7): Promise<StoreEntry[]> {
  const entries: StoreEntry[] = [];
  let after: string | null = null;
  do {
    const page = await store.list(prefix, { limit, after });
    entries.push(...page.entries);
    after = page.next;
  } while (after !== null);
  return entries;
}

/** Text of plain data, the same for the same data. */
function printed(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    value instanceof Uint8Array ? [...value].join(',') : value,
  );
}

function broken(message: string): Error {
  return runtimeError('RM_STORE_CONFORMANCE', message);
}
