/**
 * The picture of a pass as data, so that it can go to a controller on another thread, and what comes
 * back. A controller asks for metrics while it decides, so nobody has to list them beforehand: what it
 * asked for and was not in the picture comes back with its answer, is read, and the pure step is run
 * again. What it asked for last time is read before it is asked. Pure.
 */
import type { PassSurroundings } from '../arbiter/service-view.ts';
import type { ControllerStep } from '../protocol/controller-step.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { MetricQuery, MetricReading } from '../protocol/metric-reading.ts';
import { type ControllerName, stepController } from './controllers.ts';
import { queryText } from './journal.ts';

/** A view without the function that reads metrics. */
export type Snapshot = Omit<ServiceView, 'metric'>;

/** A query and what was read, in the order in which they were read. */
export type Readings = readonly (readonly [query: string, reading: MetricReading])[];

/** What a controller is asked. */
export type StepQuestion = {
  readonly state: unknown;
  readonly snapshot: Snapshot;
  readonly readings: Readings;
};

/** What it answers: its step, or which readings it lacks to make one. */
export type StepAnswer =
  | {
      readonly kind: 'step';
      readonly step: ControllerStep<unknown>;
      /** What it has asked for. */
      readonly asked: readonly MetricQuery[];
    }
  | { readonly kind: 'lacks'; readonly asked: readonly MetricQuery[] };

/** The picture without its function. */
export function snapshotOf({ metric, ...snapshot }: ServiceView): Snapshot {
  return snapshot;
}

/** Answers for one controller. Throws what its step throws. */
export function answerStep(name: ControllerName, question: StepQuestion): StepAnswer {
  const { state, snapshot, readings } = question;
  const known = new Map(readings);
  const asked = new Map<string, MetricQuery>();
  let lacks = false;
  const metric: PassSurroundings['metric'] = (query) => {
    const key = queryText(query);
    asked.set(key, query);
    const reading = known.get(key);
    lacks ||= reading === undefined;
    return reading ?? { kind: 'missing' };
  };
  const step = stepController(name, state, { ...snapshot, metric });
  const queries = [...asked.values()];
  return lacks ? { kind: 'lacks', asked: queries } : { kind: 'step', step, asked: queries };
}
