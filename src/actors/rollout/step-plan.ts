/** What a strategy says of the step that a run is at: what to propose, and what it waits for. */
import type { Intent } from '../protocol/intent.ts';
import type { GatePlan } from './gates.ts';
import type { RolloutRun } from './rollout-state.ts';

/** One look at one step. */
export type StepPlan = {
  /** With what the strategy itself remembers. */
  readonly run: RolloutRun;
  readonly intents: readonly Intent[];
  /** How many there are; at that index the target is promoted. */
  readonly steps: number;
  /** Percent that the target has now. */
  readonly weight: number;
  /** What the step asks for is there, and everybody knows. */
  readonly isInEffect: boolean;
  /** The target's own instances are what is missing: then the deadline runs. */
  readonly isAtFault: boolean;
  /** What is missing. */
  readonly message: string;
  /** How long it lasts once it is in effect. */
  readonly lengthMs: number;
  /** Then it waits for somebody. */
  readonly isManual: boolean;
  /** What is measured; null: nothing, as there is no traffic or nobody wants to know. */
  readonly gate: GatePlan | null;
  /** All of the target, and nothing else is left. */
  readonly isComplete: boolean;
};
