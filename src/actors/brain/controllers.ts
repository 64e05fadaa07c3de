/**
 * The controllers of a service, by name: each starts from what is stored of it and answers from the
 * picture alone. The only place that knows them all. Pure.
 */
import {
  AUTOSCALER_START,
  type AutoscalerState,
  autoscalerStep,
} from '../autoscaler/autoscaler.machine.ts';
import { HASHRING_START, type HashringState, hashringStep } from '../hashring/hashring.machine.ts';
import { healerStep } from '../healer/healer.machine.ts';
import { HEALER_START, type HealerState } from '../healer/healer-state.ts';
import type { ControllerStep } from '../protocol/controller-step.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import { rolloutStep } from '../rollout/rollout.machine.ts';
import { ROLLOUT_START, type RolloutState } from '../rollout/rollout-state.ts';

/** A controller's step with its state as it is stored; null: it has not started. */
type Step = (state: unknown, view: ServiceView) => ControllerStep<unknown>;

/** All of them, in the order in which they are asked. */
export const CONTROLLERS = {
  /** From one revision to the next. */
  rollout: (state: unknown, view: ServiceView): ControllerStep<RolloutState> =>
    rolloutStep((state as RolloutState | null) ?? ROLLOUT_START, { view }),
  /** How many are needed. */
  autoscaler: (state: unknown, view: ServiceView): ControllerStep<AutoscalerState> =>
    autoscalerStep((state as AutoscalerState | null) ?? AUTOSCALER_START, { view }),
  /** Who owns which key. */
  hashring: (state: unknown, view: ServiceView): ControllerStep<HashringState> =>
    hashringStep((state as HashringState | null) ?? HASHRING_START, { view }),
  /** Who is ill, and what helps. */
  healer: (state: unknown, view: ServiceView): ControllerStep<HealerState> =>
    healerStep((state as HealerState | null) ?? HEALER_START, { view }),
} as const satisfies Readonly<Record<string, Step>>;

/** One of them. */
export type ControllerName = keyof typeof CONTROLLERS;

/** Their names. */
export const CONTROLLER_NAMES = Object.keys(CONTROLLERS) as readonly ControllerName[];

/** One step of one of them. What it throws is its own failure: it has not answered. */
export function stepController(
  name: ControllerName,
  state: unknown,
  view: ServiceView,
): ControllerStep<unknown> {
  return CONTROLLERS[name](state, view);
}
