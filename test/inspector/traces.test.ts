/** Traces of a running system's actors, as a client is told them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ref, type System, start } from 'ringmaster';
import { type Inspector, inspect, LIMITS, type Role } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TRACED } from '../../src/inspector/protocol/trace-words.ts';
import type { z } from '../../src/inspector/protocol/words.ts';
import { TraceDesk } from '../../src/inspector/server/trace-desk.ts';
import { Client } from './client.ts';
import { Keeper } from './programs/keeper.mjs';

type Keeps = { keep: (text: string) => void; crash: (text: string) => void };

const SECRET = 'hunter2-never-shown';
const BUDGET = { max: 100, perSecond: 100, ttlMs: 30_000 };
let directory = '';
let system: System;
let inspector: Inspector;
const clients: Client[] = [];

const inspected = (name: string, more: object): Promise<Inspector> =>
  inspect(system, { directory: join(directory, name), ...more });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-traces-'));
  system = await start({ threads: 1 });
  const redact = (text: string): string => text.replaceAll(SECRET, '***');
  inspector = await inspected('with-payloads', { payloads: true, redact });
});
afterAll(async () => {
  for (const client of clients) client.socket.terminate();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});

async function connected(role: Role, to = inspector): Promise<Client> {
  const client = await Client.connect(to, role);
  clients.push(client);
  return client;
}

let keepers = 0;
async function keeper(thread: number): Promise<{ path: string; ref: Ref<Keeps> }> {
  const id = `traced${++keepers}`;
  const ref = await system.spawn(Keeper, { id, placement: { thread } });
  return { path: `/user/${id}`, ref: ref as unknown as Ref<Keeps> };
}

describe('traces', () => {
  test.each([0, 1])(
    'traces - messages of an actor on thread %d are told, without payloads',
    async (thread) => {
      const { path, ref } = await keeper(thread);
      const client = await connected('operator');
      const { trace } = (await client.ask('Trace.start', { path, ...BUDGET })) as { trace: number };
      ref.tell('keep', SECRET);
      ref.tell('crash', SECRET);
      await client.until(() => client.traced.flatMap(({ params }) => params.messages).length === 2);
      for (const event of client.traced) TRACED.parse(event);
      const [kept, crashed] = client.traced.flatMap(({ params }) => params.messages);
      expect(kept).toMatchObject({ name: 'keep', outcome: 'done', error: null, payload: null });
      expect(crashed).toMatchObject({ outcome: 'failed', error: 'Error: told ***, kept ***' });
      await client.ask('Trace.stop', { trace });
      await client.until(() => client.traced.at(-1)?.params.end === 'asked');
      await expect(client.ask('Trace.stop', { trace })).rejects.toThrow('gone');
      expect(JSON.stringify(client.traced)).not.toContain(SECRET);
    },
  );

  test('traces - payloads are for an admin of a server that was started so, and redacted', async () => {
    const { path, ref } = await keeper(1);
    const asked = { path, ...BUDGET, payloads: 'text' };
    await expect((await connected('operator')).ask('Trace.start', asked)).rejects.toThrow(
      'forbidden',
    );
    await using other = await inspected('without-payloads', {});
    await expect((await connected('admin', other)).ask('Trace.start', asked)).rejects.toThrow(
      'forbidden',
    );
    const admin = await connected('admin');
    await admin.ask('Trace.start', asked);
    ref.tell('keep', `open ${SECRET}`);
    await admin.until(() => admin.traced.length > 0);
    expect(admin.traced[0]?.params.messages[0]?.payload).toBe("'open ***'");
  });

  test('traces - without a budget there is none, nor beyond the limits, nor for a viewer', async () => {
    const { path } = await keeper(0);
    const client = await connected('operator');
    await expect(client.ask('Trace.start', { path })).rejects.toThrow('params');
    const long = { path, ...BUDGET, ttlMs: LIMITS.traceMs + 1 };
    await expect(client.ask('Trace.start', long)).rejects.toThrow('params');
    await expect(client.ask('Trace.start', { ...BUDGET, path: '/nobody' })).rejects.toThrow('gone');
    for (let i = 0; i < LIMITS.traces; i++) await client.ask('Trace.start', { path, ...BUDGET });
    await expect(client.ask('Trace.start', { path, ...BUDGET })).rejects.toThrow('busy');
    const viewer = await connected('viewer');
    await expect(viewer.ask('Trace.start', { path, ...BUDGET })).rejects.toThrow('forbidden');
  });

  test('traces - a trace ends with its connection, and with its actor', async () => {
    const { path, ref } = await keeper(1);
    const [first, second] = [await connected('operator'), await connected('operator')];
    await first.ask('Trace.start', { path, ...BUDGET });
    await second.ask('Trace.start', { path, ...BUDGET });
    await first.close();
    ref.tell('keep', 'x');
    await second.until(() => second.traced.length > 0);
    await system.stop(ref as never);
    await second.until(() => second.traced.at(-1)?.params.end === 'stopped');
    expect(first.traced).toEqual([]);
  });
});

describe('trace desk', () => {
  const told = async (size: number, waitsMax: number) => {
    let [waiting, most] = [0, 0];
    const events: z.infer<typeof TRACED>[] = [];
    const wire = {
      waitingBytes: () => waiting,
      send: (text: string) => {
        events.push(TRACED.parse(JSON.parse(text)));
        waiting = Math.min(waitsMax, waiting + text.length);
        most = Math.max(most, waiting);
      },
    };
    const source = { trace: () => Promise.resolve(true), untrace: () => Promise.resolve() };
    const desk = new TraceDesk(source as never, true);
    const admin = { role: 'admin', from: '' } as const;
    const { trace } = await desk.client(wire).start({ path: '/a', ...BUDGET }, admin);
    const how = { outcome: 'done', error: null } as const;
    const one = { name: 'n', incarnation: 0, atMs: 1, tookMs: 1, depth: 0, ...how };
    const messages = new Array(10_000).fill({ ...one, payload: '\u0001'.repeat(size) });
    desk.news(trace, { actor: null, messages, skipped: 7, end: null });
    desk.news(trace, { actor: null, messages: [], skipped: 0, end: 'asked' });
    const sum = (of: (params: z.infer<typeof TRACED>['params']) => number): number =>
      events.reduce((all, { params }) => all + of(params), 0);
    return {
      most,
      messages: sum((params) => params.messages.length),
      skipped: sum((params) => params.skipped),
      end: events.at(-1)?.params.end,
    };
  };

  test('trace desk - of a burst that nobody reads little waits, and the rest is counted', async () => {
    const { most, messages, skipped, end } = await told(2000, Number.POSITIVE_INFINITY);
    expect(most).toBeLessThan(1_000_000);
    expect([messages + skipped, end]).toEqual([10_007, 'asked']);
  });

  test('trace desk - of a burst that is read nothing is lost', async () => {
    expect(await told(50, 0)).toMatchObject({ messages: 10_000, skipped: 7, end: 'asked' });
  });
});
