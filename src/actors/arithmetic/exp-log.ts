/**
 * Exponential and logarithm from additions, multiplications and divisions only: an engine may compute
 * `Math.exp` and `Math.log` as it likes, and a recorded decision must come out the same elsewhere.
 * Relative error below 4e-16 (a unit in the last place or two), tested against the engine's own.
 */

/** The natural logarithm of 2 in two parts: the first has zeros enough to be multiplied exactly. */
const LN2_HIGH = 0.693_147_180_369_123_8;
const LN2_LOW = 1.908_214_929_270_587_7e-10;
const LN2 = Math.LN2;
const SQRT_HALF = Math.SQRT1_2;
/** Beyond these the result is infinite or zero. */
const EXP_MAX = 709.782_712_893_384;
const EXP_MIN = -745.133_219_101_941_2;

const word: DataView = new DataView(new ArrayBuffer(8));

/** e to the power of `x`. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > EXP_MAX) return Number.POSITIVE_INFINITY;
  if (x < EXP_MIN) return 0;
  const power = Math.round(x / LN2);
  const rest = x - power * LN2_HIGH - power * LN2_LOW;
  // |rest| <= ln(2)/2: the 15th term is below 1e-20.
  let sum = 1;
  for (let term = 15; term > 0; term--) sum = 1 + (sum * rest) / term;
  // In two steps: the smallest results are not normal numbers.
  const half = Math.trunc(power / 2);
  return sum * powerOfTwo(half) * powerOfTwo(power - half);
}

/** The natural logarithm of `x`; NaN below 0, minus infinity at 0. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  // A number that is not normal is lifted by 2^54 first.
  const lifted = x < 2.3e-308 ? x * 18_014_398_509_481_984 : x;
  word.setFloat64(0, lifted);
  let power = (word.getUint16(0) >> 4) - 1023 - (lifted === x ? 0 : 54);
  word.setUint16(0, (word.getUint16(0) & 0x000f) | 0x3fe0);
  let mantissa = word.getFloat64(0);
  power++;
  if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    power--;
  }
  // ln(m) = 2 artanh(s): odd powers of s, |s| <= 0.1716; the 12th of them is below 1e-18.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let odd = 23; odd > 1; odd -= 2) sum = (sum + 1 / odd) * square;
  return power * LN2_HIGH + (2 * s + 2 * s * sum + power * LN2_LOW);
}

/** `x`, above 0, to the power of `y`. */
export function power(x: number, y: number): number {
  return exp(y * log(x));
}

function powerOfTwo(exponent: number): number {
  word.setUint32(4, 0);
  word.setUint16(2, 0);
  word.setUint16(0, (exponent + 1023) << 4);
  return word.getFloat64(0);
}
