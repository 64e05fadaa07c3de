/**
 * The port to whoever starts, asks and ends processes and publishes tables: an actor, so that it may be
 * on any thread. What came of an effect is told to the arbiter as an observation, never as an answer.
 */
import type { Effect } from '../arbiter/effects.ts';

/**
 * Effects of one pass. The executor keeps the highest epoch that it has seen and refuses lower ones; an
 * effect whose key it knows is done already. What it is to end and does not know has ended: it says so.
 * `sequence` grows within an epoch.
 */
export type CarryOut = {
  readonly epoch: number;
  readonly sequence: number;
  readonly effects: readonly Effect[];
};

/** What an executor understands. */
export type Executor = {
  /** @returns whether it was accepted: false is the word to a deposed leader */
  carryOut(order: CarryOut): boolean | Promise<boolean>;
};
