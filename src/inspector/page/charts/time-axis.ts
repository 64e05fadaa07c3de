/** The five minutes that all charts of the pulse share: one second, one column; the same gutters. Pure. */
import type { RowOf } from '../../protocol/topics.ts';

/** One second. */
export type Second = RowOf<'pulse'>;

/** Seconds from the left to the right. */
export const SPAN = 300;
/** CSS pixels beside the drawing: labels of the axis at the left, figures at the right. */
export const GUTTER = { left: 56, right: 28 } as const;

/** Where a second is drawn; `width` of the whole chart. */
export type Columns = {
  /** Left end of the second that ends at `atMs`. */
  readonly x: (atMs: number) => number;
  readonly width: number;
};

/** With the newest second at the right. */
export function columnsOf(seconds: readonly Second[], width: number): Columns {
  const inside = Math.max(1, width - GUTTER.left - GUTTER.right);
  const column = inside / SPAN;
  const lastMs = seconds.at(-1)?.atMs ?? 0;
  return {
    width: column,
    x: (atMs) => GUTTER.left + inside - ((lastMs - atMs) / 1000 + 1) * column,
  };
}
