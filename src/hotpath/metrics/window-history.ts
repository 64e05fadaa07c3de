/**
 * The last windows of one slab on the heap of the reading side: composes longer windows out of
 * base windows, and knows how long each series has been silent.
 * Bounded: it holds `windowsMax` copies and forgets the oldest. It reads no clock; its unit of
 * time is one window.
 */
import { RingmasterError } from '../errors.ts';
import { OCTAVES } from './histogram-layout.ts';
import { mergeWindow } from './merge.ts';
import type { Reading } from './reading.ts';
import { type WindowLayout, windowLayout } from './shard-layout.ts';
import { HISTOGRAM_PAGES_MAX } from './shard-options.ts';
import { heapWindow, type WindowView } from './window-view.ts';

/** Windows one history may hold: a day of minutes. Each costs a whole window of its slab. */
export const HISTORY_WINDOWS_MAX = 1_440;

/** See the head of the file. */
export class WindowHistory {
  readonly #layout: WindowLayout;
  readonly #windowsMax: number;
  readonly #windows: WindowView[] = [];
  /** Number of the window, counted from 1, in which a series last had a sample; 0 = never. */
  readonly #seenIn: Float64Array;
  #pushed = 0;

  /** @throws RM_METRICS_OPTION when windowsMax is not 1..HISTORY_WINDOWS_MAX. */
  constructor(layout: WindowLayout, windowsMax: number) {
    if (!(Number.isInteger(windowsMax) && windowsMax >= 1 && windowsMax <= HISTORY_WINDOWS_MAX)) {
      throw new RingmasterError(
        'RM_METRICS_OPTION',
        `windowsMax is ${windowsMax}, expected 1 to ${HISTORY_WINDOWS_MAX}.`,
        { windowsMax },
      );
    }
    this.#layout = layout;
    this.#windowsMax = windowsMax;
    this.#seenIn = new Float64Array(layout.seriesMax);
  }

  /** Windows in hand, at most `windowsMax`. */
  get windows(): number {
    return this.#windows.length;
  }

  /**
   * Copies a closed window as the newest; the oldest is forgotten when there are too many.
   * @throws RM_METRICS_STATE when it has another layout; nothing is forgotten then.
   */
  push(window: WindowView): void {
    checkLayout(this.#layout, window.layout);
    const slot = this.#pushed % this.#windowsMax;
    let copy = this.#windows[slot];
    if (copy === undefined) {
      copy = heapWindow(this.#layout);
      this.#windows.push(copy);
    }
    copy.copyFrom(window);
    this.#pushed += 1;
    markSeen(this.#seenIn, window.totals, window.series, this.#pushed);
  }

  /**
   * An empty window for `compose`: as the base windows, with pages for every octave that any of
   * them can have touched, up to HISTOGRAM_PAGES_MAX.
   */
  createTarget(): WindowView {
    const { kind, seriesMax, pagesMax, lowestExponent } = this.#layout;
    const pages = Math.min(pagesMax * this.#windowsMax, seriesMax * OCTAVES, HISTOGRAM_PAGES_MAX);
    return heapWindow(windowLayout(kind, seriesMax, pages, lowestExponent));
  }

  /**
   * Makes `target` the sum of the newest `count` windows, in order of time, and returns how many
   * there were. What `target` held before is cleared.
   * @throws RM_METRICS_OPTION when count is no positive integer; RM_METRICS_STATE as mergeWindow.
   */
  compose(count: number, target: WindowView): number {
    if (!(Number.isInteger(count) && count >= 1)) {
      throw new RingmasterError('RM_METRICS_OPTION', `count ${count}; expected 1 or more windows.`);
    }
    const windows = Math.min(count, this.windows);
    target.clear();
    for (let age = windows; age >= 1; age -= 1) {
      const window = this.#windows[(this.#pushed - age) % this.#windowsMax];
      if (window !== undefined) mergeWindow(target, window);
    }
    return windows;
  }

  /**
   * A reading of a series, unless its silence says more: `missing` when it never had a sample,
   * `stale` when the last one is `staleAfterWindows` or more windows old (the newest is 0 old).
   * @throws RM_METRICS_OPTION when staleAfterWindows is no positive integer.
   */
  judge(series: number, staleAfterWindows: number, reading: Reading): Reading {
    if (!(Number.isInteger(staleAfterWindows) && staleAfterWindows >= 1)) {
      throw new RingmasterError(
        'RM_METRICS_OPTION',
        `staleAfterWindows is ${staleAfterWindows}, expected 1 or more.`,
      );
    }
    const seenIn = this.#seenIn[series] ?? 0;
    if (seenIn === 0) return { kind: 'missing' };
    const windows = this.#pushed - seenIn;
    return windows >= staleAfterWindows ? { kind: 'stale', windows } : reading;
  }
}

function checkLayout(expected: WindowLayout, got: WindowLayout): void {
  for (const what of ['kind', 'seriesMax', 'pagesMax', 'lowestExponent'] as const) {
    if (got[what] === expected[what]) continue;
    throw new RingmasterError(
      'RM_METRICS_STATE',
      `window with ${what} ${got[what]} in a history of windows with ${expected[what]}; ` +
        'use one history per slab.',
      { got: got[what], expected: expected[what] },
    );
  }
}

function markSeen(
  seenIn: Float64Array,
  totals: Float64Array,
  series: number,
  window: number,
): void {
  for (let i = 0; i < series; i += 1) {
    if ((totals[2 * i + 1] as number) > 0) seenIn[i] = window;
  }
}
