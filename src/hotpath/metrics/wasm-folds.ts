/**
 * The folds as WebAssembly kernels over the shard's own memory. Called by slab-writer.ts.
 * It only passes addresses; the arithmetic is in kernel/fold.ts, its meaning in plain-folds.ts.
 */
import type { Fold } from './fold.ts';
import { EXPONENT_BIAS } from './histogram-layout.ts';
import { KERNEL_BYTES } from './kernels.generated.ts';
import type { SeriesKind } from './series-kind.ts';
import type { SlabLayout } from './shard-layout.ts';

/** Byte addresses and counts; every kernel starts with ids, values, count, inputs, targets, head. */
type Kernel = (...words: number[]) => void;

/** The exports of the module that scripts/build-kernels.mjs compiles. */
interface KernelExports {
  readonly foldTally: Kernel;
  readonly foldSummary: Kernel;
  readonly foldCounter: Kernel;
  readonly foldHistogram: Kernel;
}

/** Whether this engine has WebAssembly with vectors and threads. */
export function hasWasmFolds(): boolean {
  return typeof WebAssembly !== 'undefined' && WebAssembly.validate(KERNEL_BYTES);
}

/** The fold of one slab. The module is about 1 KiB and compiled in place; call once per slab. */
export function wasmFold(memory: WebAssembly.Memory, slab: SlabLayout): Fold {
  const module = new WebAssembly.Module(KERNEL_BYTES);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = instance.exports as KernelExports;
  return FOLDS[slab.kind](kernels, slab);
}

type FoldBuilder = (kernels: KernelExports, slab: SlabLayout) => Fold;

const summaryFold: FoldBuilder = ({ foldSummary }, slab) => {
  const { idsAt, valuesAt, targetsAt, windowStarts } = slab;
  const { totalsAt, extremesAt, lastsAt } = slab.window;
  return (count, inputs, buffer) => {
    const head = windowStarts[buffer];
    const totals = head + totalsAt;
    const extremes = head + extremesAt;
    const lasts = head + lastsAt;
    foldSummary(idsAt, valuesAt, count, inputs, targetsAt, head, totals, extremes, lasts);
  };
};

const FOLDS: Readonly<Record<SeriesKind, FoldBuilder>> = {
  tally: ({ foldTally }, { idsAt, valuesAt, targetsAt, windowStarts, window }) => {
    return (count, inputs, buffer) => {
      const head = windowStarts[buffer];
      foldTally(idsAt, valuesAt, count, inputs, targetsAt, head, head + window.totalsAt);
    };
  },
  summary: summaryFold,
  // A gauge's targets are its inputs: the same records, one per input.
  gauge: summaryFold,
  counter: ({ foldCounter }, slab) => {
    const { idsAt, valuesAt, targetsAt, baselinesAt, windowStarts, window } = slab;
    return (count, inputs, buffer) => {
      const head = windowStarts[buffer];
      const totals = head + window.totalsAt;
      foldCounter(idsAt, valuesAt, count, inputs, targetsAt, head, totals, baselinesAt);
    };
  },
  histogram: ({ foldHistogram }, slab) => {
    const { idsAt, valuesAt, targetsAt, windowStarts } = slab;
    const { totalsAt, sketchesAt, pagesAt, pagesMax, lowestExponent } = slab.window;
    const octaves = [pagesMax, lowestExponent + EXPONENT_BIAS] as const;
    return (count, inputs, buffer) => {
      const head = windowStarts[buffer];
      const sections = [head, head + totalsAt, head + sketchesAt, head + pagesAt] as const;
      foldHistogram(idsAt, valuesAt, count, inputs, targetsAt, ...sections, ...octaves);
    };
  },
};
