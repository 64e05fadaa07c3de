/**
 * Limits of a store, and the checks of what callers hand in against them: before anything is queued,
 * so that no transaction fails half way. What the store holds in all is checked by the rules.
 */
import { runtimeError } from '../errors.ts';
import type {
  StoreCompare,
  StoreEntry,
  StoreLease,
  StoreOperation,
  StoreTransaction,
} from './store.ts';

/**
 * Bytes of a key in UTF-8. Range: 1 to 1,900, LMDB's own limit with pages of 4 KiB. Higher: longer
 * paths as keys, fewer keys in a page of the tree. Lower: keys of three levels no longer fit.
 */
export const STORE_KEY_BYTES_MAX = 1000;

/**
 * Bytes of a value. Range: 1 to 1 GiB. Higher: one transaction holds the writer for longer and a
 * watcher's memory grows. Lower: snapshots of actors have to be cut into pieces.
 */
export const STORE_VALUE_BYTES_MAX: number = 1024 * 1024;

/** Entries of a page. Higher: fewer calls. Lower: a page holds its thread for less: 1,000 take 1 ms. */
export const STORE_PAGE_ENTRIES_MAX = 1000;

/** Bytes after which a page ends early, with at least one entry. Bounds what a listing allocates. */
export const STORE_PAGE_BYTES: number = 4 * 1024 * 1024;

/** How long a lease may live without word: shorter, a pause of the collector ends it. */
export const STORE_LEASE_MS_MIN = 10;

/** Limits that whoever opens a store may change. */
export type StoreLimits = {
  /** Conditions and steps of one transaction, both branches. Range: 1 to 10,000. Default 256. */
  readonly transactionOperationsMax: number;
  /** Bytes of keys and values of one transaction. Range: 1 KiB to 1 GiB. Default 4 MiB. */
  readonly transactionBytesMax: number;
  /**
   * Transactions that wait for the one being committed. Higher: bursts pass, and the last of them
   * waits longer. Range: 1 and up. Default 10,000.
   */
  readonly queuedMax: number;
  /** Bytes of the transactions that wait. Range: `transactionBytesMax` and up. Default 64 MiB. */
  readonly queuedBytesMax: number;
  /**
   * Transactions a second, over a burst of one second's. Protects the disk from a loop without a
   * pause. Range: 1 and up. Default 50,000.
   */
  readonly transactionsPerSecond: number;
  /** Bytes of all keys and values. Range: 1 KiB to 16 GiB. Default 1 GiB. */
  readonly totalBytesMax: number;
  /** Leases at a time. Default 100,000. */
  readonly leasesMax: number;
  /** Keys of one lease: its end is one transaction. Default 10,000. */
  readonly leaseKeysMax: number;
  /** Watches at a time. Default 10,000. */
  readonly watchesMax: number;
  /**
   * Transactions that the history keeps. Higher: watches survive a longer absence without a
   * `resync`; the store is larger. Range: 1 and up. Default 10,000.
   */
  readonly historyTransactionsMax: number;
  /** Bytes that the history keeps; at least the last transaction stays. Default 64 MiB. */
  readonly historyBytesMax: number;
};

/** What holds where nothing else is said. */
export const STORE_LIMITS: StoreLimits = {
  transactionOperationsMax: 256,
  transactionBytesMax: 4 * 1024 * 1024,
  queuedMax: 10_000,
  queuedBytesMax: 64 * 1024 * 1024,
  transactionsPerSecond: 50_000,
  totalBytesMax: 1024 * 1024 * 1024,
  leasesMax: 100_000,
  leaseKeysMax: 10_000,
  watchesMax: 10_000,
  historyTransactionsMax: 10_000,
  historyBytesMax: 64 * 1024 * 1024,
};

/** Upper ends of the ranges; what is not named may be any safe integer. */
const HIGHEST: Partial<Record<keyof StoreLimits, number>> = {
  transactionOperationsMax: 10_000,
  transactionBytesMax: 1024 ** 3,
  totalBytesMax: 16 * 1024 ** 3,
};

/** @throws RM_STORE_OPTION for what is no positive integer within its range */
export function storeLimits(changed: Partial<StoreLimits> = {}): StoreLimits {
  const limits = { ...STORE_LIMITS, ...changed };
  for (const [name, value] of Object.entries(limits)) {
    const highest = HIGHEST[name as keyof StoreLimits] ?? Number.MAX_SAFE_INTEGER;
    if (Number.isSafeInteger(value) && value >= 1 && value <= highest) continue;
    throw badOption(`limits.${name} is ${value}; expected an integer from 1 to ${highest}.`);
  }
  if (limits.queuedBytesMax < limits.transactionBytesMax) {
    throw badOption(
      `limits.queuedBytesMax is ${limits.queuedBytesMax}, below transactionBytesMax, ` +
        `${limits.transactionBytesMax}: such a transaction could never wait; raise it.`,
    );
  }
  return limits;
}

/** @throws RM_STORE_OPTION with the sentence. */
export function badOption(message: string): Error {
  return runtimeError('RM_STORE_OPTION', message);
}

/** A limit was reached; nothing happened. */
export function overLimit(limit: string, got: number, max: number, cure: string): Error {
  return runtimeError(
    'RM_STORE_LIMIT',
    `${limit} would be ${got}; the store takes ${max}: ${cure}.`,
    {
      limit,
      got,
      max,
    },
  );
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws RM_STORE_OPTION for what is no key; RM_STORE_LIMIT for one that is too long */
export function checkKey(key: string): void {
  if (typeof key !== 'string' || key === '') {
    throw badOption(`a key is ${JSON.stringify(key)}; expected a text of at least one character.`);
  }
  checkPrefix(key);
}

/** A prefix may be empty. @throws as checkKey */
export function checkPrefix(prefix: string): void {
  const bytes = typeof prefix === 'string' ? utf8Bytes(prefix) : 0;
  // A text of as many bytes as units is ASCII.
  if (typeof prefix !== 'string' || (bytes > prefix.length && LONE_SURROGATE.test(prefix))) {
    throw badOption(`a key is ${JSON.stringify(prefix)}; expected well-formed Unicode text.`);
  }
  if (bytes > STORE_KEY_BYTES_MAX) {
    throw overLimit('bytes of a key', bytes, STORE_KEY_BYTES_MAX, 'shorten it');
  }
}

/** Bytes of a well-formed text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A pair of surrogates is 4 bytes: 2 for each of its units.
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}

/** Bytes that an entry counts for in all limits. */
export function entryBytes(entry: Pick<StoreEntry, 'key' | 'value'>): number {
  return utf8Bytes(entry.key) + entry.value.length;
}

/**
 * Checks all of a transaction that does not depend on what the store holds.
 * @returns its bytes.
 * @throws RM_STORE_OPTION, RM_STORE_LIMIT
 */
export function checkTransaction(transaction: StoreTransaction, limits: StoreLimits): number {
  const { compare = [], success, failure = [] } = transaction;
  if (![compare, success, failure].every(Array.isArray)) {
    throw badOption('a transaction is no { compare?, success, failure? } of lists.');
  }
  const operations = compare.length + success.length + failure.length;
  if (operations > limits.transactionOperationsMax) {
    const max = limits.transactionOperationsMax;
    throw overLimit('steps of a transaction', operations, max, 'split it');
  }
  let bytes = 0;
  for (const condition of compare) bytes += compareBytes(condition);
  bytes += branchBytes(success) + branchBytes(failure);
  if (bytes > limits.transactionBytesMax) {
    const max = limits.transactionBytesMax;
    throw overLimit('bytes of a transaction', bytes, max, 'split it, or store less');
  }
  return bytes;
}

function compareBytes(condition: StoreCompare): number {
  checkKey(condition.key);
  const bytes = utf8Bytes(condition.key);
  if ('value' in condition) return bytes + (condition.value === null ? 0 : valueBytes(condition));
  if (Number.isSafeInteger(condition.revision) && condition.revision >= 0) return bytes;
  throw badOption(
    `the condition on ${condition.key} compares revision ${condition.revision}; expected one ` +
      'that the store gave, or 0 for a key that is absent; or a value.',
  );
}

function valueBytes({ key, value }: { readonly key: string; readonly value: unknown }): number {
  if (!(value instanceof Uint8Array)) {
    throw badOption(`the value of ${key} is ${typeof value}; expected a Uint8Array: encode it.`);
  }
  if (value.length <= STORE_VALUE_BYTES_MAX) return value.length;
  throw overLimit('bytes of a value', value.length, STORE_VALUE_BYTES_MAX, 'split it');
}

function branchBytes(operations: readonly StoreOperation[]): number {
  const written = new Set<string>();
  let bytes = 0;
  for (const operation of operations) {
    checkKey(operation.key);
    bytes += utf8Bytes(operation.key);
    if (operation.kind === 'put') bytes += valueBytes(operation) + leaseCheck(operation.lease);
    else if (operation.kind !== 'get' && operation.kind !== 'delete') {
      throw badOption('a step of a transaction is none of put, delete and get.');
    }
    if (operation.kind === 'get') continue;
    if (written.has(operation.key)) {
      throw badOption(
        `a transaction writes ${operation.key} twice; expected once: join the steps.`,
      );
    }
    written.add(operation.key);
  }
  return bytes;
}

/** Always 0. @throws RM_STORE_OPTION for what is no lease */
function leaseCheck(lease: number | null | undefined): 0 {
  if (lease === null || lease === undefined || Number.isSafeInteger(lease)) return 0;
  throw badOption(`a lease is ${String(lease)}; expected the number that grant gave.`);
}

/** @throws RM_STORE_OPTION for what is no lease */
export function checkLease(lease: StoreLease['lease']): void {
  leaseCheck(lease);
  if (lease === null || lease === undefined) throw badOption('a lease is missing.');
}
