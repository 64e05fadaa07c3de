/** Supervisors below supervisors, spawns that meet, children that come back, and where they live. */
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/runtime/actor/context.ts';
import type { Placement } from '../../../src/runtime/supervision/placement.ts';
import type { Supervisor } from '../../../src/runtime/supervision/supervisor.ts';
import { SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { codeOfError, define, Gate, outcomeOf, Stage } from '../actor/stage.ts';

const MANY = { intensity: { restarts: 50, within: '1h' }, backoff: false } as const;
const NONE = { intensity: { restarts: 0 } } as const;

/** Fails in so many setups from now on. */
const failing = { setups: 0 };

const Worker = define((_: undefined, ctx: Context) => {
  if (failing.setups > 0) {
    failing.setups--;
    throw new Error('setup');
  }
  return {
    thread: () => ctx.thread,
    boom: () => {
      throw new Error('boom');
    },
  };
});

function shape(supervisor: Supervisor): string[] {
  return supervisor.list().map(({ path, status }) => `${path} ${status}`);
}

const rejected = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'fulfilled', codeOfError);

describe('nested supervisors', () => {
  // Guards: S1, S2
  test('nested supervisors - three levels come back, however often the middle one fails', async () => {
    const stage = new Stage();
    const top = stage.system.supervisor({ ...MANY, name: 'top' });
    const middle = await top.supervisor({ ...NONE, name: 'middle' });
    const low = await middle.supervisor({ ...NONE, name: 'low' });
    await low.spawn(Worker, { id: 'leaf' });
    await middle.spawn(Worker, { id: 'w' });
    for (const who of ['w', 'low/leaf', 'w', 'low/leaf']) {
      stage.system.lookup(`/top/middle/${who}`)?.tell('boom');
      await stage.advance(10);
      expect(shape(top)).toEqual(['/top/middle running']);
      expect(shape(middle)).toEqual(['/top/middle/low running', '/top/middle/w running']);
      expect(shape(low)).toEqual(['/top/middle/low/leaf running']);
      const leaf = stage.system.lookup('/top/middle/low/leaf');
      expect(await leaf?.ask('thread')).toBe(0);
    }
  });

  test('nested supervisors - one that is stopped is gone, and no failure of the one above', async () => {
    const stage = new Stage();
    const events: string[] = [];
    stage.host.events.listen(({ kind }) => events.push(kind));
    const top = stage.system.supervisor({ ...NONE, name: 'top' });
    const nested = await top.supervisor({ name: 'n' });
    await nested.spawn(Worker, { id: 'w' });
    await nested.stop();
    expect((await nested.ended).reason).toBe('shutdown');
    expect([shape(top), stage.system.paths(), events]).toEqual([[], [], []]);
    await nested.stop();
    expect(await rejected(nested.spawn(Worker))).toBe('RM_SUPERVISOR_CLOSED');
    const again = await top.supervisor({ name: 'n' });
    await again.spawn(Worker, { id: 'w' });
    expect(stage.system.paths()).toEqual(['/top/n/w']);
  });

  test('nested supervisors - one stopped while the one above is down does not come back', async () => {
    const stage = new Stage();
    const backoff = { initial: '1s', jitter: 'none', firstAtOnce: false } as const;
    const top = stage.system.supervisor({ ...MANY, backoff, name: 'top' });
    const middle = await top.supervisor({ ...NONE, name: 'middle' });
    const low = await middle.supervisor({ name: 'low' });
    const worker = await middle.spawn(Worker, { id: 'w' });
    worker.tell('boom');
    await stage.advance(10);
    expect(shape(top)).toEqual(['/top/middle waiting']);
    await low.stop();
    await stage.advance(2000);
    expect(shape(middle)).toEqual(['/top/middle/w running']);
  });

  test('nested supervisors - one that was refused, or never began, leaves no name', async () => {
    const stage = new Stage();
    const backoff = { initial: '1s', jitter: 'none', firstAtOnce: false } as const;
    const top = stage.system.supervisor({ strategy: 'one_for_all', backoff, name: 'top' });
    const worker = await top.spawn(Worker, { id: 'w' });
    worker.tell('boom');
    await stage.advance(10);
    const waits = top.supervisor({ name: 'waits' });
    expect(await outcomeOf(waits)).toBe('open');
    const stopped = top.stop();
    expect(await rejected(waits)).toBe('RM_SUPERVISOR_CLOSED');
    await stopped;
    expect(await rejected(top.supervisor({ name: 'refused' }))).toBe('RM_SUPERVISOR_CLOSED');
    const other = stage.system.supervisor({ name: 'top' });
    for (const name of ['waits', 'refused']) await other.supervisor({ name });
    expect(shape(other)).toEqual(['/top/waits running', '/top/refused running']);
  });

  // Guards: S2
  test.each([
    ['the same thread', 0],
    ['another thread', 1],
  ])(
    'nested supervisors - a child on %s whose setup fails at the reopening is tried again',
    async (_, thread) => {
      for (let seed = 1; seed <= 8; seed++) {
        const sim = await SimSystem.start({ seed });
        const top = sim.supervisor({ ...MANY, name: 'top' });
        const intensity = { restarts: 1, within: '1s' } as const;
        const nested = await top.supervisor({ intensity, backoff: false, name: 'n' });
        const placement = { thread };
        for (const id of ['a', 'b']) await sim.until(nested.spawn(Worker, { id, placement }));
        for (let i = 0; i < 2; i++) {
          sim.lookup('/top/n/b')?.tell('boom');
          if (i === 1) failing.setups = 1;
          await sim.run(100);
        }
        expect(failing.setups).toBe(0);
        expect(shape(nested)).toEqual(['/top/n/a running', '/top/n/b running']);
        for (const id of ['a', 'b']) {
          expect(await sim.lookup(`/top/n/${id}`)?.ask('thread')).toBe(thread);
        }
        await sim.close();
      }
    },
  );

  test('nested supervisors - a reopening that goes on failing ends the one above', async () => {
    const stage = new Stage();
    const top = stage.system.supervisor({ intensity: { restarts: 2 }, backoff: false });
    const nested = await top.supervisor({ ...NONE, name: 'n' });
    for (const id of ['a', 'b']) await nested.spawn(Worker, { id });
    failing.setups = 3;
    stage.system.lookup(`${nested.path}/a`)?.tell('boom');
    expect((await top.ended).reason).toBe('crash');
    expect([failing.setups, stage.system.paths()]).toEqual([1, []]);
    failing.setups = 0;
  });

  test('nested supervisors - a reopening that finds its child’s name taken is a failure', async () => {
    const stage = new Stage();
    const backoff = { initial: '1s', jitter: 'none', firstAtOnce: false } as const;
    const top = stage.system.supervisor({ ...MANY, backoff, name: 'top' });
    const nested = await top.supervisor({ ...NONE, name: 'n' });
    const worker = await nested.spawn(Worker, { id: 'a' });
    worker.tell('boom');
    await stage.advance(10);
    const thief = await top.spawn(Worker, { id: 'n/a' });
    await stage.advance(1500);
    expect(shape(nested)).toEqual([]);
    await top.remove(thief);
    await stage.advance(10_000);
    expect(shape(nested)).toEqual(['/top/n/a running']);
  });
});

describe('lost threads', () => {
  // Guards: S2, S6
  test('lost threads - a child that comes back uncounted and fails in setup is tried again', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const sim = await SimSystem.start({ seed });
      const group = sim.supervisor({ ...MANY, name: 'g' });
      let fails = 0;
      const Fragile = define((_: undefined, ctx: Context) => {
        if (ctx.thread === 1 && fails > 0) {
          fails--;
          throw new Error('setup');
        }
        return { hi: () => 'hi' };
      });
      const placement = { thread: 1 };
      await sim.until(group.spawn(Worker, { id: 'a', placement }));
      const fragile = await sim.until(group.spawn(Fragile, { id: 'b', placement }));
      for (let round = 0; round < 2; round++) {
        fails = 2;
        sim.crashThread(1);
        await sim.run('2s');
        expect(fails).toBe(0);
        expect(shape(group)).toEqual(['/g/a running', '/g/b running']);
        expect(await sim.until(fragile.ask('hi', undefined, { timeout: '1s' }))).toBe('hi');
      }
      await sim.close();
    }
  });
});

describe('getOrSpawn', () => {
  test.each([
    ['the same thread', 0],
    ['another thread', 1],
  ])('getOrSpawn - calls that meet on %s settle alike', async (_, thread) => {
    const sim = await SimSystem.start();
    const gate = sim.gate<string>();
    const Slow = define((_: undefined) => gate.promise.then((value) => ({ value: () => value })));
    const Bad = define(async (_: undefined): Promise<{ hi: () => number }> => {
      await null;
      throw new Error('bad');
    });
    const group = sim.supervisor();
    const options = { id: 'x', placement: { thread } };
    const calls = [1, 2, 3].map(() => group.getOrSpawn(Slow, options));
    await sim.run(1);
    calls.push(group.getOrSpawn(Slow, options));
    gate.open('there');
    const refs = await sim.until(Promise.all(calls));
    expect(new Set(refs.map(({ key }) => key)).size).toBe(1);
    expect(await sim.until(refs[3]?.ask('value') as Promise<unknown>)).toBe('there');
    const bad = [1, 2].map(() => rejected(group.getOrSpawn(Bad, { ...options, id: 'y' })));
    expect(await sim.until(Promise.all(bad))).toEqual(['RM_SPAWN_FAILED', 'RM_SPAWN_FAILED']);
    expect(group.list()).toHaveLength(1);
  });

  test('getOrSpawn - a child that begins anew on another thread is waited for', async () => {
    const sim = await SimSystem.start();
    const top = sim.supervisor({ ...MANY, name: 'top' });
    const nested = await top.supervisor({ ...NONE, name: 'n' });
    const options = { id: 'x', placement: { thread: 1 } };
    const before = await sim.until(nested.spawn(Worker, options));
    sim.crashThread(1);
    for (let i = 0; i < 1000 && nested.list()[0]?.ref !== null; i++) await sim.run(0.01);
    expect(nested.list()).toMatchObject([{ ref: null, status: 'starting' }]);
    const after = await sim.until(nested.getOrSpawn(Worker, options));
    expect(after.key).not.toBe(before.key);
    expect(await sim.until(after.ask('thread'))).toBe(1);
  });

  test('getOrSpawn - the id of a supervisor is taken, and it says by what', async () => {
    const stage = new Stage();
    const top = stage.system.supervisor({ name: 'top' });
    await top.supervisor({ name: 'n' });
    const error = await top.getOrSpawn(Worker, { id: 'n' }).catch((got: unknown) => got);
    expect(codeOfError(error)).toBe('RM_ID_TAKEN');
    expect((error as Error).message).toContain('/top/n is a supervisor');
  });

  test('spawn - a bad id rejects and does not throw', async () => {
    const group = new Stage().system.supervisor();
    expect(await rejected(group.spawn(Worker, { id: 'a b' }))).toBe('RM_ID_INVALID');
  });

  test('spawn - what was rejected since its supervisor ended does not come back with it', async () => {
    const stage = new Stage();
    const gate = new Gate();
    let setups = 0;
    const Slow = define(async (_: undefined) => {
      setups++;
      await gate.promise;
      return {};
    });
    const top = stage.system.supervisor({ ...MANY, name: 'top' });
    const nested = await top.supervisor({ ...NONE, name: 'n' });
    const worker = await nested.spawn(Worker, { id: 'w' });
    const slow = rejected(nested.spawn(Slow, { id: 'slow' }));
    worker.tell('boom');
    expect(await slow).toBe('RM_SUPERVISOR_CLOSED');
    await stage.advance(10);
    expect([setups, shape(nested)]).toEqual([1, ['/top/n/w running']]);
  });
});

describe('placement', () => {
  const WRONG = ['bogus', 5, null, {}, { key: 5 }, { thread: 'x' }, { thread: 1.5 }, { thread: 7 }];

  test.each([0, 2])('placement - what is none is refused, with %i threads', async (threads) => {
    const sim = await SimSystem.start({ threads });
    for (const got of WRONG) {
      const placement = got as Placement;
      const error = await sim.spawn(Worker, { placement }).catch((thrown: unknown) => thrown);
      expect(codeOfError(error), JSON.stringify(got)).toBe('RM_SUPERVISOR_OPTION');
      expect((error as Error).message).toMatch(/: placement.* is .*; expected /);
    }
    for (const placement of ['same', 'spread', { key: 'ann' }, { thread: 0 }] as const) {
      const ref = await sim.until(sim.spawn(Worker, { placement }));
      expect(await sim.until(ref.ask('thread'))).toBeLessThanOrEqual(threads);
    }
  });

  test.each([0, 1])(
    'placement - children of an actor’s supervisor live on its thread, %i',
    async (thread) => {
      const sim = await SimSystem.start();
      const Parent = define((_: undefined, ctx: Context) => {
        const group = ctx.supervisor({ name: 'g' });
        return {
          place: async (placement: Placement | undefined) => {
            const nested = await group.supervisor();
            const threads = [];
            for (const supervisor of [group, nested]) {
              const options = placement === undefined ? {} : { placement };
              const ref = await supervisor.spawn(Worker, options);
              threads.push(await ref.ask('thread'));
              await supervisor.remove(ref);
            }
            return threads;
          },
          refused: (placement: unknown) =>
            rejected(group.spawn(Worker, { placement: placement as Placement })),
        };
      });
      const parent = await sim.until(sim.spawn(Parent, { placement: { thread } }));
      for (const placement of [undefined, 'same', { thread }] as const) {
        expect(await sim.until(parent.ask('place', placement))).toEqual([thread, thread]);
      }
      for (const placement of [...WRONG, 'spread', { key: 'ann' }, { thread: 1 - thread }]) {
        const code = await sim.until(parent.ask('refused', placement));
        expect(code, JSON.stringify(placement)).toBe('RM_SUPERVISOR_OPTION');
      }
    },
  );
});
