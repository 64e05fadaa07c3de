/** Every way in which an ask can end, each with nothing left in flight. */
import { describe, expect, test } from 'vitest';
import { reply } from '../../../src/runtime/actor/reply.ts';
import type { RuntimeError } from '../../../src/runtime/errors.ts';
import { define, Gate, outcomeOf, Stage } from './stage.ts';

const Echo = define((_: undefined, ctx) => ({
  echo: (text: string) => text,
  later: async (text: string) => {
    await null;
    return text;
  },
  never: () => new Promise<string>(() => undefined),
  crash: () => {
    throw new Error('boom');
  },
  crashLater: async () => {
    await null;
    throw new Error('boom later');
  },
  refuse: () => {
    throw reply.error('NO_STOCK', 'tea is sold out', { sku: 'tea' });
  },
  refuseLater: async () => {
    await null;
    throw reply.error('NO_STOCK');
  },
  bye: () => {
    ctx.exit();
    return 'bye';
  },
}));

async function spawned() {
  const stage = new Stage();
  const ref = await stage.system.spawn(Echo);
  return { stage, ref };
}

// Guards: D8, D3
describe('ask', () => {
  test('ask - is answered by what the handler returns, at once or later', async () => {
    const { stage, ref } = await spawned();
    await expect(ref.ask('echo', 'a')).resolves.toBe('a');
    await expect(ref.ask('later', 'b')).resolves.toBe('b');
    expect(stage.inFlight).toBe(0);
    expect(stage.host.timers.size).toBe(0);
  });

  test('ask - RM_ASK_TIMEOUT at the exact time, 5 s unless told otherwise', async () => {
    const { stage, ref } = await spawned();
    const asked = [ref.ask('never'), ref.ask('echo', 'late', { timeout: 70 })];
    await stage.advance(69.999);
    expect(await outcomeOf(asked[1] as never)).toBe('open');
    await stage.advance(0.001);
    expect(await outcomeOf(asked[1] as never)).toEqual({ code: 'RM_ASK_TIMEOUT' });
    await stage.advance(4929.999);
    expect(await outcomeOf(asked[0] as never)).toBe('open');
    await stage.advance(0.001);
    expect(await outcomeOf(asked[0] as never)).toEqual({ code: 'RM_ASK_TIMEOUT' });
    expect(stage.system.figures().total.askTimeouts).toBe(2);
  });

  test('ask - a message whose asker has given up goes to the dead letters', async () => {
    const gate = new Gate();
    const Slow = define(() => ({ wait: () => gate.promise, touch: () => expect.unreachable() }));
    const stage = new Stage();
    const ref = await stage.system.spawn(Slow);
    ref.tell('wait');
    const asked = outcomeOf(ref.ask('touch', undefined, { timeout: 5 }));
    await asked;
    const late = ref.ask('touch', undefined, { timeout: 5 });
    late.catch(() => undefined);
    await stage.advance(10);
    gate.open();
    await stage.settle();
    expect(stage.host.deadLetters.counts.expired).toBe(2);
    expect(stage.inFlight).toBe(0);
  });

  test('ask - RM_ACTOR_STOPPED: before, while it waits, while it is handled', async () => {
    const { stage, ref } = await spawned();
    const handled = outcomeOf(ref.ask('never'));
    await stage.settle();
    const asks = [ref.ask('never'), ref.ask('echo', 'x')].map((one) => one.catch((error) => error));
    const stopped = stage.system.stop(ref);
    await stage.settle();
    expect(ref.tell('echo', 'x')).toBe('stopped');
    expect(await outcomeOf(ref.ask('echo', 'x'))).toEqual({ code: 'RM_ACTOR_STOPPED' });
    for (const error of await Promise.all(asks)) {
      expect((error as RuntimeError).code).toBe('RM_ACTOR_STOPPED');
    }
    await stage.advance(5000);
    await stopped;
    expect(await handled).toBe('open');
    expect(stage.inFlight).toBe(0);
  });

  test('ask - the one being handled when its actor is given up after the deadline', async () => {
    const { stage, ref } = await spawned();
    const asked = ref.ask('never', undefined, { timeout: '1h' });
    asked.catch(() => undefined);
    await stage.settle();
    const stopped = stage.system.stop(ref);
    await stage.advance(5000);
    await stopped;
    expect(await outcomeOf(asked)).toEqual({ code: 'RM_ACTOR_STOPPED' });
    expect(stage.inFlight).toBe(0);
  });

  test('ask - RM_ACTOR_CRASHED with the cause', async () => {
    const { stage, ref } = await spawned();
    for (const name of ['crash', 'crashLater'] as const) {
      const error = await ref.ask(name).then(
        () => null,
        (got: RuntimeError) => got,
      );
      expect(error?.code).toBe('RM_ACTOR_CRASHED');
      expect(String(error?.cause)).toMatch(/boom/);
      await stage.advance(1000);
    }
    await expect(ref.ask('echo', 'again')).resolves.toBe('again');
    expect(stage.inFlight).toBe(0);
  });

  test('ask - RM_REPLY rejects without a crash', async () => {
    const { stage, ref } = await spawned();
    const error = await ref.ask('refuse').catch((got: RuntimeError) => got);
    expect(error).toMatchObject({
      code: 'RM_REPLY',
      message: 'RM_REPLY: tea is sold out',
      data: { reason: 'NO_STOCK', sku: 'tea' },
    });
    expect(await outcomeOf(ref.ask('refuseLater'))).toEqual({ code: 'RM_REPLY' });
    ref.tell('refuse');
    await stage.settle();
    expect(stage.host.crashes).toBe(0);
    expect(stage.inFlight).toBe(0);
  });

  test('ask - RM_UNKNOWN_MESSAGE names the handlers; what every object has is no handler', async () => {
    const { stage, ref } = await spawned();
    const error = await ref.ask('add' as never).catch((got: RuntimeError) => got);
    expect(error).toMatchObject({ code: 'RM_UNKNOWN_MESSAGE' });
    expect((error as Error).message).toContain('echo, later, never');
    for (const name of ['toString', 'constructor', '__proto__', '$timer', '$x', '']) {
      expect(await outcomeOf(ref.ask(name as never))).not.toHaveProperty('value.length');
    }
    expect(stage.host.crashes).toBe(0);
    expect(stage.inFlight).toBe(0);
  });

  test('ask - RM_MAILBOX_FULL under every policy', async () => {
    for (const overflow of ['reject', 'drop-newest', 'drop-oldest', 'wait'] as const) {
      const Small = define(() => ({ wait: () => new Promise(() => undefined), see: () => 1 }), {
        mailbox: { capacity: 2, overflow },
      });
      const stage = new Stage();
      const ref = await stage.system.spawn(Small);
      ref.tell('wait');
      await stage.settle();
      ref.tell('see');
      ref.tell('see');
      expect(await outcomeOf(ref.ask('see'))).toEqual({ code: 'RM_MAILBOX_FULL' });
      const { inFlight, total } = stage.system.figures();
      expect([overflow, inFlight, total.handled]).toEqual([overflow, 2, 1]);
    }
  });

  test('ask - under drop-oldest the asker whose question is dropped is told', async () => {
    const Small = define(() => ({ wait: () => new Promise(() => undefined), see: () => 1 }), {
      mailbox: { capacity: 1, overflow: 'drop-oldest' },
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(Small);
    ref.tell('wait');
    await stage.settle();
    const asked = outcomeOf(ref.ask('see'));
    expect(ref.tell('see')).toBe('accepted');
    expect(await asked).toEqual({ code: 'RM_MAILBOX_FULL' });
    expect(stage.host.deadLetters.counts['dropped-oldest']).toBe(1);
  });

  test('ask - RM_ABORTED, before it is sent and while it waits', async () => {
    const { stage, ref } = await spawned();
    const signal = AbortSignal.abort(new Error('enough'));
    const error = await ref.ask('echo', 'x', { signal }).catch((got: RuntimeError) => got);
    expect(error).toMatchObject({ code: 'RM_ABORTED', cause: { message: 'enough' } });
    const controller = new AbortController();
    const asked = ref.ask('never', undefined, { signal: controller.signal });
    await stage.settle();
    controller.abort();
    expect(await outcomeOf(asked)).toEqual({ code: 'RM_ABORTED' });
    expect(stage.host.timers.size).toBe(0);
  });

  test('ask - an actor that exits in the handler answers first', async () => {
    const { stage, ref } = await spawned();
    expect(await outcomeOf(ref.ask('bye'))).toEqual({ value: 'bye' });
    await stage.advance(1000);
    expect(await outcomeOf(ref.ask('echo', 'next'))).toEqual({ value: 'next' });
    expect(stage.inFlight).toBe(0);
  });

  test('ask - closing the system settles every question', async () => {
    const { stage, ref } = await spawned();
    const timeout = '1h';
    const asked = ['never', 'never', 'echo'].map((name) =>
      ref.ask(name as 'never', undefined, { timeout }),
    );
    const codes = Promise.all(asked.map((one) => one.catch((error: RuntimeError) => error.code)));
    const closed = stage.system.close({ deadline: 100 });
    await stage.advance(20_000);
    await closed;
    expect(await codes).toEqual(['RM_ACTOR_STOPPED', 'RM_ACTOR_STOPPED', 'RM_ACTOR_STOPPED']);
    expect(stage.inFlight).toBe(0);
    expect(stage.host.timers.size).toBe(0);
  });

  test('ask - what is answered in the turn that it was asked in starts no timer', async () => {
    const { stage, ref } = await spawned();
    const before = stage.host.timers.size;
    const answers = Promise.all([ref.ask('echo', 'a'), ref.ask('echo', 'b')]);
    const open = ref.ask('never', undefined, { timeout: 50 }).catch((error) => error.code);
    await stage.settle();
    expect(await answers).toEqual(['a', 'b']);
    expect(stage.host.timers.size).toBe(before + 1);
    await stage.advance(50);
    expect(await open).toBe('RM_ASK_TIMEOUT');
    expect(stage.host.timers.size).toBe(before);
  });

  test('ask - time that passes before the end of the turn is not charged to the question', async () => {
    // Guards: R2.
    const { stage, ref } = await spawned();
    let code = 'open';
    ref.ask('never', undefined, { timeout: 50 }).catch((error) => {
      code = error.code;
    });
    // Somebody computes for 30 ms before the thread's turn comes.
    stage.clock.advance(30);
    await stage.settle();
    await stage.advance(49);
    expect(code).toBe('open');
    await stage.advance(1);
    expect(code).toBe('RM_ASK_TIMEOUT');
  });

  test('ask - its deadline is passed on: an actor never asks longer than it is asked', async () => {
    const seen: number[] = [];
    const Inner = define((_: undefined, ctx) => ({
      look: () => void seen.push(ctx.deadline),
    }));
    const Outer = define(({ inner }: { inner: { ask(name: string): Promise<unknown> } }, ctx) => ({
      direct: async () => {
        await inner.ask('look');
        await ctx.ask(inner as never, 'look', undefined, { timeout: 10_000 });
        await ctx.ask(inner as never, 'look', undefined, { timeout: 5 });
      },
    }));
    const stage = new Stage();
    const inner = await stage.system.spawn(Inner);
    const outer = await stage.system.spawn(Outer, { args: { inner } });
    await outer.ask('direct', undefined, { timeout: 50 });
    outer.tell('direct');
    await stage.settle();
    expect(seen).toEqual([50, 50, 5, 5000, 10_000, 5]);
    inner.tell('look');
    await stage.settle();
    expect(seen.at(-1)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('the event loop', () => {
  test('dispatcher - who asks again after each answer leaves the event loop its turn', async () => {
    const stage = new Stage();
    const Slow = define(() => ({ work: () => stage.clock.advance(0.5) }));
    const ref = await stage.system.spawn(Slow);
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    let asked = 0;
    for (; asked < 1000 && !hasTurned; asked++) await ref.ask('work');
    expect(asked).toBeLessThan(10);
  });
});
