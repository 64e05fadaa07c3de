/**
 * The random port and its seeded implementation: the same seed gives the same numbers on every
 * machine, so that any run can be repeated. It is not for secrets.
 */

/** Draws numbers. Thread rule: one owner; give others a `split`. */
export interface Random {
  /** An integer from 0 to 2^32 - 1. */
  nextU32(): number;
  /** An integer from 0 to `bound` - 1, every one equally likely; `bound` from 1 to 2^32. */
  below(bound: number): number;
  /** An independent generator; how many numbers one draws does not change the other. */
  split(): Random;
}

/**
 * A generator from a seed, any integer: its low 32 bits count.
 * Source: xoshiro128** by Blackman and Vigna, seeded by splitmix32 (2018).
 */
export function seededRandom(seed: number): Random {
  const next = xoshiro(seed | 0);
  return {
    nextU32: next,
    below: (bound) => drawBelow(next, bound),
    split: () => seededRandom(next()),
  };
}

function xoshiro(seed: number): () => number {
  let state = seed;
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix()];
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}

/** Rejects the draws that would make small numbers likelier. */
function drawBelow(next: () => number, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
    throw new RangeError(`bound is ${bound}; expected an integer from 1 to 2^32.`);
  }
  const fair = 2 ** 32 - (2 ** 32 % bound);
  let drawn = next();
  while (drawn >= fair) drawn = next();
  return drawn % bound;
}
