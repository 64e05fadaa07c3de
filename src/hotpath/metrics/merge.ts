/**
 * Adds windows and single series up: windows in time into longer ones, shards into totals,
 * sketches into sketches. Called on the reading side. The target is a heap window of the caller;
 * nothing here divides, so no result is ever NaN unless a sum left the f64 range before.
 * It does not match names: which series of two shards belong together is the caller's knowledge.
 */
import { RingmasterError } from '../errors.ts';
import {
  EDGE_CELLS,
  OCTAVE_BUCKETS,
  OCTAVES,
  PAGE_NUMBERS_WORD,
  SKETCH_BYTES,
  UNPLACED_CELL,
} from './histogram-layout.ts';
import { HEAD_COUNT_CELLS, windowLayout } from './shard-layout.ts';
import { heapWindow, type WindowView } from './window-view.ts';

const SKETCH_CELLS: number = SKETCH_BYTES / 8;
const SKETCH_WORDS: number = SKETCH_BYTES / 4;

/** One series with a page for every octave: what many sketches are merged into. */
export function createSketch(lowestExponent: number): WindowView {
  const sketch = heapWindow(windowLayout('histogram', 1, OCTAVES, lowestExponent));
  sketch.setSizes(1, 1);
  return sketch;
}

/**
 * Adds every series of `source` onto the series of the same number in `target`. `source` is the
 * later of the two: its last values win. Sums, counts and buckets add, min and max widen.
 * @throws RM_METRICS_STATE when kinds differ, or histograms start at different octaves, or
 * `target` has room for fewer series.
 */
export function mergeWindow(target: WindowView, source: WindowView): void {
  const series = source.series;
  checkMergeable(target, source);
  if (target.layout.seriesMax < series) {
    throw new RingmasterError(
      'RM_METRICS_STATE',
      `source has ${series} series, target room for ${target.layout.seriesMax}; ` +
        'allocate the target with the layout of the source.',
      { series, seriesMax: target.layout.seriesMax },
    );
  }
  addCells(target.headCells, source.headCells, HEAD_COUNT_CELLS);
  if (source.lasts.length > 0) {
    mergeExtremes(target.extremes, source.extremes, 2 * series);
    mergeLasts(target.lasts, source.lasts, source.totals, series);
  }
  addCells(target.totals, source.totals, 2 * series);
  if (source.sketchCells.length > 0) {
    for (let i = 0; i < series; i += 1) mergeSketch(target, i, source, i);
  }
  target.setSizes(Math.max(target.series, series), Math.max(target.inputs, source.inputs));
}

/**
 * Adds one series of `source` onto one of `target`, as the later of the two. This is how shards
 * meet: each numbers its series by itself, and the caller maps the numbers.
 * A page that `target` has no room for is counted as unplaced there.
 * @throws RM_METRICS_STATE as `mergeWindow`, and when a number is not below its window's `series`.
 */
export function mergeSeries(
  target: WindowView,
  targetSeries: number,
  source: WindowView,
  sourceSeries: number,
): void {
  checkMergeable(target, source);
  checkSeries(target, targetSeries);
  checkSeries(source, sourceSeries);
  if (source.lasts.length > 0 && source.count(sourceSeries) > 0) {
    const to = 2 * targetSeries;
    const from = 2 * sourceSeries;
    mergeExtremes(target.extremes.subarray(to), source.extremes.subarray(from), 2);
    target.lasts[targetSeries] = source.lasts[sourceSeries] as number;
  }
  const totals = target.totals;
  totals[2 * targetSeries] = target.sum(targetSeries) + source.sum(sourceSeries);
  totals[2 * targetSeries + 1] = target.count(targetSeries) + source.count(sourceSeries);
  if (source.sketchCells.length > 0) mergeSketch(target, targetSeries, source, sourceSeries);
}

function checkMergeable(target: WindowView, source: WindowView): void {
  const same =
    target.kind === source.kind &&
    (target.kind !== 'histogram' || target.layout.lowestExponent === source.layout.lowestExponent);
  if (same && target !== source) return;
  throw new RingmasterError(
    'RM_METRICS_STATE',
    `cannot merge ${source.kind} from 2^${source.layout.lowestExponent} into ` +
      `${target.kind} from 2^${target.layout.lowestExponent}; ` +
      'expected another window of the same kind with the same lowest exponent.',
    { source: source.kind, target: target.kind },
  );
}

function checkSeries(window: WindowView, series: number): void {
  if (series >= 0 && series < window.series && Number.isInteger(series)) return;
  throw new RingmasterError(
    'RM_METRICS_STATE',
    `series ${series} of a window with ${window.series}; expected a number the window knows.`,
    { series, known: window.series },
  );
}

function addCells(target: Float64Array, source: Float64Array, length: number): void {
  for (let i = 0; i < length; i += 1) {
    target[i] = (target[i] as number) + (source[i] as number);
  }
}

function mergeExtremes(target: Float64Array, source: Float64Array, length: number): void {
  for (let i = 0; i < length; i += 1) {
    const value = source[i] as number;
    if (value < (target[i] as number)) target[i] = value;
  }
}

function mergeLasts(
  target: Float64Array,
  source: Float64Array,
  sourceTotals: Float64Array,
  series: number,
): void {
  for (let i = 0; i < series; i += 1) {
    if ((sourceTotals[2 * i + 1] as number) > 0) target[i] = source[i] as number;
  }
}

/** Adds edge cells and pages; pages are taken from the target's pool on first use. */
function mergeSketch(target: WindowView, to: number, source: WindowView, from: number): void {
  const targetCells = target.sketchCells;
  const sourceCells = source.sketchCells;
  const targetCell = to * SKETCH_CELLS;
  const sourceCell = from * SKETCH_CELLS;
  for (let i = 0; i < EDGE_CELLS; i += 1) {
    const count = (targetCells[targetCell + i] as number) + (sourceCells[sourceCell + i] as number);
    targetCells[targetCell + i] = count;
  }
  const targetWord = to * SKETCH_WORDS + PAGE_NUMBERS_WORD;
  const sourceWord = from * SKETCH_WORDS + PAGE_NUMBERS_WORD;
  for (let octave = 0; octave < OCTAVES; octave += 1) {
    const sourcePage = source.sketchWords[sourceWord + octave] as number;
    if (sourcePage === 0) continue;
    const targetPage = pageOf(target, targetWord + octave);
    if (targetPage === 0) {
      const at = targetCell + UNPLACED_CELL;
      targetCells[at] = (targetCells[at] as number) + pageCount(source.pages, sourcePage);
    } else {
      addPage(target.pages, targetPage, source.pages, sourcePage);
    }
  }
}

/** The page that a page-number word names, taken now if there is none; 0 = the pool is empty. */
function pageOf(window: WindowView, word: number): number {
  const words = window.sketchWords;
  const found = words[word] as number;
  if (found !== 0) return found;
  const page = window.takePage();
  words[word] = page;
  return page;
}

function addPage(
  target: Float64Array,
  targetPage: number,
  source: Float64Array,
  sourcePage: number,
): void {
  const end = targetPage * OCTAVE_BUCKETS;
  let from = (sourcePage - 1) * OCTAVE_BUCKETS;
  for (let to = end - OCTAVE_BUCKETS; to < end; to += 1) {
    target[to] = (target[to] as number) + (source[from] as number);
    from += 1;
  }
}

function pageCount(pages: Float64Array, page: number): number {
  const at = (page - 1) * OCTAVE_BUCKETS;
  let count = 0;
  for (let i = 0; i < OCTAVE_BUCKETS; i += 1) count += pages[at + i] as number;
  return count;
}
