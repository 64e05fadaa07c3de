/**
 * UTF-8 in and out of byte arrays, shared memory included, with the semantics of `TextEncoder`.
 * Table builders and the series key call it; `TextEncoder` does not exist in this layer, and
 * `TextDecoder` refuses shared memory in some engines. It does not normalise text.
 */

/** Bytes that one UTF-16 code unit can need at most: three; a surrogate pair needs four for two. */
export const UTF8_BYTES_PER_UNIT_MAX = 3;

/** What a lone surrogate is written as. */
const REPLACEMENT_CODE_POINT = 0xfffd;

/** The code point at `index`: a surrogate pair is one, a lone surrogate is U+FFFD. */
export function codePointAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const next = text.charCodeAt(index + 1);
  const isPair = unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff;
  return isPair ? 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00) : REPLACEMENT_CODE_POINT;
}

/** False when the text holds a lone surrogate, which no UTF-8 can carry back unchanged. */
export function isWellFormed(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    if (codePointAt(text, index) === REPLACEMENT_CODE_POINT) return false;
    index += 1;
  }
  return true;
}

/**
 * Writes `text` from byte `at` and returns the byte after the last one written.
 * The caller has made room: `text.length * UTF8_BYTES_PER_UNIT_MAX` bytes always suffice.
 */
export function encodeUtf8(text: string, target: Uint8Array, at: number): number {
  let to = at;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      target[to] = unit;
      to += 1;
    } else {
      const codePoint = codePointAt(text, index);
      if (codePoint > 0xffff) index += 1;
      to = encodeCodePoint(codePoint, target, to);
    }
  }
  return to;
}

function encodeCodePoint(codePoint: number, target: Uint8Array, at: number): number {
  let to = at;
  if (codePoint < 0x800) {
    target[to++] = 0xc0 | (codePoint >> 6);
  } else {
    if (codePoint < 0x10000) {
      target[to++] = 0xe0 | (codePoint >> 12);
    } else {
      target[to++] = 0xf0 | (codePoint >> 18);
      target[to++] = 0x80 | ((codePoint >> 12) & 0x3f);
    }
    target[to++] = 0x80 | ((codePoint >> 6) & 0x3f);
  }
  target[to++] = 0x80 | (codePoint & 0x3f);
  return to;
}

/** Text of `bytes[start, end)`, which `encodeUtf8` wrote; other bytes give some text, no error. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let at = start;
  while (at < end) {
    const lead = bytes[at] as number;
    const extra = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    let codePoint = extra === 0 ? lead : lead & (0x3f >> extra);
    for (let index = 1; index <= extra; index += 1) {
      codePoint = (codePoint << 6) | ((bytes[at + index] as number) & 0x3f);
    }
    // Foreign bytes could spell a number past Unicode's end, for which fromCodePoint throws.
    text += String.fromCodePoint(codePoint > 0x10ffff ? REPLACEMENT_CODE_POINT : codePoint);
    at += extra + 1;
  }
  return text;
}
