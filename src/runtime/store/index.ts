/**
 * The stores' door, published as `ringmaster/store`. The port's types are also in `ringmaster`, so
 * that code which only uses a store loads none.
 */

export {
  type PersistEventsOptions,
  type PersistentEvents,
  persistEvents,
} from '../durable/persist-events.ts';
export {
  type PersistentState,
  type PersistStateOptions,
  persistState,
} from '../durable/persist-state.ts';
export { keepStore, storeOf } from '../durable/store-view.ts';
export type { Upcasters } from '../durable/upcast.ts';
export { type CampaignOptions, campaign } from '../leadership/campaign.ts';
export type { Leadership, Tenure } from '../leadership/leadership.ts';
export { type LmdbStore, type LmdbStoreOptions, openLmdbStore } from './lmdb-store.ts';
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from './memory-store.ts';
export type * from './store.ts';
export { exportStore, importStore, type StoreExport, type StoreImport } from './store-export.ts';
export {
  STORE_KEY_BYTES_MAX,
  STORE_LIMITS,
  STORE_PAGE_ENTRIES_MAX,
  STORE_VALUE_BYTES_MAX,
  type StoreLimits,
} from './store-limits.ts';
