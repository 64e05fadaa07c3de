/**
 * What every controller gives back: its next state, what it wants, and when it has to be asked again
 * though nothing has changed. A controller that is not asked is not late: its goals hold.
 */
import type { Intent } from './intent.ts';

/** One step. `State` is plain data: it is stored with the decisions, and replayed from there. */
export type ControllerStep<State> = {
  readonly state: State;
  readonly intents: readonly Intent[];
  /** Monotonic milliseconds; null: not before something changes. */
  readonly againMs: number | null;
};

/** An intent that nobody has admitted by then was for another moment. Milliseconds. */
export const INTENT_EXPIRES_MS = 10_000;
