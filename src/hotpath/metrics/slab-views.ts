/**
 * One slab of a shard as typed arrays: columns, tables and both windows.
 * Shared by the writer, the reader and the plain folds; who may touch what, shard-layout.ts says.
 */
import type { SlabLayout } from './shard-layout.ts';
import { WindowView } from './window-view.ts';

/** Views of one slab. */
export interface SlabViews {
  readonly layout: SlabLayout;
  /** The column buffer: input ids and values of samples not yet folded. */
  readonly ids: Uint32Array;
  readonly values: Float64Array;
  /** `values` as pairs of words: how the plain histogram sees exponents. */
  readonly valueWords: Uint32Array;
  /** Record of each input. */
  readonly targets: Uint32Array;
  /** Aggregated series of each gauge input; empty for other kinds. */
  readonly groups: Uint32Array;
  /** Last value of each counter input; empty for other kinds. */
  readonly baselines: Float64Array;
  readonly windows: readonly [WindowView, WindowView];
}

/** Builds the views of a slab over a buffer that shard.ts has checked. */
export function slabViews(buffer: SharedArrayBuffer, layout: SlabLayout): SlabViews {
  const { batchSamples, seriesMax, windowStarts, window } = layout;
  return {
    layout,
    ids: new Uint32Array(buffer, layout.idsAt, batchSamples),
    values: new Float64Array(buffer, layout.valuesAt, batchSamples),
    valueWords: new Uint32Array(buffer, layout.valuesAt, 2 * batchSamples),
    targets: new Uint32Array(buffer, layout.targetsAt, seriesMax),
    groups: new Uint32Array(buffer, layout.groupsAt, layout.groupsCount),
    baselines: new Float64Array(buffer, layout.baselinesAt, layout.baselinesCount),
    windows: [
      new WindowView(buffer, windowStarts[0], window),
      new WindowView(buffer, windowStarts[1], window),
    ],
  };
}
