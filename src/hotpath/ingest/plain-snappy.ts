/**
 * Decompresses a snappy block in plain TypeScript: where WebAssembly has no vectors or threads, and as the
 * readable meaning of `decompress` in kernel/decode.ts. Called by request-decoder.ts. The declared length
 * is looked at before anything is written, and every copy against what was written so far.
 *
 * Source: the format description, google/snappy `format_description.txt`.
 */
import { DECODE_STATUS } from './decode-status.ts';

const { corrupt: CORRUPT, tooLarge: TOO_LARGE } = DECODE_STATUS;
/** A length in a tag; a larger one says how many bytes of length follow. */
const SHORT_LITERAL_MAX = 60;

/** @returns bytes written to the start of `target`, or a negative `DECODE_STATUS` */
export function plainDecompress(
  source: Uint8Array,
  target: Uint8Array,
  targetMax: number = target.length,
): number {
  let declared = 0;
  let at = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = source[at];
    at += 1;
    if (byte === undefined || at > 10) return CORRUPT;
    declared += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (byte === 0 && at > 1) return CORRUPT;
      break;
    }
  }
  if (declared > 0xffff_ffff) return CORRUPT;
  if (declared > targetMax) return TOO_LARGE;
  let to = 0;
  while (at < source.length) {
    const tag = source[at] as number;
    at += 1;
    const kind = tag & 3;
    const extra = kind === 0 ? Math.max(0, (tag >> 2) + 1 - SHORT_LITERAL_MAX) : EXTRA[kind];
    if (source.length - at < (extra as number)) return CORRUPT;
    const number = littleEndian(source, at, extra as number);
    at += extra as number;
    if (kind === 0) {
      const length = extra === 0 ? (tag >> 2) + 1 : number + 1;
      if (length > source.length - at || length > declared - to) return CORRUPT;
      target.set(source.subarray(at, at + length), to);
      at += length;
      to += length;
    } else {
      const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      const offset = kind === 1 ? ((tag >> 5) << 8) | number : number;
      if (offset === 0 || offset > to || length > declared - to) return CORRUPT;
      for (let end = to + length; to < end; to += 1) target[to] = target[to - offset] as number;
    }
  }
  return to === declared ? declared : CORRUPT;
}

/** Bytes of an offset, by kind of tag. */
const EXTRA: readonly number[] = [0, 1, 2, 4];

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let number = 0;
  for (let i = count - 1; i >= 0; i -= 1) number = number * 256 + (bytes[at + i] as number);
  return number;
}
