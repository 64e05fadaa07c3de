/**
 * Whether what a file says it holds can be shown: read once when it is opened, so that a file of another
 * version, or one that was changed, is refused whole instead of failing in the middle. Pure.
 */
import { decodeColumns } from '../../protocol/columns.ts';
import type { RecordingEntry, RecordingHead } from '../../recorder/recording.ts';
import { PROTOCOL } from '../connection/connection.ts';

/** Rows of actors. Higher: a file that names one high row takes all memory. */
const ROWS_MAX = 2 ** 21;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Of a record. @throws RangeError for what is no head, or of another protocol */
export function headOf(text: string): RecordingHead {
  const head = parsed(text);
  const { protocol, epoch, nowIso, topics, decisionsMs = null } = head;
  if (protocol !== PROTOCOL.name) {
    throw new RangeError(`it speaks ${String(protocol).slice(0, 40)}, this page ${PROTOCOL.name}`);
  }
  const isWhole =
    typeof epoch === 'string' &&
    ISO.test(String(nowIso)) &&
    Array.isArray(topics) &&
    (decisionsMs === null || Number.isFinite(decisionsMs));
  if (!isWhole) throw new RangeError('a head of the recording cannot be read');
  return head as unknown as RecordingHead;
}

/** Its records, after a moment. @returns the last one's. @throws RangeError for what cannot be shown */
export function checkEntries(entries: readonly RecordingEntry[], afterMs: number): number {
  let lastMs = afterMs;
  for (const entry of entries) {
    if (!(entry.atMs >= lastMs && entry.atMs < Number.POSITIVE_INFINITY)) {
      throw new RangeError('its moments are in no order');
    }
    lastMs = entry.atMs;
    if (entry.kind === 'columns') checkColumns(entry.bytes);
    else if (entry.kind === 'event') checkEvent(entry.text);
    else headOf(entry.text);
  }
  return lastMs;
}

function checkEvent(text: string): void {
  const { params } = parsed(text) as { readonly params?: { set?: unknown; gone?: unknown } };
  const isEvent =
    typeof params?.set === 'object' && params.set !== null && Array.isArray(params.gone);
  if (!isEvent) throw new RangeError('an event of the recording cannot be read');
}

function checkColumns(bytes: ArrayBuffer): void {
  for (const row of decodeColumns(bytes).named.row) {
    if (row >= ROWS_MAX) throw new RangeError(`it has an actor in row ${row}`);
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // As what is no object.
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new RangeError('a record of the recording cannot be read');
}
