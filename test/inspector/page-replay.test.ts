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
  const head = { epoch: 'e', nowIso, protocol: 'p', topics: TOPICS };
  return [
    ...(isFirst ? [encodeRecord(atMs, 'head', JSON.stringify(head))] : []),
    encodeRecord(atMs, 'event', JSON.stringify(event)),
    encodeRecord(atMs, 'columns', columns),
  ];
}

function recording(): Uint8Array {
  const parts: Uint8Array[] = [recordingMagic()];
  for (let begin = 0; begin < SECONDS; begin += SEGMENT_SECONDS) {
    const seconds = Array.from({ length: SEGMENT_SECONDS }, (_, at) => begin + at);
    const records = seconds.filter((one) => one < SECONDS).flatMap(recordsOf);
    const bytes = gzipSync(Buffer.concat(records));
    parts.push(segmentLength(bytes.length), bytes);
  }
  return new Uint8Array(Buffer.concat(parts));
}

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
