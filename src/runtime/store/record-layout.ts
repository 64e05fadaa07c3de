/**
 * The bytes of a store's records. The only file that knows their offsets; it computes and keeps
 * nothing. All numbers are little-endian, but for the keys of `history` and `leases`, which must sort
 * as numbers and are 8 bytes big-endian.
 *
 *   every value      0 crc32 of key and rest │ 4 …
 *   entries          4 (0) │ 8 revision f64 │ 16 created f64 │ 24 lease f64, 0: none │ 32 value …
 *   history          4 changes u32 │ for each: kind u32, key bytes u32, value bytes u32, (0) u32,
 *                    created f64, lease f64, key …, value …
 *   leases           4 (0) │ 8 ms to live f64
 *   about/meta       4 sum of entries u32 │ 8 revision, compacted, lastLease, keys, bytes,
 *                    historyBytes, each f64
 *   about/writer     4 JSON …        about/format     4 JSON …
 *
 * The sum of entries is the exclusive or of the checksums of all entries: with their number it shows a
 * part of the tree that is lost, which no checksum of a record can.
 */
import { runtimeError } from '../errors.ts';
import { crcOf } from './crc.ts';
import type { StoreChange, StoreEntry } from './store.ts';
import type { LeasedKey, LeaseRecord, StoreCommit, StoreMeta } from './tables.ts';

/** Key of the numbers of the whole store. */
export const META_KEY: Uint8Array = ascii('meta');
/** Key of the record that says who writes. */
export const WRITER_KEY: Uint8Array = ascii('writer');
/** Key of the record that says what wrote the file. */
export const FORMAT_KEY: Uint8Array = ascii('format');

const ENTRY_HEAD = 32;
const CHANGE_HEAD = 32;
const PUT = 1;
const DELETE = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A key's bytes. */
export function keyBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index);
    // Most keys are ASCII, for which the encoder takes seven times as long.
    if (unit > 127) return encoder.encode(key);
    bytes[index] = unit;
  }
  return bytes;
}

/** The first key behind all that begin with these bytes: UTF-8 has no byte 255. */
export function behindPrefix(prefix: Uint8Array): Uint8Array {
  const end = new Uint8Array(prefix.length + 1);
  end.set(prefix);
  end[prefix.length] = 255;
  return end;
}

/** Bytes that sort as the number does. */
export function numberKey(number: number): Uint8Array {
  const bytes = new Uint8Array(8);
  let [high, low] = [Math.floor(number / 2 ** 32), number >>> 0];
  for (let index = 3; index >= 0; index--) {
    bytes[index] = high;
    bytes[index + 4] = low;
    high >>>= 8;
    low >>>= 8;
  }
  return bytes;
}

function numberOf(key: Uint8Array): number {
  const view = viewOf(key);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}

/** An entry as it is kept. */
export function entryRecord(key: Uint8Array, entry: StoreEntry): Uint8Array {
  const record = new Uint8Array(ENTRY_HEAD + entry.value.length);
  const view = viewOf(record);
  view.setFloat64(8, entry.revision, true);
  view.setFloat64(16, entry.createdRevision, true);
  view.setFloat64(24, entry.lease ?? 0, true);
  record.set(entry.value, ENTRY_HEAD);
  return sealed(key, record);
}

/** @param name the key, where it is known as a text. @throws RM_STORE_FORMAT when it is damaged */
export function entryOf(
  key: Uint8Array,
  record: Uint8Array,
  name: string = decoder.decode(key),
): StoreEntry {
  const view = opened('entries', key, record, ENTRY_HEAD);
  const lease = view.getFloat64(24, true);
  return {
    key: name,
    value: record.subarray(ENTRY_HEAD),
    revision: view.getFloat64(8, true),
    createdRevision: view.getFloat64(16, true),
    lease: lease === 0 ? null : lease,
  };
}

/** What is to know of an entry without making one. `bytes` as `entryBytes` counts them. */
export type EntryFacts = {
  readonly bytes: number;
  readonly checksum: number;
  /** Null: it has no lease. */
  readonly leased: LeasedKey | null;
};

/** @throws RM_STORE_FORMAT when it is damaged */
export function entryFacts(key: Uint8Array, record: Uint8Array): EntryFacts {
  const view = opened('entries', key, record, ENTRY_HEAD);
  const lease = view.getFloat64(24, true);
  return {
    bytes: key.length + record.length - ENTRY_HEAD,
    checksum: view.getUint32(0, true),
    leased: lease === 0 ? null : { lease, key: decoder.decode(key) },
  };
}

/** The checksum that a record begins with. */
export function checksumOf(record: Uint8Array): number {
  // By bytes: a view would cost more than all the rest.
  const [a = 0, b = 0, c = 0, d = 0] = [record[0], record[1], record[2], record[3]];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

/** A transaction as it is kept in the history. */
export function commitRecord(commit: StoreCommit): Uint8Array {
  const keys = commit.changes.map((change) =>
    keyBytes(change.kind === 'put' ? change.entry.key : change.key),
  );
  let size = 8;
  commit.changes.forEach((change, index) => {
    size += CHANGE_HEAD + (keys[index]?.length ?? 0);
    if (change.kind === 'put') size += change.entry.value.length;
  });
  const record = new Uint8Array(size);
  const view = viewOf(record);
  view.setUint32(4, commit.changes.length, true);
  let at = 8;
  commit.changes.forEach((change, index) => {
    const key = keys[index] ?? new Uint8Array(0);
    const entry = change.kind === 'put' ? change.entry : null;
    view.setUint32(at, entry === null ? DELETE : PUT, true);
    view.setUint32(at + 4, key.length, true);
    view.setUint32(at + 8, entry?.value.length ?? 0, true);
    view.setFloat64(at + 16, entry?.createdRevision ?? 0, true);
    view.setFloat64(at + 24, entry?.lease ?? 0, true);
    record.set(key, at + CHANGE_HEAD);
    at += CHANGE_HEAD + key.length;
    if (entry !== null) record.set(entry.value, at);
    at += entry?.value.length ?? 0;
  });
  return sealed(numberKey(commit.revision), record);
}

/** @throws RM_STORE_FORMAT when it is damaged */
export function commitOf(key: Uint8Array, record: Uint8Array): StoreCommit {
  const view = opened('history', key, record, 8);
  const revision = numberOf(key);
  const changes: StoreChange[] = [];
  let at = 8;
  for (let left = view.getUint32(4, true); left > 0; left--) {
    const keyEnd = at + CHANGE_HEAD + view.getUint32(at + 4, true);
    const end = keyEnd + view.getUint32(at + 8, true);
    const name = decoder.decode(record.subarray(at + CHANGE_HEAD, keyEnd));
    const lease = view.getFloat64(at + 24, true);
    if (view.getUint32(at, true) === DELETE) changes.push({ kind: 'delete', key: name });
    else {
      const entry: StoreEntry = {
        key: name,
        value: record.slice(keyEnd, end),
        revision,
        createdRevision: view.getFloat64(at + 16, true),
        lease: lease === 0 ? null : lease,
      };
      changes.push({ kind: 'put', entry });
    }
    at = end;
  }
  return { revision, changes };
}

/** A transaction's revision, and its bytes as `commitBytes` counts them. */
export type CommitFacts = { readonly revision: number; readonly bytes: number };

/** @throws RM_STORE_FORMAT when it is damaged */
export function commitFacts(key: Uint8Array, record: Uint8Array): CommitFacts {
  opened('history', key, record, 8);
  // What a change counts for beside its key and value is what its head takes here.
  return { revision: numberOf(key), bytes: 32 + record.length - 8 };
}

/** A lease as it is kept. */
export function leaseRecord({ lease, ttlMs }: LeaseRecord): Uint8Array {
  const record = new Uint8Array(16);
  viewOf(record).setFloat64(8, ttlMs, true);
  return sealed(numberKey(lease), record);
}

/** @throws RM_STORE_FORMAT when it is damaged */
export function leaseOf(key: Uint8Array, record: Uint8Array): LeaseRecord {
  const view = opened('leases', key, record, 16);
  return { lease: numberOf(key), ttlMs: view.getFloat64(8, true) };
}

const META_FIELDS = [
  'revision',
  'compacted',
  'lastLease',
  'keys',
  'bytes',
  'historyBytes',
] as const satisfies readonly (keyof StoreMeta)[];

/** The numbers of the store, and the sum of its entries. */
export function metaRecord(meta: StoreMeta, sum: number): Uint8Array {
  const record = new Uint8Array(8 + 8 * META_FIELDS.length);
  const view = viewOf(record);
  view.setUint32(4, sum >>> 0, true);
  META_FIELDS.forEach((name, index) => void view.setFloat64(8 + 8 * index, meta[name], true));
  return sealed(META_KEY, record);
}

/** @throws RM_STORE_FORMAT when it is damaged */
export function metaOf(record: Uint8Array): { readonly meta: StoreMeta; readonly sum: number } {
  const view = opened('about', META_KEY, record, 8 + 8 * META_FIELDS.length);
  const at = (index: number): number => view.getFloat64(8 + 8 * index, true);
  const [revision, compacted, lastLease] = [at(0), at(1), at(2)];
  const meta = {
    revision,
    compacted,
    lastLease,
    keys: at(3),
    bytes: at(4),
    historyBytes: at(5),
  };
  return { meta, sum: view.getUint32(4, true) };
}

/** Plain data under a key of `about`. */
export function jsonRecord(key: Uint8Array, data: unknown): Uint8Array {
  const text = encoder.encode(JSON.stringify(data));
  const record = new Uint8Array(4 + text.length);
  record.set(text, 4);
  return sealed(key, record);
}

/** @throws RM_STORE_FORMAT when it is damaged */
export function jsonOf(key: Uint8Array, record: Uint8Array): unknown {
  opened('about', key, record, 4);
  return JSON.parse(decoder.decode(record.subarray(4)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sealed(key: Uint8Array, record: Uint8Array): Uint8Array {
  let sum = crcOf(key, record, 4);
  for (let index = 0; index < 4; index++) {
    record[index] = sum;
    sum >>>= 8;
  }
  return record;
}

function opened(table: string, key: Uint8Array, record: Uint8Array, least: number): DataView {
  if (record.length >= least && checksumOf(record) === crcOf(key, record, 4)) return viewOf(record);
  throw damaged(`a record of ${record.length} bytes in table ${table} has a wrong checksum`);
}

/** What is there is no store of ours, or is damaged. */
export function damaged(what: string, data: Record<string, string | number> = {}): Error {
  return runtimeError(
    'RM_STORE_FORMAT',
    `${what}: the file is damaged. Nothing was changed. Stop everything that has it open, copy it, ` +
      'and save what is readable with exportStore().',
    data,
  );
}
