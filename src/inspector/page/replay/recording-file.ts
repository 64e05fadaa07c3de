/**
 * A recording that was opened: its segments in order, each of which begins with a snapshot of everything, so
 * that any moment is a segment's beginning and what came after it. Pure: who opens it decompresses.
 */
import {
  entriesOf,
  type RecordingEntry,
  type RecordingHead,
  segmentsOf,
} from '../../recorder/recording.ts';
import { checkEntries, headOf } from './recording-check.ts';

/** One segment. */
export type Segment = { readonly beginMs: number; readonly entries: readonly RecordingEntry[] };

/** All of it. Moments are of the server's clock. */
export type RecordingFile = {
  readonly name: string;
  readonly head: RecordingHead;
  /** When the calendar was at `nowIso` of the head. */
  readonly headMs: number;
  readonly segments: readonly Segment[];
  readonly beginMs: number;
  readonly endMs: number;
  /** What the clock of the decisions is behind; null: nobody has told it. */
  readonly decisionsBehindMs: number | null;
};

/** Milliseconds since 1970 of a moment of a file; `headIsoMs`: of its head's calendar. */
export function peopleMsOf({ headMs }: RecordingFile, headIsoMs: number, atMs: number): number {
  return headIsoMs + atMs - headMs;
}

/** Bytes of all segments, decompressed. Higher: a small file takes all memory. */
const BYTES_MAX = 512 * 2 ** 20;

/** `gunzip` rejects beyond its limit. @throws (rejects) RangeError for what is no recording */
export async function openRecording(
  name: string,
  file: Uint8Array,
  gunzip: (bytes: Uint8Array, bytesMax: number) => Promise<Uint8Array>,
): Promise<RecordingFile> {
  const segments: Segment[] = [];
  let left = BYTES_MAX;
  let endMs = Number.NEGATIVE_INFINITY;
  for (const compressed of segmentsOf(file)) {
    const bytes = await gunzip(compressed, left);
    left -= bytes.length;
    const entries = entriesOf(bytes);
    const [first] = entries;
    if (first?.kind !== 'head') throw new RangeError('a segment of the recording has no head');
    endMs = checkEntries(entries, endMs);
    segments.push({ beginMs: first.atMs, entries });
  }
  const [first] = segments;
  const head = first?.entries[0];
  if (first === undefined || head?.kind !== 'head') throw new RangeError('the recording is empty');
  return {
    name,
    head: headOf(head.text),
    headMs: head.atMs,
    segments,
    beginMs: first.beginMs,
    endMs,
    decisionsBehindMs: decisionsBehind(segments),
  };
}

/** As the newest head says that knows it. */
function decisionsBehind(segments: readonly Segment[]): number | null {
  const entries = segments.flatMap((segment) => segment.entries).reverse();
  for (const entry of entries) {
    if (entry.kind !== 'head') continue;
    const { decisionsMs = null } = headOf(entry.text);
    if (decisionsMs !== null) return entry.atMs - decisionsMs;
  }
  return null;
}
