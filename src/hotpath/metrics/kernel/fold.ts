/**
 * The fold kernels: one batch of samples (u32 input ids, f64 values) onto the records of a window.
 * AssemblyScript, compiled by scripts/build-kernels.mjs into kernels.generated.ts and called by
 * wasm-folds.ts. plain-folds.ts says the same in plain TypeScript, bit for bit: change both.
 *
 * A kernel gets byte addresses from the layout, knows the shape of one record and no other offset,
 * allocates nothing, and touches memory that only the calling thread writes.
 * A sample is folded or refused, never half of each; a refusal is counted in the window's head.
 */

/** Adds what a batch refused: f64 {ids, values} at the start of the window's head. */
function countRefusals(head: usize, ids: u32, values: u32): void {
  store<f64>(head, load<f64>(head) + <f64>ids);
  store<f64>(head, load<f64>(head, 8) + <f64>values, 8);
}

/** `x - x` is 0 for every finite number and NaN for the rest: one subtraction, one branch. */
function isFinite64(value: f64): bool {
  return value - value === 0;
}

/** The record that an input's samples go to: the one indirection of label dropping. */
function targetOf(targets: usize, id: u32): usize {
  return <usize>load<u32>(targets + ((<usize>id) << 2));
}

/** {sum, count} += {value, 1}, as one vector addition. */
function addTotals(record: usize, value: f64): void {
  const sample = f64x2.replace_lane(f64x2.splat(1), 0, value);
  v128.store(record, f64x2.add(v128.load(record), sample));
}

/** One sample of a tally, with every check. */
function foldOneTally(
  id: u32,
  value: f64,
  inputs: u32,
  targets: usize,
  head: usize,
  totals: usize,
): void {
  if (id >= inputs) countRefusals(head, 1, 0);
  else if (!isFinite64(value)) countRefusals(head, 0, 1);
  else addTotals(totals + (targetOf(targets, id) << 4), value);
}

/**
 * {sum, count} per target. The cheapest record gets the tightest loop: samples are checked in pairs
 * by one branch, and only a pair with something to refuse is taken apart. A fifth faster than one
 * by one (bench/b16-aggregation.bench.ts); wider steps gained nothing more.
 */
export function foldTally(
  ids: usize,
  values: usize,
  count: u32,
  inputs: u32,
  targets: usize,
  head: usize,
  totals: usize,
): void {
  const ones = f64x2.splat(1);
  const last: u32 = count & ~1;
  for (let i: u32 = 0; i < last; i += 2) {
    const id0 = load<u32>(ids + (i << 2));
    const id1 = load<u32>(ids + (i << 2), 4);
    const pair = v128.load(values + (i << 3));
    // All bits of `x - x` are 0 for finite numbers, and some are 1 for the rest.
    const refused = v128.any_true(f64x2.sub(pair, pair));
    if (i32(id0 >= inputs) | i32(id1 >= inputs) | i32(refused)) {
      foldOneTally(id0, f64x2.extract_lane(pair, 0), inputs, targets, head, totals);
      foldOneTally(id1, f64x2.extract_lane(pair, 1), inputs, targets, head, totals);
    } else {
      // The second load comes after the first store: both may be the same record.
      const first = totals + (targetOf(targets, id0) << 4);
      v128.store(first, f64x2.add(v128.load(first), v128.shuffle<f64>(pair, ones, 0, 2)));
      const second = totals + (targetOf(targets, id1) << 4);
      v128.store(second, f64x2.add(v128.load(second), v128.shuffle<f64>(pair, ones, 1, 2)));
    }
  }
  if (last < count) {
    const value = load<f64>(values + (last << 3));
    foldOneTally(load<u32>(ids + (last << 2)), value, inputs, targets, head, totals);
  }
}

/** {sum, count}, {min, -max} and last per target. */
export function foldSummary(
  ids: usize,
  values: usize,
  count: u32,
  inputs: u32,
  targets: usize,
  head: usize,
  totals: usize,
  extremes: usize,
  lasts: usize,
): void {
  let refusedIds: u32 = 0;
  let refusedValues: u32 = 0;
  for (let i: u32 = 0; i < count; ++i) {
    const id = load<u32>(ids + (i << 2));
    const value = load<f64>(values + (i << 3));
    if (id >= inputs) {
      ++refusedIds;
    } else if (!isFinite64(value)) {
      ++refusedValues;
    } else {
      const target = targetOf(targets, id);
      addTotals(totals + (target << 4), value);
      const pair = f64x2.replace_lane(f64x2.splat(value), 1, -value);
      const extreme = extremes + (target << 4);
      // pmin(a, b) is `b < a ? b : a`: one instruction, and the fallback can say exactly the same.
      v128.store(extreme, f64x2.pmin(v128.load(extreme), pair));
      store<f64>(lasts + (target << 3), value);
    }
  }
  countRefusals(head, refusedIds, refusedValues);
}

/**
 * {increase, count} per target from cumulative values. `baselines` holds the last value of each
 * input; -1 = none yet (the first sample is a baseline and adds 0), -2 = an overflow input, which
 * mixes series and never gets a baseline. Negative samples are refused, so that both are free.
 * Everything but the refusal is masks: a counter that resets often costs no mispredicted branch.
 */
export function foldCounter(
  ids: usize,
  values: usize,
  count: u32,
  inputs: u32,
  targets: usize,
  head: usize,
  totals: usize,
  baselines: usize,
): void {
  let refusedIds: u32 = 0;
  let refusedValues: u32 = 0;
  let resets: i64 = 0;
  const zero = f64x2.splat(0);
  const mixed = f64x2.splat(-2);
  for (let i: u32 = 0; i < count; ++i) {
    const id = load<u32>(ids + (i << 2));
    const value = load<f64>(values + (i << 3));
    if (id >= inputs) {
      ++refusedIds;
    } else if (!(value >= 0 && isFinite64(value))) {
      ++refusedValues;
    } else {
      const baseline = baselines + ((<usize>id) << 3);
      const now = f64x2.splat(value);
      const before = v128.load64_splat(baseline);
      const hasBaseline = f64x2.ge(before, zero);
      const kept = f64x2.ge(now, before);
      const increase = v128.and(f64x2.sub(now, v128.and(before, kept)), hasBaseline);
      // A mask is 0 or -1. Without baseline `before` is negative, so `kept` holds: no reset.
      resets += i64x2.extract_lane(kept, 0) + 1;
      v128.store64_lane(baseline, v128.bitselect(before, now, f64x2.eq(before, mixed)), 0);
      const record = totals + (targetOf(targets, id) << 4);
      const sample = f64x2.replace_lane(increase, 1, 1);
      v128.store(record, f64x2.add(v128.load(record), sample));
    }
  }
  countRefusals(head, refusedIds, refusedValues);
  store<f64>(head, load<f64>(head, 16) + <f64>resets, 16);
}

/** Which of a sketch's edge cells takes a value that no octave covers; see histogram-layout.ts. */
function edgeOf(value: f64, biasedExponent: u32, lowestBiased: u32): usize {
  if (value < 0) return 0;
  if (value === 0) return 8;
  return biasedExponent < lowestBiased ? 16 : 24;
}

/** {sum, count} and a log-linear histogram in sparse pages per target. */
export function foldHistogram(
  ids: usize,
  values: usize,
  count: u32,
  inputs: u32,
  targets: usize,
  head: usize,
  totals: usize,
  sketches: usize,
  pages: usize,
  pagesMax: u32,
  lowestBiased: u32,
): void {
  let refusedIds: u32 = 0;
  let refusedValues: u32 = 0;
  let pagesUsed = load<u32>(head, 24);
  for (let i: u32 = 0; i < count; ++i) {
    const id = load<u32>(ids + (i << 2));
    const value = load<f64>(values + (i << 3));
    if (id >= inputs) {
      ++refusedIds;
      continue;
    }
    if (!isFinite64(value)) {
      ++refusedValues;
      continue;
    }
    const target = targetOf(targets, id);
    addTotals(totals + (target << 4), value);
    const sketch = sketches + (target << 8);
    // The upper word again from memory: cheaper than moving it out of a vector register.
    const high = load<u32>(values + (i << 3), 4);
    // Unsigned, so that a sign bit or a too small exponent lands above every octave as well.
    const octave: u32 = (high >> 20) - lowestBiased;
    let cell: usize;
    if (octave < 48) {
      const entry = sketch + 64 + ((<usize>octave) << 2);
      let page = load<u32>(entry);
      if (page === 0 && pagesUsed < pagesMax) {
        page = ++pagesUsed;
        store<u32>(entry, page);
      }
      // Page numbers start at 1; without a page the sample is counted as unplaced.
      cell =
        page === 0 ? sketch + 32 : pages + ((<usize>page - 1) << 9) + (((high >> 14) & 63) << 3);
    } else {
      cell = sketch + edgeOf(value, high >> 20, lowestBiased);
    }
    store<f64>(cell, load<f64>(cell) + 1);
  }
  countRefusals(head, refusedIds, refusedValues);
  store<u32>(head, pagesUsed, 24);
}
