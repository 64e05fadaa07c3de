/** A recording in the page: any moment of it is what was told until then, whatever was looked at before. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { Comparison } from '../../src/inspector/page/replay/comparison.ts';
import { openRecording, peopleMsOf } from '../../src/inspector/page/replay/recording-file.ts';
import { Replay } from '../../src/inspector/page/replay/replay.ts';
import { ActorColumns } from '../../src/inspector/page/tables/actor-columns.ts';
import { Table } from '../../src/inspector/page/tables/table.ts';
import { encodeColumns } from '../../src/inspector/protocol/columns.ts';
import {
  encodeRecord,
  recordingMagic,
  segmentLength,
} from '../../src/inspector/recorder/recording.ts';

const TOPICS = ['system', 'actors'];
const SEGMENT_SECONDS = 10;
const SECONDS = 35;
const gunzip = async (bytes: Uint8Array): Promise<Uint8Array> => new Uint8Array(gunzipSync(bytes));
const HEAD = { epoch: 'e', protocol: 'ringmaster.inspect.v1', topics: TOPICS };

/** A row a second that says which one; two actors whose depth is the second. */
function recordsOf(second: number): Uint8Array[] {
  const atMs = second * 1000;
  const isFirst = second % SEGMENT_SECONDS === 0;
  const range = { from: isFirst ? 0 : second, to: second + 1, isFirst: true, isLast: true };
  const params = { set: { now: { second } }, gone: [] };
  const event = { method: 'Topics.changed', params, sub: 1, frame: second + 1, ...range };
  const two = Uint32Array.of(0, 1);
  const none = new Uint32Array(0);
  const columns = encodeColumns({
    sub: 2,
    frame: second + 1,
    ...range,
    gone: none,
    named: isFirst
      ? { row: two, thread: two, end: Uint32Array.of(2, 4), paths: '/a/b' }
      : { row: none, thread: none, end: none, paths: '' },
    changed: {
      row: two,
      handled: Float64Array.of(second, second),
      depth: Uint32Array.of(second, second),
      restarts: two,
      age: two,
      waitUs: Float32Array.of(1, 1),
    },
  });
  const nowIso = new Date(Date.UTC(2026, 0, 1) + atMs).toISOString();
  const head = { ...HEAD, nowIso };
  return [
    ...(isFirst ? [encodeRecord(atMs, 'head', JSON.stringify(head))] : []),
    encodeRecord(atMs, 'event', JSON.stringify(event)),
    encodeRecord(atMs, 'columns', columns),
  ];
}

function recording(): Uint8Array {
  const segments: Uint8Array[][] = [];
  for (let begin = 0; begin < SECONDS; begin += SEGMENT_SECONDS) {
    const seconds = Array.from({ length: SEGMENT_SECONDS }, (_, at) => begin + at);
    segments.push(seconds.filter((one) => one < SECONDS).flatMap(recordsOf));
  }
  return fileOf(segments);
}

function fileOf(segments: readonly (readonly Uint8Array[])[]): Uint8Array {
  const parts = segments.flatMap((records) => {
    const bytes = gzipSync(Buffer.concat(records));
    return [segmentLength(bytes.length), bytes];
  });
  return new Uint8Array(Buffer.concat([recordingMagic(), ...parts]));
}

/** A record of JSON, a second after the recording has begun. */
const told = (kind: 'head' | 'event', value: unknown, atMs = 1000): Uint8Array =>
  encodeRecord(atMs, kind, typeof value === 'string' ? value : JSON.stringify(value));
const named = (row: number): Uint8Array => {
  const none = new Uint32Array(0);
  return encodeColumns({
    ...{ sub: 2, frame: 1, from: 0, to: 1, isFirst: true, isLast: true, gone: none },
    named: {
      row: Uint32Array.of(row),
      thread: Uint32Array.of(1),
      end: Uint32Array.of(2),
      paths: '/a',
    },
    changed: {
      ...{ row: none, handled: new Float64Array(0), depth: none, restarts: none, age: none },
      waitUs: new Float32Array(0),
    },
  });
};

async function replayed() {
  const table = new Table<unknown>();
  const actors = new ActorColumns();
  const file = await openRecording('a', recording(), gunzip);
  const forget = (): void => {
    table.forget();
    actors.forget();
  };
  const replay = new Replay(file, { table: () => table, actors, forget });
  return { replay, table, actors };
}

test('replay - it opens at its end, and knows the calendar', async () => {
  const { replay, table } = await replayed();
  expect(replay.nowMs).toBe((SECONDS - 1) * 1000);
  expect(table.rows.get('now')).toEqual({ second: SECONDS - 1 });
  const { file } = replay;
  const at = peopleMsOf(file, Date.parse(file.head.nowIso), 5000);
  expect(new Date(at).toISOString()).toBe('2026-01-01T00:00:05.000Z');
});

property.prop([fc.array(fc.integer({ min: -5000, max: 60_000 }), { minLength: 1, maxLength: 12 })])(
  'replay - a moment is the same, whatever was looked at before',
  async (moments) => {
    const { replay, table, actors } = await replayed();
    for (const ms of moments) {
      replay.seek(ms);
      const second = Math.max(0, Math.min(SECONDS - 1, Math.floor(ms / 1000)));
      expect(table.rows.get('now')).toEqual({ second });
      expect([actors.count, actors.depth[0], actors.depth[1]]).toEqual([2, second, second]);
    }
  },
);

test('replay - one that tells no clock of decisions has none', async () => {
  const { replay } = await replayed();
  expect(replay.file.decisionsBehindMs).toBeNull();
});

test('replay - another moment of the same file is known beside it, in tables of its own', async () => {
  const { replay, table } = await replayed();
  const comparison = new Comparison();
  comparison.with(replay.file, 12_000);
  const { played } = comparison;
  replay.seek(30_000);
  expect(played?.rows('system').get('now')).toEqual({ second: 12 });
  expect(table.rows.get('now')).toEqual({ second: 30 });
  expect([played?.epoch, played?.atMs, played?.actors.depth[0]]).toEqual(['e', 12_000, 12]);
  comparison.with(replay.file, 3000);
  expect([comparison.played === played, played?.actors.depth[0]]).toEqual([true, 3]);
  const version = comparison.changes.version;
  comparison.clear();
  expect([comparison.played, comparison.changes.version]).toEqual([null, version + 1]);
});

test.each([
  ['another file', new TextEncoder().encode('PNG and so on')],
  ['an empty one', recordingMagic()],
  ['one that is cut off', recording().slice(0, 200)],
])('replay - %s is refused', async (_name, bytes) => {
  await expect(openRecording('a', bytes, gunzip)).rejects.toThrow(RangeError);
});

const nowIso = '2026-01-01T00:00:00.000Z';
test.each([
  ['of another protocol', told('head', { ...HEAD, nowIso, protocol: 'other.v2' }), 'other.v2'],
  ['without topics', told('head', { ...HEAD, nowIso, topics: null }), 'a head'],
  ['of no day', told('head', { ...HEAD, nowIso: 'yesterday' }), 'a head'],
  ['with an event that is no JSON', told('event', '{"sub":1'), 'a record'],
  ['with an event without rows', told('event', { sub: 1, params: { set: {} } }), 'an event'],
  ['that goes back in time', told('event', { params: { set: {}, gone: [] } }, -1), 'in no order'],
  ['at no moment', told('event', { params: { set: {}, gone: [] } }, Number.NaN), 'in no order'],
  ['with columns that are none', encodeRecord(1000, 'columns', new Uint8Array(64)), 'no frame'],
])('replay - a file %s is refused whole, when it is opened', async (_name, record, why) => {
  // Not in the segment that is shown first.
  const file = fileOf([[...recordsOf(0), record], recordsOf(10)]);
  await expect(openRecording('a', file, gunzip)).rejects.toThrow(why);
  await expect(openRecording('a', file, gunzip)).rejects.toThrow(RangeError);
});

test('replay - a file that names an actor far beyond all others takes no memory for it', async () => {
  const columns = named(2 ** 31);
  const file = fileOf([[...recordsOf(0), encodeRecord(1000, 'columns', columns)]]);
  await expect(openRecording('a', file, gunzip)).rejects.toThrow('row 2147483648');
});

test('replay - all segments together are bounded, not each of them', async () => {
  const allowed: number[] = [];
  await openRecording('a', recording(), (bytes, bytesMax) => {
    allowed.push(bytesMax);
    return gunzip(bytes);
  });
  const used = allowed.slice(1).map((left, i) => (allowed[i] as number) - left);
  const lengths = Array.from({ length: 3 }, (_, i) => {
    const seconds = Array.from({ length: SEGMENT_SECONDS }, (_, at) => i * SEGMENT_SECONDS + at);
    return Buffer.concat(seconds.flatMap(recordsOf)).length;
  });
  expect(used).toEqual(lengths);
});
