/**
 * Delivery between threads, in the simulator: real rings, small ones too, drawn schedules, faults,
 * lost threads. Long, and one idea: nothing is lost, doubled or reordered unseen.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Down } from '../../../src/runtime/actor/context.ts';
import type { Ref } from '../../../src/runtime/actor/ref.ts';
import { reply } from '../../../src/runtime/actor/reply.ts';
import { type RuntimeError, runtimeError } from '../../../src/runtime/errors.ts';
import { type SimOptions, SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { codeOfError, define } from './stage.ts';

type Numbered = { readonly from: number; readonly n: number; readonly pad: string };

/** Writes down what it gets from whom, and complains about what is out of order or comes twice. */
const Sink = define(() => {
  const last = new Map<number, number>();
  const faults: string[] = [];
  const take = ({ from, n }: { from: number; n: number }): void => {
    const before = last.get(from) ?? 0;
    if (n !== before + 1) faults.push(`${from}: ${n} after ${before}`);
    last.set(from, n);
  };
  return {
    take: (message: Numbered) => take(message),
    number: (n: number) => take({ from: Math.floor(n / 1e6), n: n % 1e6 }),
    seen: () => ({ counts: [...last].sort((a, b) => a[0] - b[0]), faults }),
    ping: () => 'pong',
  };
});

/**
 * Sends numbered messages to all sinks, and again what was refused, until they have taken `count`
 * each.
 */
const Source = define(({ from, sinks }: { from: number; sinks: Ref<never>[] }, ctx) => {
  const sent = sinks.map(() => 0);
  let refusals = 0;
  const send = (count: number): void => {
    let isDone = true;
    for (const [i, sink] of sinks.entries()) {
      for (let burst = 0; burst < 10 && (sent[i] as number) < count; burst++) {
        const n = (sent[i] as number) + 1;
        const pad = 'x'.repeat(ctx.random(8) === 0 ? ctx.random(400) : ctx.random(8));
        const outcome =
          n % 3 === 0
            ? ctx.tell(sink, 'number', from * 1e6 + n)
            : ctx.tell(sink, 'take', { from, n, pad });
        if (outcome === 'accepted') sent[i] = n;
        else {
          refusals++;
          break;
        }
      }
      if ((sent[i] as number) < count) isDone = false;
    }
    if (!isDone) ctx.timers.once('again', 0.1, 'send', count);
  };
  return { send, refusals: () => refusals };
});

async function flood(options: SimOptions, count: number) {
  const sim = await SimSystem.start({ threads: 2, ...options });
  const sinks = await Promise.all(
    [0, 1, 2].map((thread) => sim.spawn(Sink, { placement: { thread } })),
  );
  const sources = await Promise.all(
    [0, 1, 2, 1].map((thread, i) =>
      sim.spawn(Source, {
        args: { from: i + 1, sinks: sinks as unknown as Ref<never>[] },
        placement: { thread },
      }),
    ),
  );
  for (const source of sources) source.tell('send', count);
  await sim.idle();
  return { sim, sinks, sources };
}

const SMALL = { dataBytes: 256, controlBytes: 256, recordBytesMax: 96 };

describe('across threads', () => {
  // Guards: D1, D2, D3, RT-5
  test.prop([fc.integer()], { numRuns: 15 })(
    'across threads - every pair keeps its order, nothing twice, nothing lost',
    async (seed) => {
      const { sim, sinks } = await flood({ seed }, 60);
      for (const sink of sinks) {
        expect(await sim.until(sink.ask('seen'))).toEqual({
          counts: [1, 2, 3, 4].map((from) => [from, 60]),
          faults: [],
        });
      }
      expect(sim.figures().inFlight).toBe(0);
    },
  );

  // Guards: D1, D4, RT-5
  test.prop([fc.integer()], { numRuns: 15 })(
    'across threads - rings of a few records say full, nothing is dropped, nobody blocks another for ever',
    async (seed) => {
      const { sim, sinks, sources } = await flood({ seed, ring: SMALL }, 60);
      let refusals = 0;
      for (const source of sources) refusals += await sim.until(source.ask('refusals'));
      expect(refusals).toBeGreaterThan(0);
      for (const sink of sinks) {
        expect(await sim.until(sink.ask('seen'))).toEqual({
          counts: [1, 2, 3, 4].map((from) => [from, 60]),
          faults: [],
        });
      }
      expect(sim.figures()).toMatchObject({ inFlight: 0, deadLetters: 0 });
    },
  );

  // Guards: D4
  test('across threads - a cycle of full rings and full mailboxes still answers', async () => {
    const Node = define(
      ({ next }: { next: Ref<never>[] }, ctx) => ({
        meet: (all: Ref<never>[]) => void next.push(...all),
        go: (hops: number) => {
          for (const one of next) if (hops > 0) ctx.tell(one, 'go', hops - 1);
        },
        ping: () => 'pong',
      }),
      { mailbox: { capacity: 8 } },
    );
    const sim = await SimSystem.start({ threads: 3, ring: SMALL, seed: 3, logLines: 0 });
    const nodes = await Promise.all(
      [0, 1, 2, 3].map((thread) => sim.spawn(Node, { args: { next: [] }, placement: { thread } })),
    );
    for (const node of nodes) await node.send('meet', nodes as never);
    for (const node of nodes) node.tell('go', 6);
    await sim.idle();
    for (const node of nodes) expect(await sim.until(node.ask('ping'))).toBe('pong');
    expect(sim.figures().inFlight).toBe(0);
  });

  // Guards: D4, D5
  test('across threads - a full mailbox closes its gate; send waits in order', async () => {
    const sim = await SimSystem.start({ threads: 1 });
    const gate = sim.gate();
    const seen: number[] = [];
    const Slow = define(
      () => ({
        take: async (n: number) => {
          await gate.promise;
          seen.push(n);
        },
      }),
      { mailbox: { capacity: 4, overflow: 'wait' } },
    );
    const slow = await sim.spawn(Slow, { placement: { thread: 1 } });
    for (let n = 1; n <= 6; n++) slow.tell('take', n);
    await sim.run(1);
    expect(slow.tell('take', 99)).toBe('full');
    const sends = [7, 8, 9].map((n) => slow.send('take', n, { timeout: '1h' }));
    await sim.run(1);
    gate.open();
    await sim.until(Promise.all(sends));
    await sim.idle();
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(slow.tell('take', 10)).toBe('accepted');
    await sim.idle();
    expect(sim.figures().inFlight).toBe(0);
  });
});

const Callee = define(
  (_: undefined, ctx) => ({
    echo: (value: unknown) => value,
    never: () => new Promise(() => undefined),
    crash: () => {
      throw new Error('boom');
    },
    refuse: () => {
      throw reply.error('NO_STOCK', 'sold out', { left: 0 });
    },
    bye: () => {
      ctx.exit();
      return 'bye';
    },
    unsendable: () => () => undefined,
    throwing: (kind: string) => {
      throw ERRORS[kind]?.();
    },
    *count(until: number) {
      for (let n = 0; n < until; n++) yield n;
    },
    *badItem() {
      yield 1;
      yield () => undefined;
      yield 2;
    },
    produced: () => ctx.incarnation,
  }),
  { mailbox: { capacity: 4 } },
);

class OddError extends RangeError {
  readonly code = 'E_ODD';
  readonly data = { limit: 5 };
  readonly extra = new Map([['a', 1]]);
  override name = 'OddError';
}

const ERRORS: Readonly<Record<string, () => unknown>> = {
  plain: () => new Error('plain'),
  odd: () => new OddError('odd', { cause: new TypeError('why') }),
  aggregate: () => new AggregateError([new Error('one'), new OddError('two')], 'many'),
  runtime: () => runtimeError('RM_OFFLOAD', 'a code of ours', { n: 1 }),
  text: () => 'just a text',
  nothing: () => undefined,
  cyclic: () => {
    const error = new Error('cyclic') as Error & { self?: unknown };
    error.cause = error;
    return error;
  },
};

describe.each([
  ['the same thread', 0],
  ['another thread', 1],
] as const)('asks of %s', (_, thread) => {
  async function scene() {
    const sim = await SimSystem.start({ seed: thread + 1 });
    const ref = await sim.spawn(Callee, { placement: { thread }, stopDeadline: 50 });
    const codeOf = (promise: Promise<unknown>): Promise<string> =>
      sim.until(promise.then((value) => `value ${String(value)}`, codeOfError));
    return { sim, ref, codeOf };
  }

  // Guards: D8, D3
  test('asks - settle in every way in which a callee can end', async () => {
    const { sim, ref, codeOf } = await scene();
    expect(await codeOf(ref.ask('echo', 1))).toBe('value 1');
    expect(await codeOf(ref.ask('refuse'))).toBe('RM_REPLY');
    expect(await codeOf(ref.ask('nothing' as never))).toBe('RM_UNKNOWN_MESSAGE');
    expect(await codeOf(ref.ask('bye'))).toBe('value bye');
    expect(await codeOf(ref.ask('crash'))).toBe('RM_ACTOR_CRASHED');
    const startMs = sim.now();
    const waiting = ['never', 'echo', 'echo'].map((name) =>
      codeOf(ref.ask(name as 'echo', 1, { timeout: 70 })),
    );
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('RM_ASK_TIMEOUT'));
    expect(sim.now() - startMs).toBeCloseTo(70, 6);
    const controller = new AbortController();
    const aborted = codeOf(ref.ask('echo', 1, { signal: controller.signal }));
    controller.abort();
    expect(await aborted).toBe('RM_ABORTED');
    const full = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ref.ask('echo', n, { timeout: 50 }));
    const codes = await Promise.all(full.map(codeOf));
    expect(codes.filter((code) => code !== 'RM_ASK_TIMEOUT')).not.toContain('value 1');
    await sim.run(1);
    const stopped = codeOf(ref.ask('echo', 1, { timeout: '1h' }));
    await sim.run(1);
    await sim.until(sim.stop(ref));
    expect(['RM_ACTOR_STOPPED', 'RM_MAILBOX_FULL']).toContain(await stopped);
    expect(await codeOf(ref.ask('echo', 1))).toBe('RM_ACTOR_STOPPED');
    await sim.idle();
    expect(sim.figures().inFlight).toBe(0);
  });

  // Guards: D8
  test('asks - a payload or an answer that cannot travel is an error, and nobody crashes', async () => {
    const { sim, ref, codeOf } = await scene();
    const asked = await codeOf(ref.ask('echo', () => 1));
    const answered = await codeOf(ref.ask('unsendable'));
    if (thread === 1) {
      expect([asked, answered]).toEqual(['RM_PAYLOAD_UNSUPPORTED', 'RM_PAYLOAD_UNSUPPORTED']);
      expect(() => ref.tell('echo', () => 1)).toThrow('RM_PAYLOAD_UNSUPPORTED');
    }
    expect(await codeOf(ref.ask('echo', 2))).toBe('value 2');
    expect(sim.figures().total.crashes).toBe(0);
    expect(sim.figures().inFlight).toBe(0);
  });

  // Guards: D9
  test.each(Object.keys(ERRORS))(
    'asks - an error of kind %s arrives with all it has',
    async (kind) => {
      const { sim, ref } = await scene();
      const made = ERRORS[kind]?.() as Error & { errors?: Error[] };
      const error: RuntimeError = await sim.until(
        ref.ask('throwing', kind).then(
          () => expect.unreachable(),
          (got: RuntimeError) => got,
        ),
      );
      expect(error.code).toBe('RM_ACTOR_CRASHED');
      const cause = error.cause as Error & { errors?: Error[]; code?: string; data?: unknown };
      if (!(made instanceof Error)) {
        expect(cause).toEqual(made);
        return;
      }
      expect(cause).toBeInstanceOf(Error);
      expect([cause.name, cause.message]).toEqual([made.name, made.message]);
      expect(cause.stack).toContain('across-threads.test.ts');
      const { code, data } = made as { code?: string; data?: unknown };
      expect([cause.code, cause.data]).toEqual([code, data]);
      // A cause that leads back to its error is cut where it would begin again.
      const why = kind === 'cyclic' ? undefined : (made.cause as Error | undefined)?.message;
      if (thread === 1 || kind !== 'cyclic')
        expect((cause.cause as Error | undefined)?.message).toBe(why);
      expect(cause.errors?.map(({ name, message }) => [name, message])).toEqual(
        made.errors?.map(({ name, message }) => [name, message]),
      );
    },
  );

  // Guards: D1, D8, R1
  test('asks - streams: all items, a bounded producer, leaving, a bad item, a crash, a stop', async () => {
    const { sim, ref } = await scene();
    const items: number[] = [];
    const stream = ref.stream('count', 100, { credit: 4 });
    for (let step = await sim.until(stream.next()); step.done !== true; ) {
      items.push(step.value as number);
      step = await sim.until(stream.next());
    }
    expect(items).toEqual(Array.from({ length: 100 }, (__, i) => i));
    const left = ref.stream('count', 1e9, { credit: 4 });
    await sim.until(left.next());
    await left.return?.();
    await sim.idle();
    expect(sim.figures().inFlight).toBe(0);
    const bad = ref.stream('badItem');
    expect((await sim.until(bad.next())).value).toBe(1);
    if (thread === 1) {
      await expect(sim.until(bad.next())).rejects.toMatchObject({ code: 'RM_PAYLOAD_UNSUPPORTED' });
    }
    await sim.idle();
    const crashed = ref.stream('count', 1e9, { credit: 1 });
    await sim.until(crashed.next());
    await sim.run(1);
    ref.tell('crash');
    await sim.run(1);
    const ends = [
      await sim.until(crashed.next()),
      await sim.until(crashed.next().catch(codeOfError)),
    ];
    expect(ends).toContain('RM_ACTOR_CRASHED');
    const stopped = ref.stream('count', 1e9, { credit: 1 });
    await sim.until(stopped.next());
    await sim.until(sim.stop(ref));
    const last = [
      await sim.until(stopped.next()),
      await sim.until(stopped.next().catch(codeOfError)),
    ];
    expect(last).toContain('RM_ACTOR_STOPPED');
    await sim.idle();
    expect(sim.figures().inFlight).toBe(0);
  });

  // Guards: D7, RT-4
  test('asks - a watcher on another thread hears each end once, after the last message', async () => {
    const { sim } = await scene();
    const probe = sim.probe();
    const Ends = define(({ to }: { to: Ref<never> }, ctx) => ({
      end: (how: string) => {
        ctx.tell(to, 'last', how);
        if (how === 'crash') throw new Error('boom');
        if (how === 'normal') ctx.exit();
        if (how === 'killed') {
          void ctx.stop(ctx.self);
          return new Promise(() => undefined);
        }
        return undefined;
      },
    }));
    const to = probe.ref as unknown as Ref<never>;
    for (const how of ['crash', 'normal', 'killed', 'shutdown'] as const) {
      const args = { to };
      const settings = {
        placement: { thread: thread + 1 },
        restart: 'temporary',
        stopDeadline: 20,
      };
      const ref = await sim.spawn(Ends, { args, ...settings } as never);
      probe.watch(ref as never);
      await sim.run(1);
      ref.tell('end', how);
      await sim.run(1);
      if (how === 'shutdown') await sim.until(sim.stop(ref));
      expect(await probe.next()).toEqual({ name: 'last', payload: how });
      const { name, payload } = await probe.next();
      expect([name, (payload as Down).reason, (payload as Down).key]).toEqual([
        'down',
        how,
        ref.key,
      ]);
      probe.watch(ref as never);
      expect(((await probe.next()).payload as Down).reason).toBe('unknown');
    }
    await sim.run('10s');
    expect(probe.received).toHaveLength(12);
  });
});

describe('lost threads', () => {
  const Counter = define((_: undefined, ctx) => {
    let count = (ctx.restored as number | undefined) ?? 0;
    ctx.snapshot(() => count);
    return {
      add: () => void count++,
      keep: () => ctx.checkpoint(),
      count: () => count,
      never: () => new Promise(() => undefined),
      thread: () => ctx.thread,
    };
  });

  // Guards: D3, D7, D8
  test('lost threads - actors come back under their refs, asks are told', async () => {
    const sim = await SimSystem.start();
    const probe = sim.probe();
    const stays = await sim.spawn(Counter, { placement: { thread: 1 }, id: 'stays' });
    const goes = await sim.spawn(Counter, { placement: { thread: 1 }, restart: 'temporary' });
    for (const ref of [stays, goes]) probe.watch(ref as never);
    stays.tell('add');
    stays.tell('keep');
    stays.tell('add');
    const asked = stays.ask('never', undefined, { timeout: '1h' }).catch(codeOfError);
    await sim.run(1);
    expect(sim.crashThread(1)).toBe(true);
    expect(await sim.until(asked)).toBe('RM_THREAD_LOST');
    await sim.run('1s');
    expect(await sim.until(stays.ask('count'))).toBe(1);
    expect(sim.lookup('/user/stays')?.key).toBe(stays.key);
    const { name, payload } = await probe.next();
    expect([name, (payload as Down).key]).toEqual(['down', goes.key]);
    expect((payload as Down).reason).toBe('lost');
    expect(probe.received).toHaveLength(1);
    expect(goes.tell('add')).toBe('stopped');
    await sim.stop(stays);
    await sim.idle();
    expect(sim.figures().inFlight).toBe(0);
  });

  // Guards: D1, D2, D3, D8, S4
  test.prop([fc.integer(), fc.boolean()], { numRuns: 20 })(
    'lost threads - however often and whenever they die: every ask settles, the books balance',
    async (seed, isFaulty) => {
      const faults = isFaulty ? { loss: 0.02, delay: 0.05, reorder: 0.02, delayMaxMs: 20 } : {};
      const sim = await SimSystem.start({ seed, threads: 3, faults, logLines: 0 });
      const refs = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          sim.spawn(Counter, { placement: { thread: i % 4 }, restart: 'permanent' }),
        ),
      );
      const asks: Promise<string>[] = [];
      for (let round = 0; round < 30; round++) {
        for (const ref of refs) {
          ref.tell('add');
          asks.push(ref.ask('count', undefined, { timeout: 200 }).then(() => 'ok', codeOfError));
        }
        if (round % 4 === 1) sim.crashThread(1 + ((round >> 2) % 3));
        if (round % 7 === 5) sim.killThread(1 + (round % 3));
        await sim.run(round % 5 === 0 ? 60 : 0.5);
      }
      const allowed = ['ok', 'RM_ASK_TIMEOUT', 'RM_THREAD_LOST', 'RM_MAILBOX_FULL'];
      for (const outcome of await sim.until(Promise.all(asks))) expect(allowed).toContain(outcome);
      await sim.run('1s');
      sim.setFaults({});
      for (const [i, ref] of refs.entries()) expect(await sim.until(ref.ask('thread'))).toBe(i % 4);
      await sim.idle();
      expect(sim.figures().inFlight).toBe(0);
      if (!isFaulty) expect(sim.figures().total.askTimeouts).toBe(0);
    },
  );
});
