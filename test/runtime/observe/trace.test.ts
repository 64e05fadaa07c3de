/** Traces of actors: told within their budget, and the actor does what it did without one. */
import { type Ref, type System, start, TRACED_MAX, type TraceReport } from 'ringmaster';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Talker } from './talker.mjs';

type Talks = {
  say: (text: string) => void;
  count: () => number;
  later: (text: string) => Promise<string>;
  twice: () => void;
  fail: (text: string) => void;
  again: () => number;
  over: () => number;
  other: () => void;
};

const BUDGET = { max: 100, perSecond: 100, ttlMs: 20_000, payloads: false as const };
let system: System;
beforeAll(async () => {
  system = await start({ threads: 1 });
});
afterAll(() => system.close());

/** What a trace tells, and when it is so. */
class Told {
  reports: TraceReport[] = [];
  private looks: (() => void)[] = [];
  readonly hear = (report: TraceReport): void => {
    this.reports.push(report);
    const looks = this.looks;
    this.looks = [];
    for (const look of looks) look();
  };
  get messages() {
    return this.reports.flatMap(({ messages }) => messages);
  }
  get names() {
    return this.messages.map(({ name }) => name);
  }
  get end() {
    return this.reports.at(-1)?.end ?? null;
  }
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (isSo()) resolve();
        else this.looks.push(look);
      };
      look();
    });
  }
}

let talkers = 0;
const talker = (thread: number): Promise<Ref<Talks>> =>
  system.spawn(Talker, { id: `t${++talkers}`, placement: { thread } } as never) as never;

describe.each([0, 1])('trace on thread %d', (thread) => {
  test('trace - every kind of handler is told once, with how it went', async () => {
    const ref = await talker(thread);
    const told = new Told();
    const end = system.trace(ref, { ...BUDGET, payloads: 'text' }, told.hear);
    ref.tell('say', 'hello');
    expect(await ref.ask('later', 'x')).toBe('x');
    ref.tell('twice');
    expect(await ref.ask('count')).toBe(3);
    await told.until(() => told.messages.length === 4);
    expect(told.names).toEqual(['say', 'later', 'twice', 'count']);
    expect(told.messages[0]).toMatchObject({ outcome: 'done', error: null, payload: "'hello'" });
    for (const { atMs, tookMs } of told.messages) {
      expect(atMs).toBeGreaterThanOrEqual(0);
      expect(tookMs).toBeGreaterThanOrEqual(0);
    }
    end();
    expect(told.end).toBe('asked');
    ref.tell('say', 'after');
    expect(await ref.ask('count')).toBe(4);
    expect(told.messages.length).toBe(4);
  });

  test('trace - one function by two names is told by the name of the message', async () => {
    const ref = await talker(thread);
    const told = new Told();
    const end = system.trace(ref, BUDGET, told.hear);
    await ref.ask('again');
    await ref.ask('over');
    await told.until(() => told.messages.length === 2);
    expect(told.names).toEqual(['again', 'over']);
    end();
  });

  test('trace - a crash is told, and the next incarnation is traced on', async () => {
    const ref = await talker(thread);
    const told = new Told();
    const end = system.trace(ref, BUDGET, told.hear);
    ref.tell('fail', 'x');
    expect(await ref.ask('count')).toBe(0);
    await told.until(() => told.messages.length === 2);
    const [first, second] = told.messages;
    expect(first).toMatchObject({ name: 'fail', outcome: 'failed', error: 'TypeError: told x' });
    expect(second).toMatchObject({ name: 'count', outcome: 'done', payload: null });
    end();
  });

  test('trace - handlers that are changed meanwhile are traced, and stay changed after', async () => {
    const ref = await talker(thread);
    const told = new Told();
    const end = system.trace(ref, BUDGET, told.hear);
    ref.tell('other');
    expect(await ref.ask('count')).toBe(-1);
    await told.until(() => told.names.includes('count'));
    end();
    expect(await ref.ask('count')).toBe(-1);
  });

  test('trace - it ends by its number of messages, and counts what is beyond its rate', async () => {
    const ref = await talker(thread);
    const [few, slow] = [new Told(), new Told()];
    system.trace(ref, { ...BUDGET, max: 3 }, few.hear);
    const end = system.trace(ref, { ...BUDGET, perSecond: 2 }, slow.hear);
    for (let i = 0; i < 10; i++) ref.tell('say', 'x');
    expect(await ref.ask('count')).toBe(10);
    await few.until(() => few.end !== null);
    expect([few.end, few.messages.length]).toEqual(['max', 3]);
    await slow.until(() => slow.reports.reduce((sum, { skipped }) => sum + skipped, 0) === 9);
    expect(slow.messages.length).toBe(2);
    end();
  });

  test('trace - it ends with its time, and with its actor', async () => {
    const ref = await talker(thread);
    const [short, long] = [new Told(), new Told()];
    system.trace(ref, { ...BUDGET, ttlMs: 20 }, short.hear);
    system.trace(ref, BUDGET, long.hear);
    await short.until(() => short.end === 'ttl');
    expect(long.end).toBeNull();
    await system.stop(ref);
    await long.until(() => long.end === 'stopped');
    const late = new Told();
    system.trace(ref, BUDGET, late.hear);
    await late.until(() => late.end === 'stopped');
  });

  test('trace - a payload is bounded, and nothing of it is run', async () => {
    const ref = await talker(thread);
    const told = new Told();
    const end = system.trace(ref, { ...BUDGET, payloads: 'text' }, told.hear);
    const deep = { a: { b: { c: { d: { e: { f: 1 } } } } }, long: 'x'.repeat(100_000) };
    (ref as unknown as Ref<{ say: (what: object) => void }>).tell('say', deep);
    await told.until(() => told.messages.length === 1);
    expect(told.messages[0]?.payload?.length).toBeLessThanOrEqual(TRACED_MAX.payload);
    expect(told.messages[0]?.payload).toContain('[Object]');
    end();
  });
});

test('trace - a thread that is lost ends its traces', async () => {
  const ref = await talker(1);
  const told = new Told();
  system.trace(ref, { ...BUDGET, ttlMs: 600_000 }, told.hear);
  system.killThread(1);
  await told.until(() => told.end !== null);
  expect(told.end).toBe('stopped');
});

test.each(['max', 'perSecond', 'ttlMs'])(
  'trace - without a budget (%s) there is none',
  async (name) => {
    const ref = await talker(0);
    const start = (): unknown => system.trace(ref, { ...BUDGET, [name]: 0 }, () => undefined);
    expect(start).toThrow(`${name} of a trace is 0; expected a number above 0.`);
  },
);
