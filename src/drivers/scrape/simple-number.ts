/**
 * Numbers as most expositions write them, read without making a text: digits, perhaps with a point, few
 * enough that the result is exact. Everything else is for who reads texts: exposition.ts. Pure.
 */

/** As Prometheus writes a number; hexadecimal and underscores are not among them. */
export const NUMBER: RegExp = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)$/;

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const POINT = 46;
const MINUS = 45;
const ZERO = 48;
/** Digits of a number that is below 2^53 whatever they are: it and a power of ten are exact. */
const DIGITS_MAX = 15;

const TENS: readonly number[] = Array.from({ length: DIGITS_MAX + 1 }, (_, i) => Number(`1e${i}`));

/** The last number that `simpleNumberEnd` has read: a result without an object for it. */
export const simpleNumber: { value: number } = { value: 0 };

/** Reads the number at `at`. @returns where it ends; -1 for one that is not simple */
export function simpleNumberEnd(body: Uint8Array, at: number): number {
  const isNegative = body[at] === MINUS;
  let from = isNegative ? at + 1 : at;
  const first = from;
  let digits = 0;
  let pointAt = -1;
  for (; ; from++) {
    const byte = body[from] as number;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
    else if (byte === POINT && pointAt < 0) pointAt = from;
    else break;
  }
  const count = from - first - (pointAt < 0 ? 0 : 1);
  const next = body[from];
  const isEnd =
    next === NEWLINE || next === SPACE || next === TAB || next === RETURN || next === undefined;
  if (count === 0 || count > DIGITS_MAX || !isEnd) return -1;
  // Correctly rounded: both are exact, and a division rounds once.
  const value = pointAt < 0 ? digits : digits / (TENS[from - pointAt - 1] as number);
  simpleNumber.value = isNegative ? -value : value;
  return from;
}

/** The newline at or behind `at`, or the end. Bytewise: what is left of a line is short mostly. */
export function lineEnd(body: Uint8Array, at: number): number {
  const near = Math.min(body.length, at + NEAR);
  for (let to = at; to < near; to++) if (body[to] === NEWLINE) return to;
  if (near === body.length) return near;
  const end = body.indexOf(NEWLINE, near);
  return end < 0 ? body.length : end;
}

/** Bytes that are looked at before the search is left to the engine, whose call costs as much. */
const NEAR = 48;

/** Behind blanks. */
export function skipBlanks(body: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (body[at] === SPACE || body[at] === TAB)) at++;
  return at;
}
