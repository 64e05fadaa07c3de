/**
 * A recording as bytes: frames of all topics, each with its moment, in segments that begin with a snapshot,
 * so that the oldest can be dropped. Written by the flight recorder, read by the page. Pure: whoever calls
 * compresses and decompresses.
 *
 *   file     "RMREC001" · segment · segment …
 *   segment  u32 bytes · gzip of records
 *   record   f64 moment in ms · u32 kind · u32 bytes · what it holds, padded to a multiple of 8
 *
 * Little-endian. Kinds: 1 head (JSON: `RecordingHead`; told again in its segment when more of it is known),
 * 2 event of a topic (JSON: `Changed`), 3 frame of columns. `sub` of a frame is the topic's place in `topics`
 * of the head, from 1.
 */

/** What a segment begins with. */
export type RecordingHead = {
  readonly epoch: string;
  /** The record's moment by the calendar. */
  readonly nowIso: string;
  readonly protocol: string;
  readonly topics: readonly string[];
  /** The record's moment by the clock of the decisions; null: not known (yet), or there is no fleet. */
  readonly decisionsMs?: number | null;
};

/** Kind of a record. */
export type RecordKind = 'head' | 'event' | 'columns';

/** One of them. `data`: text, or bytes of columns in a buffer of their own. */
export type RecordingEntry =
  | { readonly atMs: number; readonly kind: 'head' | 'event'; readonly text: string }
  | { readonly atMs: number; readonly kind: 'columns'; readonly bytes: ArrayBuffer };

const MAGIC = 'RMREC001';
const KINDS: readonly RecordKind[] = ['head', 'event', 'columns'];
const HEAD_BYTES = 16;
const LENGTH_BYTES = 4;

/** What every file begins with. */
export const recordingMagic = (): Uint8Array => new TextEncoder().encode(MAGIC);

/** What stands before a compressed segment. */
export function segmentLength(bytes: number): Uint8Array {
  const head = new Uint8Array(LENGTH_BYTES);
  new DataView(head.buffer).setUint32(0, bytes, true);
  return head;
}

/** One record. */
export function encodeRecord(
  atMs: number,
  kind: RecordKind,
  data: string | Uint8Array,
): Uint8Array {
  const held = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const record = new Uint8Array(HEAD_BYTES + padded(held.length));
  const head = new DataView(record.buffer);
  head.setFloat64(0, atMs, true);
  head.setUint32(8, KINDS.indexOf(kind) + 1, true);
  head.setUint32(12, held.length, true);
  record.set(held, HEAD_BYTES);
  return record;
}

/** The compressed segments of a file. @throws RangeError for what is no recording, or is cut off */
export function segmentsOf(file: Uint8Array): readonly Uint8Array[] {
  const magic = new TextDecoder().decode(file.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw new RangeError('no recording: it begins otherwise');
  const segments: Uint8Array[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = MAGIC.length; at < file.length; ) {
    const isWhole = at + LENGTH_BYTES <= file.length;
    const bytes = isWhole ? view.getUint32(at, true) : 0;
    at += LENGTH_BYTES;
    if (!isWhole || at + bytes > file.length) throw new RangeError('the recording is cut off');
    segments.push(file.subarray(at, at + bytes));
    at += bytes;
  }
  return segments;
}

/** The records of a segment that was decompressed. @throws RangeError for what is none */
export function entriesOf(segment: Uint8Array): readonly RecordingEntry[] {
  const entries: RecordingEntry[] = [];
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  for (let at = 0; at < segment.length; ) {
    if (at + HEAD_BYTES > segment.length) throw new RangeError('a record is cut off');
    const atMs = view.getFloat64(at, true);
    const kind = KINDS[view.getUint32(at + 8, true) - 1];
    const bytes = view.getUint32(at + 12, true);
    at += HEAD_BYTES;
    if (kind === undefined) throw new RangeError('a record of no kind that is known');
    if (at + bytes > segment.length) throw new RangeError('a record is cut off');
    // A copy: `slice` of a Buffer is none.
    const held = new Uint8Array(segment.subarray(at, at + bytes));
    if (kind === 'columns') entries.push({ atMs, kind, bytes: held.buffer });
    else entries.push({ atMs, kind, text: new TextDecoder().decode(held) });
    at += padded(bytes);
  }
  return entries;
}

/** So that columns stay aligned. */
const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;
