/**
 * The matrix of failures: {throw, reject, stall, stack overflow} × {setup, handler, stop hook,
 * supervisor} × {the supervisor's thread, another one}. In the simulator, so that every deadline is
 * exact.
 */
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/runtime/actor/context.ts';
import type { Ref } from '../../../src/runtime/actor/ref.ts';
import type { RuntimeError } from '../../../src/runtime/errors.ts';
import { SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { codeOfError, define } from '../actor/stage.ts';

const FAILURES = {
  throw: () => {
    throw new Error('boom');
  },
  reject: async () => {
    await null;
    throw new Error('boom');
  },
  stall: () => new Promise<never>(() => undefined),
  overflow: () => {
    const deeper = (n: number): number => 1 + deeper(n + 1);
    deeper(0);
  },
} as const;

type Failure = keyof typeof FAILURES;
type Moment = 'setup' | 'handler' | 'stop' | 'none';
type Plan = { readonly moment: Moment; readonly failure: Failure; readonly from?: number };

/** Fails in the way and at the moment that it is told, from an incarnation on. */
const Failing = define(({ moment, failure, from = 0 }: Plan, ctx: Context) => {
  const handlers = {
    echo: (value: unknown) => value,
    incarnation: () => ctx.incarnation,
    fail: () => (moment === 'handler' ? FAILURES[failure]() : undefined) as unknown,
    boom: () => FAILURES.throw() as unknown,
  };
  if (moment === 'stop') ctx.onStop(() => FAILURES[failure]());
  if (moment !== 'setup' || ctx.incarnation < from) return handlers;
  const failed = FAILURES[failure]() as unknown;
  return failed instanceof Promise ? failed.then(() => handlers) : handlers;
});

const THREADS = [
  ['the same thread', 0],
  ['another thread', 1],
] as const;
const ALL: readonly Failure[] = ['throw', 'reject', 'stall', 'overflow'];
const options = { startDeadline: 100, stopDeadline: 200 } as const;

async function scene() {
  const events: string[] = [];
  const sim = await SimSystem.start({
    onEvent: (event) => events.push('path' in event ? `${event.kind} ${event.path}` : event.kind),
  });
  return { sim, events };
}

async function reasonOf(sim: SimSystem, promise: Promise<unknown>): Promise<RuntimeError> {
  const error = await sim.until(
    promise.then(
      () => null,
      (got: RuntimeError) => got,
    ),
  );
  if (error === null) throw new Error('it did not fail');
  return error;
}

/** Every actor that is left has handled everything. */
function expectQuiet(sim: SimSystem): void {
  expect(sim.figures().inFlight).toBe(0);
}

// Guards: S2, S6, D3, D8
describe.each(THREADS)('failures on %s', (_, thread) => {
  const placement = { thread };

  test.each(ALL)(
    'failures - %s in the first setup fails the spawn and leaves nothing',
    async (failure) => {
      const { sim } = await scene();
      const args: Plan = { moment: 'setup', failure };
      const startMs = sim.now();
      const error = await reasonOf(
        sim,
        sim.spawn(Failing, { args, placement, id: 'a', ...options }),
      );
      expect(error.code).toBe('RM_SPAWN_FAILED');
      const cause = error.cause as RuntimeError;
      if (failure === 'stall') {
        expect(cause.code).toBe('RM_START_DEADLINE');
        expect(sim.now() - startMs).toBeCloseTo(100, 6);
      } else if (failure === 'overflow') expect(cause.name).toBe('RangeError');
      else expect(cause.message).toContain('boom');
      await sim.idle();
      expect(sim.paths()).toEqual([]);
      const other = await sim.spawn(Failing, {
        args: { moment: 'none', failure },
        placement,
        id: 'a',
      });
      expect(await other.ask('echo', 1)).toBe(1);
      expectQuiet(sim);
    },
  );

  test.each(ALL)(
    'failures - %s in a later setup is tried again until the limit',
    async (failure) => {
      const { sim, events } = await scene();
      const group = sim.supervisor({
        intensity: { restarts: 3, within: '1h' },
        backoff: { initial: 10, max: 10, jitter: 'none' },
      });
      const args: Plan = { moment: 'setup', failure, from: 1 };
      const ref = await group.spawn(Failing, { args, placement, id: 'a', ...options });
      const watched = sim.watch(ref);
      ref.tell('boom');
      const waiting = ref.ask('echo', 1, { timeout: '1h' });
      const error = await reasonOf(sim, waiting);
      expect(error.code).toBe('RM_ACTOR_STOPPED');
      expect((await sim.until(watched)).reason).toBe('crash');
      expect((await group.ended).reason).toBe('crash');
      const crashes = events.filter((event) => event.startsWith('actor-crashed'));
      expect(crashes).toHaveLength(4);
      const waits = events.filter((event) => event.startsWith('restart-waits'));
      // The first restart is at once.
      expect(waits).toEqual(Array.from({ length: 2 }, () => `restart-waits ${group.path}/a`));
      expect(events.at(-1)).toBe(`escalated ${group.path}`);
      await sim.idle();
      expectQuiet(sim);
    },
  );

  test.each(['throw', 'reject', 'overflow'] as const)(
    'failures - %s in a handler rejects its asker, restarts the actor, keeps the mailbox',
    async (failure) => {
      const { sim } = await scene();
      const ref = await sim.spawn(Failing, { args: { moment: 'handler', failure }, placement });
      const [failed, next] = [ref.ask('fail'), ref.ask('incarnation')];
      next.catch(() => undefined);
      const error = await reasonOf(sim, failed);
      expect(error.code).toBe('RM_ACTOR_CRASHED');
      const cause = error.cause as Error;
      expect(cause.name).toBe(failure === 'overflow' ? 'RangeError' : 'Error');
      expect(await sim.until(next)).toBe(1);
      await sim.idle();
      expect(sim.figures().total).toMatchObject({ crashes: 1, restarts: 1, deadCrashed: 1 });
      expectQuiet(sim);
    },
  );

  test('failures - stall in a handler holds its actor up until somebody stops it', async () => {
    const { sim } = await scene();
    const args: Plan = { moment: 'handler', failure: 'stall' };
    const ref = await sim.spawn(Failing, { args, placement, ...options });
    const stalled = ref.ask('fail', undefined, { timeout: '1h' });
    const next = ref.ask('echo', 1, { timeout: '1h' });
    const codes = Promise.allSettled([stalled, next]);
    await sim.run(5);
    const watched = sim.watch(ref);
    await sim.run(1);
    const startMs = sim.now();
    await sim.until(sim.stop(ref));
    expect(sim.now() - startMs).toBeCloseTo(200, 6);
    expect((await sim.until(watched)).reason).toBe('killed');
    for (const one of await sim.until(codes)) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'RM_ACTOR_STOPPED' } });
    }
    await sim.idle();
    expectQuiet(sim);
  });

  test.each(ALL)(
    'failures - %s in a stop hook: the actor has ended all the same',
    async (failure) => {
      const { sim } = await scene();
      const args: Plan = { moment: 'stop', failure };
      const ref = await sim.spawn(Failing, { args, placement, id: 'a', ...options });
      const watched = sim.watch(ref);
      await sim.run(1);
      const startMs = sim.now();
      await sim.until(sim.stop(ref));
      expect(sim.now() - startMs).toBeCloseTo(failure === 'stall' ? 200 : 0, 6);
      expect((await sim.until(watched)).reason).toBe(failure === 'stall' ? 'killed' : 'crash');
      expect(ref.tell('echo')).toBe('stopped');
      expect(sim.paths()).toEqual([]);
      await sim.idle();
      expectQuiet(sim);
    },
  );

  test.each(ALL)(
    'failures - %s in a stop hook at a restart does not hold the restart up',
    async (failure) => {
      const { sim } = await scene();
      const args: Plan = { moment: 'stop', failure };
      const ref = await sim.spawn(Failing, { args, placement, ...options });
      ref.tell('boom');
      expect(await sim.until(ref.ask('incarnation'))).toBe(1);
      await sim.until(sim.close({ deadline: '1h' }));
      expectQuiet(sim);
    },
  );

  // Guards: S1
  test.each(['throw', 'reject', 'overflow'] as const)(
    'failures - %s once too often: siblings stop in reverse order, the supervisor fails',
    async (failure) => {
      const { sim, events } = await scene();
      const stopped: string[] = [];
      const probe = sim.probe();
      probe.answer('stopped', (name) => stopped.push(name as string));
      const Sibling = define(({ to, name }: { to: Ref<never>; name: string }, ctx) => {
        ctx.onStop(() => ctx.ask(to, 'stopped', name));
        return {};
      });
      const group = sim.supervisor({ intensity: { restarts: 2, within: '10s' }, backoff: false });
      const to = probe.ref as unknown as Ref<never>;
      for (const name of ['one', 'two']) {
        await group.spawn(Sibling, { args: { to, name }, placement, id: name });
      }
      const ref = await group.spawn(Failing, { args: { moment: 'handler', failure }, placement });
      await group.spawn(Sibling, { args: { to, name: 'last' }, placement, id: 'last' });
      ref.tell('fail');
      ref.tell('fail');
      await sim.run(10_000.001);
      expect(group.list()).toHaveLength(4);
      ref.tell('fail');
      ref.tell('fail');
      await sim.run(1);
      expect(group.list()).toHaveLength(4);
      ref.tell('fail');
      const { reason, error } = await sim.until(group.ended);
      expect([reason, codeOfError(error)]).toEqual(['crash', 'RM_SUPERVISOR_GAVE_UP']);
      expect(stopped).toEqual(['last', 'two', 'one']);
      expect(events.at(-1)).toBe(`escalated ${group.path}`);
      await expect(
        group.spawn(Failing, { args: { moment: 'none', failure } }),
      ).rejects.toMatchObject({
        code: 'RM_SUPERVISOR_CLOSED',
      });
      await sim.idle();
      expectQuiet(sim);
    },
  );

  test('failures - stall below a supervisor that stops: each child has its deadline', async () => {
    const { sim } = await scene();
    const group = sim.supervisor();
    for (let i = 0; i < 3; i++) {
      const args: Plan = { moment: 'stop', failure: 'stall' };
      await group.spawn(Failing, { args, placement, ...options });
    }
    const startMs = sim.now();
    await sim.until(group.stop());
    expect(sim.now() - startMs).toBeCloseTo(600, 6);
    await sim.idle();
    expectQuiet(sim);
  });
});

describe('escalation', () => {
  // Guards: S1, S2
  test('escalation - a nested supervisor that gives up comes back with its children', async () => {
    const { sim, events } = await scene();
    const top = sim.supervisor({ intensity: { restarts: 1, within: '1h' }, backoff: false });
    const inner = await sim.until(top.supervisor({ intensity: { restarts: 0 }, name: 'inner' }));
    const args: Plan = { moment: 'none', failure: 'throw' };
    const child = await inner.spawn(Failing, { args, id: 'child', placement: { thread: 1 } });
    child.tell('boom');
    await sim.run('1s');
    const again = sim.lookup(`${inner.path}/child`);
    expect(again?.key).not.toBe(child.key);
    expect(await again?.ask('echo', 1)).toBe(1);
    again?.tell('boom');
    expect((await sim.until(top.ended)).reason).toBe('crash');
    expect(events.at(-1)).toBe(`escalated ${top.path}`);
    await sim.idle();
    expectQuiet(sim);
  });

  test('escalation - a supervisor below an actor crashes that actor', async () => {
    const { sim, events } = await scene();
    const Parent = define((_: undefined, ctx) => {
      const group = ctx.supervisor({ intensity: { restarts: 0 } });
      const child = group.spawn(Failing, {
        args: { moment: 'none', failure: 'throw' },
        id: 'child',
      });
      return {
        hurt: async () => void (await child).tell('boom'),
        incarnation: () => ctx.incarnation,
      };
    });
    const parent = await sim.spawn(Parent, { id: 'parent', placement: { thread: 2 } });
    parent.tell('hurt');
    await sim.run('1s');
    expect(await parent.ask('incarnation')).toBe(1);
    expect(events.filter((event) => event === 'actor-crashed /user/parent')).toHaveLength(1);
    expectQuiet(sim);
  });

  test.each(['one_for_one', 'one_for_all', 'rest_for_one'] as const)(
    'strategies - %s restarts whom it says, started in order, stopped in reverse',
    async (strategy) => {
      const { sim } = await scene();
      const log: string[] = [];
      const probe = sim.probe();
      for (const name of ['up', 'down']) {
        probe.answer(name, (who) => log.push(`${name} ${String(who)}`));
      }
      const Member = define(({ to, name }: { to: Ref<never>; name: string }, ctx) => {
        ctx.onStop(() => ctx.ask(to, 'down', name));
        const opened = ctx.ask(to, 'up', name);
        return opened.then(() => ({
          boom: () => {
            throw new Error('boom');
          },
        }));
      });
      const group = sim.supervisor({ strategy, backoff: false });
      const to = probe.ref as unknown as Ref<never>;
      const members = [];
      for (const [i, name] of ['a', 'b', 'c'].entries()) {
        const placement = { thread: i % 3 };
        members.push(await sim.until(group.spawn(Member, { args: { to, name }, placement })));
      }
      log.length = 0;
      members[1]?.tell('boom');
      await sim.run('1s');
      const restarts = {
        one_for_one: ['down b', 'up b'],
        one_for_all: ['down b', 'down c', 'down a', 'up a', 'up b', 'up c'],
        rest_for_one: ['down b', 'down c', 'up b', 'up c'],
      };
      expect(log).toEqual(restarts[strategy]);
      expectQuiet(sim);
    },
  );
});
