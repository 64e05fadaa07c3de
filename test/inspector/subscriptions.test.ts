/** Topics of a running system, as a client is told them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ref, type System, start } from 'ringmaster';
import { type Inspector, inspect, LIMITS } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  isFleetTopic,
  TOPIC_NAMES,
  TOPICS,
  type TopicName,
} from '../../src/inspector/protocol/topics.ts';
import { Client, Seen } from './client.ts';
import { Keeper } from './programs/keeper.mjs';

type Event = { readonly kind: string; readonly text: string; readonly failure: unknown };
type Letter = { readonly path: string; readonly message: string; readonly reason: string };

const SECRET = 'hunter2-never-shown';
let directory = '';
let system: System;
let inspector: Inspector;
const troubles: string[] = [];
const clients: Client[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-topics-'));
  system = await start({ threads: 2 });
  inspector = await inspect(system, {
    directory,
    redact: (text) => text.replaceAll(SECRET, '***'),
    onTrouble: (message) => troubles.push(message),
  });
});
afterAll(async () => {
  for (const client of clients) client.socket.terminate();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
  expect(troubles).toEqual([]);
});

async function connected(): Promise<Client> {
  const client = await Client.connect(inspector, 'viewer');
  clients.push(client);
  return client;
}

const keeper = (id: string, thread: number): Promise<Ref<never>> =>
  system.spawn(Keeper, { id, placement: { thread } } as never);

const rowsOf = <T>(seen: Seen): readonly T[] => [...seen.rows.values()] as T[];

describe('actors', () => {
  test('actors - a snapshot, then who comes, works and goes, on every thread', async () => {
    const before = await Promise.all([0, 1, 2].map((thread) => keeper(`a${thread}`, thread)));
    const client = await connected();
    const seen = await client.subscribe('actors', { hz: 30 });
    await client.until(() => seen.actors.size === 3);
    expect(seen.ranges[0]?.[0]).toBe(0);
    expect(seen.actor('/user/a1')).toMatchObject({ thread: 1, handled: 0, depth: 0, restarts: 0 });
    for (const ref of before) (ref as Ref<{ keep: (text: string) => void }>).tell('keep', 'x');
    await client.until(() => [...seen.actors.values()].every(({ handled }) => handled === 1));
    await keeper('late', 2);
    await client.until(() => seen.actor('/user/late') !== undefined);
    await system.stop(before[0] as never);
    await client.until(() => seen.actor('/user/a0') === undefined);
    expect(seen.actors.size).toBe(3);
    // Ranges follow each other; only the first began at 0.
    for (const [i, [from]] of seen.ranges.entries())
      expect(from).toBe(seen.ranges[i - 1]?.[1] ?? 0);
  });

  test('actors - of a thread that is lost they are where they have begun again', async () => {
    await keeper('b', 1);
    const client = await connected();
    const [actors, events, threads] = [
      await client.subscribe('actors', { hz: 30 }),
      await client.subscribe('events', { hz: 30 }),
      await client.subscribe('threads', { hz: 30 }),
    ];
    await client.until(() => actors.actor('/user/b') !== undefined);
    system.killThread(1);
    await client.until(() => rowsOf<Event>(events).some(({ kind }) => kind === 'thread-replaced'));
    await client.until(() =>
      rowsOf<{ thread: number; replaced: number }>(threads).some(
        ({ thread, replaced }) => thread === 1 && replaced === 1,
      ),
    );
    await client.until(() => actors.actor('/user/b')?.thread === 1);
    const ref = system.lookup('/user/b') as unknown as Ref<{ keep: (text: string) => void }>;
    ref.tell('keep', 'x');
    await client.until(() => actors.actor('/user/b')?.handled === 1);
  });

  test('actors - who comes back is told only what has changed, in the same run of the server', async () => {
    const first = await connected();
    const seen = await first.subscribe('actors');
    await first.until(() => seen.ranges.length > 0);
    const known = seen.actors.size;
    await first.close();
    await keeper('c', 0);
    const again = await connected();
    const epoch = again.hello?.epoch;
    seen.ranges = [];
    await again.subscribe('actors', { resume: { epoch, at: seen.at } }, seen);
    await again.until(() => seen.actor('/user/c') !== undefined);
    expect(seen.ranges[0]?.[0]).toBeGreaterThan(0);
    expect(seen.actors.size).toBe(known + 1);
    // Of another run nothing is known: all of it comes.
    const other = new Seen();
    const third = await connected();
    await third.subscribe('actors', { resume: { epoch: 'another', at: seen.at } }, other);
    await third.until(() => other.actors.size === known + 1);
    expect(other.ranges[0]?.[0]).toBe(0);
  });
});

describe('news', () => {
  test('news - a crash is told with its causes, redacted, and its actor begins again', async () => {
    const ref = (await keeper('crasher', 1)) as Ref<{ crash: (text: string) => void }>;
    const client = await connected();
    const events = await client.subscribe('events', { hz: 30 });
    const actors = await client.subscribe('actors', { hz: 30 });
    ref.tell('crash', SECRET);
    const crash = (): Event | undefined =>
      rowsOf<Event>(events).find(({ text }) => text.startsWith('/user/crasher crashed'));
    await client.until(() => crash() !== undefined);
    await client.until(() => actors.actor('/user/crasher')?.restarts === 1);
    expect(crash()).toMatchObject({
      kind: 'actor-crashed',
      text: '/user/crasher crashed: Error: told ***, kept ',
      failure: { name: 'Error', message: 'told ***, kept ', causes: [] },
    });
    expect(JSON.stringify(rowsOf(events))).not.toContain(SECRET);
  });

  test('news - a letter that nobody handled is told without what it carried', async () => {
    const ref = (await keeper('deaf', 0)) as Ref<{ nonsense: (text: string) => void }>;
    const client = await connected();
    const letters = await client.subscribe('deadLetters', { hz: 30 });
    ref.tell('nonsense', SECRET);
    const mine = () => rowsOf<Letter>(letters).find(({ path }) => path === '/user/deaf');
    await client.until(() => mine() !== undefined);
    expect(mine()).toEqual({
      thread: 0,
      path: '/user/deaf',
      message: 'nonsense',
      reason: 'unknown',
    });
  });
});

describe('subscriptions', () => {
  test('subscriptions - every topic can be told, and its rows are what the schema says', async () => {
    const client = await connected();
    for (const name of TOPIC_NAMES) {
      // Columns; and there is no fleet here.
      if (name === 'actors' || isFleetTopic(name)) continue;
      const seen = await client.subscribe(name, { hz: 30 });
      await client.until(() => seen.ranges.length > 0);
      if (name === 'system' || name === 'threads' || name === 'pulse') {
        await client.until(() => seen.rows.size > 0);
      }
      for (const row of rowsOf(seen)) TOPICS[name as TopicName].value.parse(row);
    }
  });

  test('subscriptions - who does not acknowledge is sent two frames, and no more', async () => {
    const client = await connected();
    client.isSilent = true;
    const seen = await client.subscribe('actors', { hz: 30 });
    await client.until(() => seen.frames === 1);
    const other = await client.subscribe('pulse', { hz: 30 });
    for (let i = 0; i < 4; i++) await keeper(`silent${i}`, 1);
    // Two more seconds come to pass; each would be a frame of both topics.
    const loud = await connected();
    const pulse = await loud.subscribe('pulse', { hz: 30 });
    await loud.until(() => pulse.ranges.length > 0);
    const known = pulse.rows.size;
    await loud.until(() => pulse.rows.size >= known + 3);
    expect(seen.frames).toBe(2);
    expect(other.frames).toBe(2);
    await client.ask('Topics.acknowledge', { sub: 1, frame: 2 });
    await client.ask('Topics.acknowledge', { sub: 2, frame: 2 });
    await client.until(() => other.frames === 3);
    await client.until(() => seen.actor('/user/silent3') !== undefined);
    // All that it missed came at once.
    expect(other.rows.size).toBeGreaterThanOrEqual(known + 3);
  });

  test('subscriptions - what is wrong is refused by name, and nothing else is lost', async () => {
    const client = await connected();
    await expect(client.ask('Topics.subscribe', { topic: 'nothing' })).rejects.toThrow('params');
    await expect(client.ask('Topics.subscribe', { topic: 'pulse', hz: 31 })).rejects.toThrow(
      'params',
    );
    await expect(client.ask('Topics.unsubscribe', { sub: 1 })).rejects.toThrow('gone');
    await expect(client.ask('Topics.acknowledge', { sub: 1, frame: 1 })).rejects.toThrow('gone');
    for (let i = 0; i < LIMITS.subscriptions; i++) await client.subscribe('system');
    await expect(client.ask('Topics.subscribe', { topic: 'system' })).rejects.toThrow('busy');
    await expect(client.ask('Topics.acknowledge', { sub: 1, frame: 99_999 })).rejects.toThrow(
      'params',
    );
    await client.ask('Topics.unsubscribe', { sub: 1 });
    await client.subscribe('actors');
    await client.ask('Topics.unsubscribe', { sub: 2 });
    await expect(client.ask('Topics.subscribe', { topic: 'actors' })).rejects.toThrow('busy');
    await client.subscribe('system');
  });
});
