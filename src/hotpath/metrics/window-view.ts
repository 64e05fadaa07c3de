/**
 * One window of one kind as typed arrays: either half of a slab's double buffer in shared memory
 * (the reader's, between acquire and release), or a window of its own on the heap.
 * Reads records, copies and clears; merge.ts adds windows up, quantile.ts reads distributions.
 * It checks no ownership: a view of shared memory means something only while its window is held.
 */
import { PAGE_BYTES, SKETCH_BYTES } from './histogram-layout.ts';
import type { SeriesKind } from './series-kind.ts';
import {
  HEAD_COUNT_CELLS,
  INPUTS_COUNT_WORD,
  PAGES_USED_WORD,
  REFUSED_IDS_CELL,
  REFUSED_VALUES_CELL,
  RESETS_CELL,
  SERIES_COUNT_WORD,
  type WindowLayout,
  windowLayout,
} from './shard-layout.ts';

/** Largest count that is exact: adding one to 2^53 changes nothing, so a count stops there. */
export const COUNT_MAX = 9_007_199_254_740_992;

/** A window. Indices are record numbers: targets, or inputs for gauges. */
export class WindowView {
  readonly layout: WindowLayout;
  /** Head: counts, then u32 words; see shard-layout.ts. */
  readonly headCells: Float64Array;
  readonly headWords: Uint32Array;
  /** {sum, count} per series. */
  readonly totals: Float64Array;
  /** {min, -max} per series; +Infinity twice while it has no sample. Empty for other kinds. */
  readonly extremes: Float64Array;
  /** Last value per series; means nothing while the count is 0. Empty for other kinds. */
  readonly lasts: Float64Array;
  /** Sketches as f64 cells and as u32 page numbers. Empty for other kinds. */
  readonly sketchCells: Float64Array;
  readonly sketchWords: Uint32Array;
  /** Page n - 1 holds the 64 counts of page number n. */
  readonly pages: Float64Array;

  /** Views `layout.byteLength` bytes from `start`, which the caller has checked. */
  constructor(buffer: ArrayBufferLike, start: number, layout: WindowLayout) {
    this.layout = layout;
    const f64 = (at: number, length: number) => new Float64Array(buffer, start + at, length);
    const sketchBytes = layout.sketchesCount * SKETCH_BYTES;
    this.headCells = f64(0, HEAD_COUNT_CELLS);
    this.headWords = new Uint32Array(buffer, start, INPUTS_COUNT_WORD + 1);
    this.totals = f64(layout.totalsAt, 2 * layout.seriesMax);
    this.extremes = f64(layout.extremesAt, 2 * layout.extremesCount);
    this.lasts = f64(layout.lastsAt, layout.extremesCount);
    this.sketchCells = f64(layout.sketchesAt, sketchBytes / 8);
    this.sketchWords = new Uint32Array(buffer, start + layout.sketchesAt, sketchBytes / 4);
    this.pages = f64(layout.pagesAt, (layout.pagesMax * PAGE_BYTES) / 8);
  }

  /** What the series of this window are. */
  get kind(): SeriesKind {
    return this.layout.kind;
  }

  /** Series that existed when the window was closed; records 0 to this are meaningful. */
  get series(): number {
    return this.headWords[SERIES_COUNT_WORD] as number;
  }

  /** Input series that existed when the window was closed. */
  get inputs(): number {
    return this.headWords[INPUTS_COUNT_WORD] as number;
  }

  /** Histogram pages in use. */
  get pagesUsed(): number {
    return this.headWords[PAGES_USED_WORD] as number;
  }

  /** Samples refused because their id was never registered. */
  get refusedIds(): number {
    return this.headCells[REFUSED_IDS_CELL] as number;
  }

  /** Samples refused because their value was NaN or infinite, or a negative counter. */
  get refusedValues(): number {
    return this.headCells[REFUSED_VALUES_CELL] as number;
  }

  /** Counter samples below their predecessor. */
  get resets(): number {
    return this.headCells[RESETS_CELL] as number;
  }

  /** Samples of a series; 0 also for a series this window does not know. Exact to COUNT_MAX. */
  count(series: number): number {
    return isIndex(series) ? (this.totals[2 * series + 1] ?? 0) : 0;
  }

  /**
   * Sum of a series' values, or of a counter's increases; 0 when unknown. Added in arrival order
   * without compensation: exact for integers to 2^53, otherwise off by at most
   * count * 2^-53 * (sum of magnitudes). Infinite once it has left the f64 range,
   * and NaN only where two windows with opposite infinities were merged.
   */
  sum(series: number): number {
    return isIndex(series) ? (this.totals[2 * series] ?? 0) : 0;
  }

  /** Smallest value of a series with samples; undefined without samples or in other kinds. */
  min(series: number): number | undefined {
    return this.count(series) === 0 ? undefined : this.extremes[2 * series];
  }

  /** Largest value of a series with samples; undefined without samples or in other kinds. */
  max(series: number): number | undefined {
    const negated = this.extremes[2 * series + 1];
    return this.count(series) === 0 || negated === undefined ? undefined : -negated;
  }

  /** Last value of a series with samples; undefined without samples or in other kinds. */
  last(series: number): number | undefined {
    return this.count(series) === 0 ? undefined : this.lasts[series];
  }

  /** Writes how many series and inputs exist: by the owner, before it gives the window away. */
  setSizes(series: number, inputs: number): void {
    this.headWords[SERIES_COUNT_WORD] = series;
    this.headWords[INPUTS_COUNT_WORD] = inputs;
  }

  /** Takes a page for one octave and returns its number; 0 when the pool is empty. */
  takePage(): number {
    const used = this.pagesUsed;
    if (used >= this.layout.pagesMax) return 0;
    this.headWords[PAGES_USED_WORD] = used + 1;
    return used + 1;
  }

  /** Puts a window in the state of one that never saw a sample. Costs only what was in use. */
  clear(): void {
    this.clearFrom(0, 0, this.series);
  }

  /** As `clear` for memory that was never a window: all records, not only those in use. */
  clearAll(): void {
    this.clearFrom(0, 0, this.layout.seriesMax);
  }

  /** Whether a copy of what `source` has in use fits, and does not leave most of the room empty. */
  isSnugFor({ series, pagesUsed }: WindowView): boolean {
    const { seriesMax, pagesMax } = this.layout;
    const fits = series <= seriesMax && pagesUsed <= pagesMax;
    return (
      fits && seriesMax <= roomFor(series) * SPARE_MAX && pagesMax <= roomFor(pagesUsed) * SPARE_MAX
    );
  }

  /** Becomes a copy of `source`: of the same layout, or one that is snug for it. Costs what is in use. */
  copyFrom(source: WindowView): void {
    const series = source.series;
    this.clearFrom(series, source.pagesUsed, this.series);
    this.headWords.set(source.headWords);
    this.totals.set(source.totals.subarray(0, 2 * series));
    if (this.extremes.length > 0) {
      this.extremes.set(source.extremes.subarray(0, 2 * series));
      this.lasts.set(source.lasts.subarray(0, series));
    }
    if (this.sketchWords.length > 0) {
      this.sketchWords.set(source.sketchWords.subarray(0, (series * SKETCH_BYTES) / 4));
      this.pages.set(source.pages.subarray(0, (source.pagesUsed * PAGE_BYTES) / 8));
    }
  }

  /** Clears the head, records `series` to `end`, and pages in use after the first `pages`. */
  private clearFrom(series: number, pages: number, end: number): void {
    this.totals.fill(0, 2 * series, 2 * end);
    this.extremes.fill(Number.POSITIVE_INFINITY, 2 * series, 2 * end);
    this.lasts.fill(0, series, end);
    this.sketchWords.fill(0, (series * SKETCH_BYTES) / 4, (end * SKETCH_BYTES) / 4);
    this.pages.fill(0, (pages * PAGE_BYTES) / 8, (this.pagesUsed * PAGE_BYTES) / 8);
    this.headWords.fill(0);
  }
}

/** Twice a fraction may be whole: without this, 0.5 would read the record of a neighbour. */
function isIndex(series: number): boolean {
  return series >>> 0 === series;
}

/** An empty window of its own memory, not shared with anyone. */
export function heapWindow(layout: WindowLayout): WindowView {
  const view = new WindowView(new ArrayBuffer(layout.byteLength), 0, layout);
  view.clearAll();
  return view;
}

/** Windows that grow are made half as large again as they have to be, and never smaller than this. */
const ROOM_MIN = 16;
/** Times the room that is needed, from which a window is made anew. */
const SPARE_MAX = 4;

function roomFor(used: number): number {
  return Math.max(ROOM_MIN, Math.ceil(used * 1.5));
}

/** An empty window of its own memory with room for what `source` has in use, and half as much again. */
export function snugWindow({ layout, series, pagesUsed }: WindowView): WindowView {
  const seriesMax = Math.min(layout.seriesMax, roomFor(series));
  const pagesMax = Math.min(layout.pagesMax, roomFor(pagesUsed));
  return heapWindow(windowLayout(layout.kind, seriesMax, pagesMax, layout.lowestExponent));
}
