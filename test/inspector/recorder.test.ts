/** The flight recorder: what is in the file is what was, of the last minutes, within its bytes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fc, test as property } from '@fast-check/vitest';
import { start } from 'ringmaster';
import { inspect } from 'ringmaster/inspector';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../src/inspector/page/replay/recording-file.ts';
import { Replay } from '../../src/inspector/page/replay/replay.ts';
import { ActorColumns } from '../../src/inspector/page/tables/actor-columns.ts';
import { Table } from '../../src/inspector/page/tables/table.ts';
import { decodeColumns } from '../../src/inspector/protocol/columns.ts';
import { TOPIC_NAMES } from '../../src/inspector/protocol/topics.ts';
import { FlightRecorder, RECORDER_DEFAULT } from '../../src/inspector/recorder/flight-recorder.ts';
import {
  encodeRecord,
  entriesOf,
  type RecordingHead,
  segmentsOf,
} from '../../src/inspector/recorder/recording.ts';
import { HttpFront } from '../../src/inspector/server/http-front.ts';
import { Board } from '../../src/inspector/topics/board.ts';
import { SeatMemory } from '../../src/runtime/host/seat-memory.ts';
import { Client, Seen } from './client.ts';
import { Keeper } from './programs/keeper.mjs';

const board = (): Board =>
  new Board({
    epoch: 'e',
    hasFleet: true,
    nowMs: () => 0,
    soon: (now) => now(),
    wanted: () => undefined,
  });

/** What each topic was at the end of a file, and the moments of its first and last record. */
function played(file: Uint8Array) {
  const topics = new Map<string, Seen>();
  const moments: number[] = [];
  const heads: RecordingHead[] = [];
  for (const segment of segmentsOf(file)) {
    let names: readonly string[] = [];
    for (const entry of entriesOf(gunzipSync(segment))) {
      moments.push(entry.atMs);
      if (entry.kind === 'head') {
        const head = JSON.parse(entry.text) as RecordingHead;
        heads.push(head);
        names = head.topics;
        for (const name of names) topics.set(name, new Seen());
      } else {
        const frame =
          entry.kind === 'columns' ? decodeColumns(entry.bytes) : JSON.parse(entry.text);
        topics.get(names[frame.sub - 1] as string)?.take(frame);
      }
    }
  }
  return { topics, moments, heads };
}

describe('flight recorder', () => {
  property.prop([
    fc.array(fc.record({ key: fc.nat(5), value: fc.option(fc.nat(9)) }), {
      minLength: 2,
      maxLength: 200,
    }),
  ])('flight recorder - played to its end a file is what the topics are', async (steps) => {
    const topics = board();
    const recorder = new FlightRecorder({
      board: topics,
      limits: RECORDER_DEFAULT,
      nowIso: () => 'now',
      actors: () => 1,
      decisionsMs: () => null,
    });
    const memory = SeatMemory.create(2);
    topics.topics.actors.sits(0, memory.buffer, 2);
    topics.topics.actors.named('/a', 0, 1, 7);
    memory.reset(1, 7, 0);
    const events = new Map<string, number>();
    let second = 0;
    recorder.second(0);
    for (const { key, value } of steps) {
      if (value === null) topics.topics.threads.remove(String(key));
      else topics.topics.threads.set(String(key), value);
      if (value === null) events.delete(String(key));
      else events.set(String(key), value);
      memory.turned(1, 1, 3);
      recorder.second(++second * 1000);
    }
    const { topics: seen } = played(await recorder.file());
    expect(seen.get('threads')?.rows).toEqual(events);
    const actor = seen.get('actors')?.actor('/a');
    expect(actor?.thread).toBe(0);
    // Actors are looked at every five seconds.
    expect(actor?.handled).toBeGreaterThanOrEqual(steps.length - 6);
  });

  const recorded = async (
    limits: Partial<typeof RECORDER_DEFAULT>,
    seconds: number,
    size: number,
  ) => {
    const topics = board();
    const recorder = new FlightRecorder({
      board: topics,
      limits: { ...RECORDER_DEFAULT, ...limits },
      nowIso: () => 'now',
      actors: () => 5,
      decisionsMs: () => null,
    });
    // Hard to compress, and the same each time.
    let state = 1;
    const noise = (): string => {
      const words = Array.from({ length: size / 8 }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state.toString(16).padStart(8, '0');
      });
      return words.join('');
    };
    let most = 0;
    for (let second = 0; second < seconds; second++) {
      topics.topics.system.set('now', noise());
      recorder.second(second * 1000);
      if (second % 10 === 0) most = Math.max(most, (await recorder.file()).length);
    }
    return { file: await recorder.file(), most };
  };

  test('flight recorder - the last minutes are there, and not much more', async () => {
    const { moments, heads } = played((await recorded({ minutes: 3 }, 1200, 64)).file);
    expect(moments.at(-1)).toBe(1_199_000);
    const minutes = (1_199_000 - (moments[0] as number)) / 60_000;
    expect(minutes).toBeGreaterThanOrEqual(3);
    expect(minutes).toBeLessThanOrEqual(4.1);
    expect(heads.length).toBeLessThanOrEqual(5);
  });

  test('flight recorder - it stays within its bytes, whatever there is to record', async () => {
    const bytes = 2_000_000;
    const { file, most } = await recorded({ bytes, minutes: 60 }, 400, 40_000);
    expect(most).toBeLessThanOrEqual(bytes);
    expect(played(file).moments.at(-1)).toBe(399_000);
  });

  test('flight recorder - where a snapshot is large, not every second begins with one', async () => {
    const topics = board();
    const limits = { ...RECORDER_DEFAULT, bytes: 1_000_000 };
    const recorder = new FlightRecorder({
      board: topics,
      limits,
      nowIso: () => 'now',
      actors: () => 5,
      decisionsMs: () => null,
    });
    for (let i = 0; i < 100; i++) topics.topics.events.set(String(i), 'x'.repeat(8000));
    for (let second = 0; second < 60; second++) recorder.second(second * 1000);
    expect(played(await recorder.file()).heads.length).toBeLessThanOrEqual(2);
  });

  test('flight recorder - each minute tells the clock of the decisions, once it is known', async () => {
    let decisionsMs: number | null = null;
    const recorder = new FlightRecorder({
      board: board(),
      limits: RECORDER_DEFAULT,
      nowIso: () => '2026-01-01T00:00:00.000Z',
      actors: () => 1,
      decisionsMs: () => decisionsMs,
    });
    for (let second = 0; second < 100; second++) {
      if (second >= 7) decisionsMs = 5000 + second * 1000;
      recorder.second(second * 1000);
    }
    const file = await recorder.file();
    const { heads } = played(file);
    expect(heads.map((head) => head.decisionsMs)).toEqual([null, 12_000, 65_000]);
    const gunzip = async (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes));
    expect((await openRecording('a', file, gunzip)).decisionsBehindMs).toBe(-5000);
  });

  test('flight recorder - that there is nothing is told, too, so that nobody waits for it', async () => {
    const recorder = new FlightRecorder({
      board: board(),
      limits: RECORDER_DEFAULT,
      nowIso: () => '2026-01-01T00:00:00.000Z',
      actors: () => 0,
      decisionsMs: () => null,
    });
    for (let second = 0; second < 5; second++) recorder.second(second * 1000);
    const gunzip = async (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes));
    const file = await openRecording('a', await recorder.file(), gunzip);
    const tables = new Map(TOPIC_NAMES.map((name) => [name as string, new Table<unknown>()]));
    const table = (name: string) => tables.get(name) as Table<unknown>;
    new Replay(file, { table, actors: new ActorColumns(), forget: () => undefined });
    expect([table('deadLetters').state, table('events').state]).toEqual(['known', 'known']);
    // Once: what goes on being nothing takes no room.
    expect(file.segments.flatMap(({ entries }) => entries)).toHaveLength(1 + TOPIC_NAMES.length);
  });

  test('flight recorder - while there are too many actors none is recorded, the rest is', async () => {
    const { topics } = played((await recorded({ actors: 4 }, 10, 64)).file);
    expect(topics.get('actors')?.frames).toBe(0);
    expect(topics.get('system')?.rows.size).toBe(1);
  });
});

describe('recording', () => {
  test('recording - what is none or cut off is refused in words', async () => {
    expect(() => segmentsOf(new TextEncoder().encode('RMREC002'))).toThrow('begins otherwise');
    expect(() => segmentsOf(new Uint8Array(0))).toThrow('begins otherwise');
    const whole = Uint8Array.from([...new TextEncoder().encode('RMREC001'), 9, 0, 0, 0, 1]);
    expect(() => segmentsOf(whole)).toThrow('cut off');
    const record = encodeRecord(1, 'event', '{"a":1}');
    expect(entriesOf(record)).toEqual([{ atMs: 1, kind: 'event', text: '{"a":1}' }]);
    for (let length = 1; length < record.length - 1; length++) {
      expect(() => entriesOf(record.slice(0, length))).toThrow('cut off');
    }
    record[8] = 9;
    expect(() => entriesOf(record)).toThrow('no kind');
  });

  test('recording - a running system gives it to whoever has a token', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringmaster-recording-'));
    await using system = await start();
    await using inspector = await inspect(system, { directory });
    await system.spawn(Keeper, { id: 'recorded' } as never);
    const client = await Client.connect(inspector, 'viewer');
    const pulse = await client.subscribe('pulse', { hz: 30 });
    await client.until(() => pulse.rows.size > 1);
    const token = readFileSync(inspector.tokenFile('viewer'), 'utf8').trim();
    const url = `http://localhost:${inspector.port}/recording`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const { topics } = played(new Uint8Array(await response.arrayBuffer()));
    expect(topics.get('pulse')?.rows.size).toBeGreaterThan(0);
    expect(topics.get('actors')?.actor('/user/recorded')).toBeDefined();
    expect((await fetch(url)).status).toBe(401);
    await client.close();
    rmSync(directory, { recursive: true });
  });

  test('recording - few are on their way at a time: each is a file in memory', async () => {
    const made: ((file: Uint8Array) => void)[] = [];
    const front = new HttpFront({
      options: { host: '127.0.0.1', port: 0, names: [], origins: [], tls: null },
      tokens: { roleOf: () => 'viewer' } as never,
      tickets: {} as never,
      page: new Map() as never,
      nowMs: () => 0,
      trouble: () => undefined,
      recording: () => new Promise((resolve) => made.push(resolve)),
      welcome: () => undefined,
    });
    const url = `http://localhost:${await front.listen()}/recording`;
    const headers = { authorization: `Bearer ${'0'.repeat(64)}` };
    const asked = [1, 2, 3].map(() => fetch(url, { headers }));
    const refused = await Promise.race(asked);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(made.length).toBe(2);
    for (const give of made.splice(0)) give(new Uint8Array(8));
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    const next = fetch(url, { headers });
    while (made.length === 0) await new Promise((resolve) => setImmediate(resolve));
    made[0]?.(new Uint8Array(8));
    expect((await next).status).toBe(200);
    front.close();
  });

  test('recording - where it is off there is none, and what is no limit is refused', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringmaster-recording-'));
    await using system = await start();
    await using inspector = await inspect(system, { directory, recorder: false });
    const token = readFileSync(inspector.tokenFile('viewer'), 'utf8').trim();
    const url = `http://localhost:${inspector.port}/recording`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(404);
    await expect(inspect(system, { directory, recorder: { minutes: -1 } })).rejects.toThrow(
      'recorder.minutes is -1',
    );
    rmSync(directory, { recursive: true });
  });
});
