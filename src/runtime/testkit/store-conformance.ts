/**
 * The conformance suite of stores: what every implementation of the port must do, as a list of
 * cases that any test runner can run. Ours run it against memory, memory behind faults, and LMDB.
 *
 *   for (const { name, run } of storeConformance) test(name, () => run(makeStore));
 */

import type { StoreCase } from './store-case.ts';
import { leaseCases } from './store-cases-leases.ts';
import { transactionCases } from './store-cases-transactions.ts';
import { watchCases } from './store-cases-watches.ts';
import { wholeCases } from './store-cases-whole.ts';
import type { StoreMaker } from './store-check.ts';

/** One case, with a name of its own. */
export type StoreConformanceCase = {
  readonly name: string;
  /** Rejects when the store does not conform: RM_STORE_CONFORMANCE, or what the store threw. */
  readonly run: (make: StoreMaker) => Promise<void>;
};

/** Every case. */
export const storeConformance: readonly StoreConformanceCase[] = [
  ...transactionCases,
  ...watchCases,
  ...leaseCases,
  ...wholeCases,
].map(({ name, check }: StoreCase) => ({
  name,
  run: async (make) => {
    const made = await make();
    try {
      await check(made);
    } finally {
      await made.dispose();
    }
  },
}));
