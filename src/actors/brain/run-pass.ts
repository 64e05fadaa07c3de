/**
 * A whole pass in one call: look, ask every controller, decide. It is what a replay runs, and what the
 * actors do with messages in between. Pure.
 */
import type { Observation } from '../arbiter/observations.ts';
import type { ServiceRecord } from '../arbiter/records.ts';
import { type Answers, decide, look, type PassResult } from '../arbiter/service-pass.ts';
import type { PassSurroundings } from '../arbiter/service-view.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { Intent } from '../protocol/intent.ts';
import { CONTROLLER_NAMES, type ControllerName, stepController } from './controllers.ts';

/** What a pass is given beside the records. */
export type PassInput = {
  readonly observations: readonly Observation[];
  /** What operators want in this pass. */
  readonly intents: readonly Intent[];
  readonly around: PassSurroundings;
  /** Controllers that do not answer: they have crashed, or are late. */
  readonly silent?: readonly ControllerName[];
};

/** What came of it, and when somebody wants to be asked again. */
export type WholePass = PassResult & {
  readonly view: ServiceView;
  /** Monotonic milliseconds; null: nobody has to be asked before something changes. */
  readonly againMs: number | null;
};

/** One pass over one service. */
export function runPass(before: ServiceRecord, input: PassInput): WholePass {
  const seen = look(before, input.observations, input.around);
  const answers = askAll(seen.record, seen.view, input.silent ?? []);
  const result = decide(seen, {
    states: answers.states,
    intents: [...input.intents, ...answers.intents],
  });
  return { ...result, view: seen.view, againMs: answers.againMs };
}

function askAll(
  { controllers }: ServiceRecord,
  view: ServiceView,
  silent: readonly ControllerName[],
): Answers & { readonly againMs: number | null } {
  const states: Record<string, unknown> = {};
  const intents: Intent[] = [];
  let againMs: number | null = null;
  for (const name of CONTROLLER_NAMES) {
    if (silent.includes(name)) continue;
    const step = stepController(name, controllers[name], view);
    states[name] = step.state;
    intents.push(...step.intents);
    if (step.againMs !== null) againMs = Math.min(againMs ?? step.againMs, step.againMs);
  }
  return { states, intents, againMs };
}
