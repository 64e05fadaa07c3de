/** Secrets that a program takes out stay out, also where texts are cut, and where something fails. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ref, type System, start } from 'ringmaster';
import { type Inspector, inspect } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventRow } from '../../src/inspector/server/event-row.ts';
import { redactedAll, redaction, SECRET_MAX } from '../../src/inspector/server/redaction.ts';
import { Client } from './client.ts';
import { Keeper } from './programs/keeper.mjs';

const SECRET = 'hunter2-never-shown';
const BEGINNING = SECRET.slice(0, 4);
const taken = (text: string): string => text.replaceAll(SECRET, '***');
const redact = redaction(taken);

describe('redaction', () => {
  test('redaction - a secret is not shown in part, wherever its text is cut', () => {
    const ends = [10, 10 + SECRET_MAX].flatMap((cut) =>
      Array.from({ length: SECRET.length + 2 }, (_, i) => cut - i),
    );
    for (const before of ends) {
      const shown = redact(`${'x'.repeat(Math.max(0, before))}${SECRET}${'y'.repeat(9)}`, 10);
      expect(shown.length).toBeLessThanOrEqual(10);
      expect(shown).not.toContain('h');
    }
    expect(redact('short', 10)).toBe('short');
  });

  test('redaction - it sees a bounded part of a text, whatever was thrown', () => {
    const lengths: number[] = [];
    const long = redaction((text) => {
      lengths.push(text.length);
      return text;
    });
    const error = new Error('m'.repeat(10_000_000));
    error.name = 'n'.repeat(10_000_000);
    const { failure, text } = eventRow({ kind: 'actor-crashed', path: '/a', error }, long);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(10_000);
    expect(JSON.stringify([failure, text]).length).toBeLessThanOrEqual(20_000);
  });

  test('redaction - the name of an error is a text, too', () => {
    const error = Object.assign(new Error('m', { cause: { name: SECRET } }), { name: SECRET });
    error.stack = '';
    const row = eventRow({ kind: 'actor-crashed', path: '/a', error }, redact);
    expect(row.failure).toMatchObject({ name: '***', causes: [{ name: '***' }] });
    expect(JSON.stringify(row)).not.toContain(SECRET);
  });

  test('redaction - texts of plain data, at any depth; what is no text stays', () => {
    const value = { a: [`x ${SECRET}`, 1, null, { b: SECRET, c: true }], d: 'y'.repeat(100_000) };
    const left = { a: ['x ***', 1, null, { b: '***', c: true }], d: 'y'.repeat(100_000) };
    expect(redactedAll(value, redact)).toEqual(left);
  });

  test('redaction - what stands behind a short secret is told in full', () => {
    const hide = redaction((text) => text.replaceAll(/\d/g, '***'));
    expect(redactedAll({ a: ['pin 42, and more'] }, hide)).toEqual({ a: ['pin ******, and more'] });
  });

  test('redaction - what cannot be read is told as such, and not lost', () => {
    const hostile = Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    const row = eventRow({ kind: 'actor-crashed', path: '/a', error: hostile }, redact);
    expect(row.text).toBe('/a crashed: thrown: a value that cannot be read');
  });
});

test('events - who waits to begin again is told for how long', () => {
  const row = eventRow({ kind: 'restart-waits', path: '/a', delayMs: 249.6 }, redact);
  expect(row).toMatchObject({
    path: '/a',
    text: '/a begins again in 250 ms (back-off)',
    failure: null,
  });
});

describe('a secret in a running system', () => {
  const troubles: string[] = [];
  let directory = '';
  let system: System;
  let inspector: Inspector;
  let admin: Client;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ringmaster-redaction-'));
    system = await start({ threads: 1 });
    const ask = (method: string): Promise<never> =>
      Promise.reject(
        Object.assign(new Error(`no ${SECRET}`), {
          code: method === 'Fleet.top' ? 'RM_CONTROL_REFUSED' : 'RM_OTHER',
        }),
      );
    inspector = await inspect(system, {
      directory,
      payloads: true,
      redact: taken,
      fleet: { ask },
      onTrouble: (message) => troubles.push(message),
    });
    admin = await Client.connect(inspector, 'admin');
  });
  afterAll(async () => {
    admin.socket.terminate();
    await inspector.close();
    await system.close();
    rmSync(directory, { recursive: true });
  });

  test.each([0, 1])('a secret - not in part in a trace of thread %d', async (thread) => {
    const id = `cut${thread}`;
    const spawned = await system.spawn(Keeper, { id, placement: { thread } } as never);
    const ref = spawned as unknown as Ref<{
      keep: (text: string) => void;
      crash: (t: string) => void;
    }>;
    const budget = { max: 200, perSecond: 200, ttlMs: 30_000, payloads: 'text' };
    await admin.ask('Trace.start', { path: `/user/${id}`, ...budget });
    const before = admin.traced.length;
    const lengths = [200, 500, 2000, 2500, 4000].map((cut) => cut - 8 - BEGINNING.length);
    for (const length of lengths) {
      ref.tell('keep', 'x'.repeat(length) + SECRET);
      ref.tell('crash', 'x'.repeat(length) + SECRET);
    }
    const told = () => admin.traced.slice(before).flatMap(({ params }) => params.messages);
    await admin.until(() => told().length === 2 * lengths.length);
    expect(JSON.stringify(told())).not.toContain(BEGINNING);
  });

  test('a secret - a letter by any name is told by a text, and crashes nobody', async () => {
    const spawned = await system.spawn(Keeper, {
      id: 'letters',
      placement: { thread: 0 },
    } as never);
    const ref = spawned as unknown as { tell: (name: unknown) => void };
    const seen = await admin.subscribe('deadLetters', { hz: 30 });
    const names = [Symbol(SECRET), () => 1, 5, SECRET, 'n'.repeat(1_000_000)];
    for (const name of names) ref.tell(name);
    const rows = () => [...seen.rows.values()] as { message: string; path: string }[];
    const named = () => rows().filter(({ path }) => path === '/user/letters');
    await admin.until(() => named().length === names.length);
    const texts = named().map(({ message }) => message);
    expect(texts).toEqual(['Symbol(***)', '() => 1', '5', '***', 'n'.repeat(200)]);
    const last = JSON.stringify(await admin.ask('DeadLetters.last'));
    expect(last).toContain('Symbol(***)');
    expect(last).not.toContain(SECRET);
  });

  test('a secret - not in what a fleet fails with, its log, or the audit', async () => {
    const wish = { key: 'k', reason: 'r', service: 'web', verb: 'pause' };
    const answers = [
      await admin.answer('Fleet.top', {}),
      await admin.answer('Fleet.list', {}),
      await admin.answer('Service.verb', wish),
    ];
    expect(answers.map(({ error }) => error?.name)).toEqual(['refused', 'internal', 'internal']);
    expect(troubles).not.toEqual([]);
    const audit = readFileSync(join(directory, 'audit.jsonl'), 'utf8');
    expect(JSON.stringify([troubles, audit, answers])).not.toContain(SECRET);
    expect(audit).toContain('***');
  });
});
