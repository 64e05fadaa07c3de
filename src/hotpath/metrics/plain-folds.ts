/**
 * The folds in plain TypeScript on typed arrays: where WebAssembly has no vectors or threads, and
 * as the readable meaning of kernel/fold.ts. Bit-identical to it; a property test holds them together.
 * Called by slab-writer.ts. Each loop is a function of its own, so that the engine optimises it
 * for one kind of record.
 */
import { BASELINE_MIXED, type Fold } from './fold.ts';
import {
  BUCKET_SHIFT,
  EXPONENT_BIAS,
  EXPONENT_SHIFT,
  HIGH_WORD,
  NEGATIVE_CELL,
  OCTAVE_BUCKETS,
  OCTAVES,
  OVER_CELL,
  PAGE_NUMBERS_WORD,
  SKETCH_BYTES,
  UNDER_CELL,
  UNPLACED_CELL,
  ZERO_CELL,
} from './histogram-layout.ts';
import type { SeriesKind } from './series-kind.ts';
import { REFUSED_IDS_CELL, REFUSED_VALUES_CELL, RESETS_CELL } from './shard-layout.ts';
import type { SlabViews } from './slab-views.ts';
import type { WindowView } from './window-view.ts';

const SKETCH_CELLS: number = SKETCH_BYTES / 8;
const SKETCH_WORDS: number = SKETCH_BYTES / 4;

type FoldLoop = (slab: SlabViews, count: number, inputs: number, window: WindowView) => void;

/** The fold of one slab. */
export function plainFold(slab: SlabViews): Fold {
  const loop = LOOPS[slab.layout.kind];
  return (count, inputs, buffer) => loop(slab, count, inputs, slab.windows[buffer]);
}

const LOOPS: Readonly<Record<SeriesKind, FoldLoop>> = {
  tally: foldTally,
  summary: foldSummary,
  counter: foldCounter,
  gauge: foldSummary,
  histogram: foldHistogram,
};

function countRefusals(window: WindowView, ids: number, values: number): void {
  const cells = window.headCells;
  cells[REFUSED_IDS_CELL] = window.refusedIds + ids;
  cells[REFUSED_VALUES_CELL] = window.refusedValues + values;
}

function addTotals(totals: Float64Array, target: number, value: number): void {
  const at = 2 * target;
  totals[at] = (totals[at] as number) + value;
  totals[at + 1] = (totals[at + 1] as number) + 1;
}

function foldTally(slab: SlabViews, count: number, inputs: number, window: WindowView): void {
  const { ids, values, targets } = slab;
  const totals = window.totals;
  let refusedIds = 0;
  let refusedValues = 0;
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    const value = values[i] as number;
    if (id >= inputs) refusedIds += 1;
    else if (value - value !== 0) refusedValues += 1;
    else addTotals(totals, targets[id] as number, value);
  }
  countRefusals(window, refusedIds, refusedValues);
}

function foldSummary(slab: SlabViews, count: number, inputs: number, window: WindowView): void {
  const { ids, values, targets } = slab;
  const { totals, extremes, lasts } = window;
  let refusedIds = 0;
  let refusedValues = 0;
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    const value = values[i] as number;
    if (id >= inputs) refusedIds += 1;
    else if (value - value !== 0) refusedValues += 1;
    else {
      const target = targets[id] as number;
      addTotals(totals, target, value);
      const at = 2 * target;
      if (value < (extremes[at] as number)) extremes[at] = value;
      if (-value < (extremes[at + 1] as number)) extremes[at + 1] = -value;
      lasts[target] = value;
    }
  }
  countRefusals(window, refusedIds, refusedValues);
}

function foldCounter(slab: SlabViews, count: number, inputs: number, window: WindowView): void {
  const { ids, values, targets, baselines } = slab;
  const totals = window.totals;
  let refusedIds = 0;
  let refusedValues = 0;
  let resets = 0;
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    const value = values[i] as number;
    if (id >= inputs) refusedIds += 1;
    else if (!(value >= 0 && value - value === 0)) refusedValues += 1;
    else {
      const before = baselines[id] as number;
      // Never true without baseline: that is a negative number, and no sample is.
      if (value < before) resets += 1;
      addTotals(totals, targets[id] as number, increase(before, value));
      if (before !== BASELINE_MIXED) baselines[id] = value;
    }
  }
  countRefusals(window, refusedIds, refusedValues);
  window.headCells[RESETS_CELL] = window.resets + resets;
}

/** What a counter grew by; after a reset it grew from 0, and a first value is only a baseline. */
function increase(before: number, value: number): number {
  if (before < 0) return 0;
  return value >= before ? value - before : value;
}

function foldHistogram(slab: SlabViews, count: number, inputs: number, window: WindowView): void {
  const { ids, values, valueWords, targets } = slab;
  const { totals, sketchCells, pages } = window;
  const lowestBiased = window.layout.lowestExponent + EXPONENT_BIAS;
  let refusedIds = 0;
  let refusedValues = 0;
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    const value = values[i] as number;
    if (id >= inputs) refusedIds += 1;
    else if (value - value !== 0) refusedValues += 1;
    else {
      const target = targets[id] as number;
      addTotals(totals, target, value);
      const high = valueWords[2 * i + HIGH_WORD] as number;
      const octave = (high >>> EXPONENT_SHIFT) - lowestBiased;
      const page = pageOf(window, target, octave);
      if (page > 0) {
        const bucket = (high >>> BUCKET_SHIFT) & (OCTAVE_BUCKETS - 1);
        const at = (page - 1) * OCTAVE_BUCKETS + bucket;
        pages[at] = (pages[at] as number) + 1;
      } else {
        const at = target * SKETCH_CELLS + edgeCell(value, octave);
        sketchCells[at] = (sketchCells[at] as number) + 1;
      }
    }
  }
  countRefusals(window, refusedIds, refusedValues);
}

/** Page number of an octave, taken now if there is none; 0 without octave or free page. */
function pageOf(window: WindowView, series: number, octave: number): number {
  if (octave < 0 || octave >= OCTAVES) return 0;
  const words = window.sketchWords;
  const at = series * SKETCH_WORDS + PAGE_NUMBERS_WORD + octave;
  const page = words[at] as number;
  if (page !== 0) return page;
  const taken = window.takePage();
  words[at] = taken;
  return taken;
}

/** The cell that counts a sample without a page. A sign bit makes the octave look too high. */
function edgeCell(value: number, octave: number): number {
  if (value < 0) return NEGATIVE_CELL;
  if (value === 0) return ZERO_CELL;
  if (octave < 0) return UNDER_CELL;
  return octave >= OCTAVES ? OVER_CELL : UNPLACED_CELL;
}
