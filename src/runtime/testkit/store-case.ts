/** The form of a conformance case inside the suite: the suite makes the store and disposes of it. */
import type { StoreUnderTest } from './store-check.ts';

/** Checks one thing of a fresh store. */
export type StoreCase = {
  readonly name: string;
  readonly check: (made: StoreUnderTest) => Promise<void>;
};
