/**
 * The testkit's door, `ringmaster/testkit`: run a whole actor system in virtual time, in an order
 * that a seed draws. For tests of users as much as for ours.
 */
export { type Random, seededRandom } from '../ports/random.ts';
export { FaultyStore, type FaultyStoreOptions, type StoreFaults } from './faulty-store.ts';
export { checkHistory, type HistoryCall, type HistoryVerdict } from './history-check.ts';
export type { Answers, Probe, Received } from './probe.ts';
export { SimClock, type SimClockOptions } from './sim-clock.ts';
export type { SimFaults } from './sim-links.ts';
export { type SimGate, type SimOptions, SimSystem } from './sim-system.ts';
export type { StoreMaker, StoreUnderTest } from './store-check.ts';
export { type StoreConformanceCase, storeConformance } from './store-conformance.ts';
