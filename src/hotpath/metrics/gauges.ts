/**
 * Label dropping for gauges: adds the last values of a window's inputs up by aggregated series.
 * Called on the reading side. Done here, not per sample, because the sum of gauges is the sum of
 * the *latest* value of each: an input that falls silent must leave it, and a running sum of
 * differences would drift.
 */
import { RingmasterError } from '../errors.ts';
import type { WindowView } from './window-view.ts';

/** Sums of gauges by aggregated series. */
export interface GaugeSums {
  /** Sum of the last values of the inputs with a sample in the window, by aggregated series. */
  readonly sums: Float64Array;
  /** How many inputs that were; 0 = the series is missing in this window. */
  readonly inputs: Uint32Array;
}

/**
 * `sum without (…)` over a gauge window. `groups` is MetricReader.gaugeGroups, or a copy of it.
 * Compose the window from as many base windows as an input may be silent before it is stale.
 * @throws RM_METRICS_STATE when the window is no gauge window or has more inputs than `groups`.
 */
export function sumGauges(window: WindowView, groups: Uint32Array): GaugeSums {
  if (window.kind !== 'gauge' || window.inputs > groups.length) {
    throw new RingmasterError(
      'RM_METRICS_STATE',
      `${window.kind} window with ${window.inputs} inputs and ${groups.length} groups; ` +
        'expected a gauge window and the group of each input.',
      { inputs: window.inputs, groups: groups.length },
    );
  }
  let series = 0;
  for (const group of groups) series = Math.max(series, group + 1);
  const result = { sums: new Float64Array(series), inputs: new Uint32Array(series) };
  addLasts(window, groups, result);
  return result;
}

function addLasts(window: WindowView, groups: Uint32Array, { sums, inputs }: GaugeSums): void {
  const { totals, lasts } = window;
  const length = window.inputs;
  for (let i = 0; i < length; i += 1) {
    if ((totals[2 * i + 1] as number) === 0) continue;
    const group = groups[i] as number;
    sums[group] = (sums[group] as number) + (lasts[i] as number);
    inputs[group] = (inputs[group] as number) + 1;
  }
}
