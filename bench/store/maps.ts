/** The contenders of the store's benches by name: ours, and what it is compared with. */
import { openLmdbStore, type Store, type StoreOperation } from 'ringmaster/store';
import { openAppendLog } from '../peers/append-log.ts';
import { openSqlite } from '../peers/better-sqlite3.ts';
import { openPlainLmdb } from '../peers/plain-lmdb.ts';
import { type DurableMap, fold, type Item, type OpenMap } from './durable-map.ts';

/** Steps of one transaction, below the store's limit. */
const FILL_STEPS = 250;

/** A store as a map. */
export function mapOf(store: Store): DurableMap {
  const put = ({ key, value }: Item): StoreOperation => ({ kind: 'put', key, value });
  return {
    putAll: async (items) => {
      await Promise.all(items.map((item) => store.transact({ success: [put(item)] })));
    },
    fill: async (items) => {
      for (let at = 0; at < items.length; at += FILL_STEPS) {
        await store.transact({ success: items.slice(at, at + FILL_STEPS).map(put) });
      }
    },
    sumOf: async (keys) => {
      let sum = 0;
      for (const key of keys) sum += fold((await store.get(key)).entry?.value);
      return sum;
    },
    close: () => store.close(),
  };
}

const openOurs: OpenMap = async (directory) => {
  // The bench is the loop without a pause that the default limit protects a disk from.
  const store = await openLmdbStore(directory, { limits: { transactionsPerSecond: 10_000_000 } });
  if (!store.isWriter) throw new Error('the store did not open as the writer');
  return mapOf(store);
};

export const MAPS = {
  ours: openOurs,
  lmdb: openPlainLmdb,
  'better-sqlite3': openSqlite,
  'append + fdatasync': openAppendLog,
} as const satisfies Readonly<Record<string, OpenMap>>;

export type MapName = keyof typeof MAPS;
