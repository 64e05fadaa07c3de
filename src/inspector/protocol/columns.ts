/**
 * A binary frame of the topic `actors`: which rows are gone, which got a name, which have other figures.
 * Written by the server and read by pages alike; little-endian, every column aligned to its element. Pure,
 * and without anything of Node.
 *
 *   byte 0     4      8       12      16     24   32       36       40         44      48
 *        ┌──────┬──────┬───────┬───────┬──────┬────┬────────┬────────┬──────────┬───────┬─ ─ ─ ─ ─
 *        │ RMC2 │ sub  │ frame │ flags │ from │ to │ g gone │ n named│ c changed│ bytes │ columns …
 *        └──────┴──────┴───────┴───────┴──────┴────┴────────┴────────┴──────────┴───────┴─ ─ ─ ─ ─
 *   f64 handled[c] · u32 gone[g] · u32 row[n] · u32 thread[n] · u32 end[n] · u32 row[c] · u32 depth[c] ·
 *   u32 restarts[c] · u32 age[c] · f32 waitUs[c] · UTF-8 of all paths (`bytes` long)
 *
 * `end[i]`: where path i ends in the text of all paths, in UTF-16 units; it begins where the one before
 * ends. `waitUs` is NaN before the first sample. `age`: tenths of a second since the present incarnation
 * began, as of this frame; that it grows is not told. flags: 1 first part of its range, 2 last part.
 */

/** Figures of rows, column by column; what the page keeps and the server sends. */
export type ActorFrame = {
  readonly sub: number;
  /** Counts up from 1; to be acknowledged. */
  readonly frame: number;
  /** The range of changes that it is a part of; from 0: a snapshot, which replaces all that was known. */
  readonly from: number;
  readonly to: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly gone: Uint32Array;
  readonly named: {
    readonly row: Uint32Array;
    readonly thread: Uint32Array;
    readonly end: Uint32Array;
    readonly paths: string;
  };
  readonly changed: {
    readonly row: Uint32Array;
    readonly handled: Float64Array;
    readonly depth: Uint32Array;
    readonly restarts: Uint32Array;
    readonly age: Uint32Array;
    readonly waitUs: Float32Array;
  };
};

/** Of a text frame that is none. */
export const COLUMNS_MAGIC = 0x32434d52;
/** Bytes before the columns. */
export const HEAD_BYTES = 48;
/** Bytes of one changed row, of one that got a name (without its path), of one that is gone. */
export const CHANGED_BYTES = 28;
export const NAMED_BYTES = 12;
export const GONE_BYTES = 4;

const FIRST = 1;
const LAST = 2;

/** The frame as bytes. */
export function encodeColumns(frame: ActorFrame): Uint8Array {
  const { gone, named, changed } = frame;
  const paths = new TextEncoder().encode(named.paths);
  const [g, n, c] = [gone.length, named.row.length, changed.row.length];
  const textAt = HEAD_BYTES + c * CHANGED_BYTES + n * NAMED_BYTES + g * GONE_BYTES;
  const bytes = new Uint8Array(textAt + paths.length);
  const head = new DataView(bytes.buffer);
  const flags = (frame.isFirst ? FIRST : 0) | (frame.isLast ? LAST : 0);
  for (const [i, word] of [COLUMNS_MAGIC, frame.sub, frame.frame, flags].entries()) {
    head.setUint32(i * 4, word, true);
  }
  head.setFloat64(16, frame.from, true);
  head.setFloat64(24, frame.to, true);
  for (const [i, word] of [g, n, c, paths.length].entries()) head.setUint32(32 + i * 4, word, true);
  let at = HEAD_BYTES;
  const put = (column: Uint32Array | Float32Array | Float64Array): void => {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  };
  put(changed.handled);
  for (const column of [gone, named.row, named.thread, named.end]) put(column);
  for (const column of [changed.row, changed.depth, changed.restarts, changed.age]) put(column);
  put(changed.waitUs);
  bytes.set(paths, at);
  return bytes;
}

/** What was encoded; its columns look into `buffer`. @throws RangeError for what is no frame */
export function decodeColumns(buffer: ArrayBuffer): ActorFrame {
  if (buffer.byteLength < HEAD_BYTES) throw new RangeError('no frame of columns: too short');
  const head = new DataView(buffer);
  const word = (at: number): number => head.getUint32(at, true);
  if (word(0) !== COLUMNS_MAGIC) throw new RangeError('no frame of columns: another beginning');
  const [g, n, c, length] = [word(32), word(36), word(40), word(44)];
  const textAt = HEAD_BYTES + c * CHANGED_BYTES + n * NAMED_BYTES + g * GONE_BYTES;
  if (buffer.byteLength !== textAt + length) {
    throw new RangeError(`no frame of columns: ${buffer.byteLength} bytes, not ${textAt + length}`);
  }
  let at = HEAD_BYTES + c * 8;
  const words = (count: number): Uint32Array => {
    const column = new Uint32Array(buffer, at, count);
    at += count * 4;
    return column;
  };
  const handled = new Float64Array(buffer, HEAD_BYTES, c);
  const gone = words(g);
  const named = { row: words(n), thread: words(n), end: words(n) };
  const changed = { row: words(c), handled, depth: words(c), restarts: words(c), age: words(c) };
  const waitUs = new Float32Array(buffer, at, c);
  const paths = new TextDecoder().decode(new Uint8Array(buffer, textAt, length));
  return {
    sub: word(4),
    frame: word(8),
    from: head.getFloat64(16, true),
    to: head.getFloat64(24, true),
    isFirst: (word(12) & FIRST) !== 0,
    isLast: (word(12) & LAST) !== 0,
    gone,
    named: { ...named, paths },
    changed: { ...changed, waitUs },
  };
}
