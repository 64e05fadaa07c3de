/**
 * The simulated system: virtual time, one seed one run, real IO found out, faults, lost threads,
 * probes.
 */
import { describe, expect, test } from 'vitest';
import type { Down } from '../../../src/runtime/actor/context.ts';
import type { Ref } from '../../../src/runtime/actor/ref.ts';
import type { SimFaults } from '../../../src/runtime/testkit/sim-links.ts';
import { type SimOptions, SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { codeOfError, define } from '../actor/stage.ts';

const Echo = define((_: undefined, ctx) => ({
  echo: (value: unknown) => value,
  where: () => ctx.thread,
  now: () => ctx.now(),
  random: () => ctx.random(1_000_000),
  boom: () => {
    throw new Error('boom');
  },
  forever: () => new Promise(() => undefined),
  endless: () => void ctx.tell(ctx.self, 'endless'),
}));

/** Sends what it gets on, a number of times, to whoever is next. */
const Player = define((_: undefined, ctx) => {
  let others: Ref<never>[] = [];
  return {
    meet: (all: Ref<never>[]) => {
      others = all;
    },
    ball: (hops: number) => {
      const next = others.length === 0 ? undefined : others[ctx.random(others.length)];
      if (hops > 0 && next !== undefined) ctx.tell(next, 'ball', hops - 1);
    },
    boom: () => {
      throw new Error('boom');
    },
  };
});

async function game(seed: number, options: SimOptions = {}): Promise<SimSystem> {
  const sim = await SimSystem.start({ seed, threads: 3, ...options });
  const players = await Promise.all(
    Array.from({ length: 9 }, (_, i) => sim.spawn(Player, { placement: { thread: i % 4 } })),
  );
  for (const player of players) player.tell('meet', players as never);
  for (const player of players) player.tell('ball', 40);
  await sim.run('2s');
  players[1]?.tell('boom');
  players[2]?.tell('ball', 10);
  await sim.run('2s');
  return sim;
}

describe('sim', () => {
  // Guards: D3, D6
  test('sim - spawns on any thread, asks over real rings, ends with nothing in flight', async () => {
    const sim = await SimSystem.start({ seed: 7 });
    for (const thread of [0, 1, 2]) {
      const ref = await sim.spawn(Echo, { placement: { thread } });
      expect(await ref.ask('where')).toBe(thread);
      expect(await ref.ask('echo', { some: ['value', thread] })).toEqual({
        some: ['value', thread],
      });
    }
    expect(sim.figures().inFlight).toBe(0);
    await sim.close();
    expect(sim.figures().inFlight).toBe(0);
  });

  test('sim - the same seed gives the same log and hash, another one another order', async () => {
    const [one, same, other] = [await game(5), await game(5), await game(6)];
    expect(one.log.length).toBeGreaterThan(300);
    expect(same.log).toEqual(one.log);
    expect(same.hash).toBe(one.hash);
    expect(other.hash).not.toBe(one.hash);
    expect(one.figures().inFlight).toBe(0);
  });

  test('sim - time stands until it is moved, and then moves exactly', async () => {
    const sim = await SimSystem.start();
    const startMs = sim.now();
    const ref = await sim.spawn(Echo, { placement: { thread: 1 } });
    expect(await ref.ask('now')).toBe(startMs);
    await sim.run(1234.567);
    expect(await ref.ask('now')).toBeCloseTo(startMs + 1234.567, 6);
    const asked = ref.ask('forever', undefined, { timeout: 50 });
    await expect(sim.until(asked)).rejects.toMatchObject({ code: 'RM_ASK_TIMEOUT' });
    expect(sim.now()).toBeCloseTo(startMs + 1284.567, 6);
  });

  test('sim - awaiting what is no port is found out, a gate is not', async () => {
    const sim = await SimSystem.start();
    const Waits = define(({ gate }: { gate: { promise: Promise<number> } }) => ({
      wait: () => gate.promise,
    }));
    const gate = sim.gate<number>();
    const waits = await sim.spawn(Waits, { args: { gate }, placement: 'same' });
    const asked = waits.ask('wait', undefined, { timeout: '1h' });
    await sim.run(10);
    gate.open(5);
    expect(await asked).toBe(5);
    await sim.idle();
    const ref = await sim.spawn(Echo, { placement: { thread: 2 } });
    ref.tell('forever');
    await expect(sim.idle()).rejects.toMatchObject({ code: 'RM_SIM_REAL_IO' });
    await expect(sim.run(10)).rejects.toMatchObject({ code: 'RM_SIM_REAL_IO' });
    await expect(sim.until(new Promise(() => undefined))).rejects.toMatchObject({
      code: 'RM_SIM_REAL_IO',
    });
  });

  test('sim - somebody who sends without end is found out, the others had their turns', async () => {
    const sim = await SimSystem.start({ threads: 1, logLines: 0 });
    const endless = await sim.spawn(Echo, { placement: 'same' });
    const other = await sim.spawn(Echo, { placement: 'same' });
    endless.tell('endless');
    expect(await other.ask('echo', 1)).toBe(1);
    await sim.stop(endless);
    await sim.idle();
    expect(sim.figures().inFlight).toBe(0);
  });

  test('sim - a probe keeps what it gets, answers, and watches', async () => {
    const sim = await SimSystem.start();
    const probe = sim.probe();
    probe.answer('double', (n) => 2 * (n as number));
    const Client = define(({ to }: { to: Ref<never> }, ctx) => ({
      go: async () => {
        ctx.tell(to, 'hello', 'you');
        return await ctx.ask(to, 'double', 4);
      },
      later: () => ctx.timers.once('t', '1h', 'say'),
      say: () => ctx.tell(to, 'late'),
    }));
    const args = { to: probe.ref as unknown as Ref<never> };
    const client = await sim.spawn(Client, { args, placement: { thread: 1 } });
    expect(await client.ask('go')).toBe(8);
    expect(await probe.next()).toEqual({ name: 'hello', payload: 'you' });
    expect(await probe.next()).toEqual({ name: 'double', payload: 4 });
    client.tell('later');
    expect(await probe.next()).toEqual({ name: 'late', payload: undefined });
    probe.watch(client as never);
    await sim.run(1);
    await sim.stop(client);
    const { name, payload } = await probe.next();
    expect([name, (payload as Down).reason]).toEqual(['down', 'shutdown']);
    await expect(probe.next()).rejects.toMatchObject({ code: 'RM_SIM_REAL_IO' });
    expect(probe.received).toHaveLength(4);
  });

  test('sim - offload runs what the test gives, or is found out', async () => {
    const Heavy = define((_: undefined, ctx) => ({
      work: (n: number) => ctx.offload('file:///heavy.js', 'square', n),
    }));
    const sim = await SimSystem.start({ offload: (_url, _name, n) => (n as number) ** 2 });
    const heavy = await sim.spawn(Heavy, { placement: { thread: 1 } });
    expect(await heavy.ask('work', 7)).toBe(49);
    const poor = await SimSystem.start({ threads: 0 });
    const alone = await poor.spawn(Heavy);
    const error = await alone.ask('work', 1).catch((got: { cause: unknown }) => got.cause);
    expect(codeOfError(error)).toBe('RM_SIM_REAL_IO');
  });

  // Guards: D3
  test('sim - faults: what is lost is counted, delay keeps the order, reorder does not', async () => {
    const seen: number[] = [];
    const Keeper = define(() => ({
      keep: (n: number) => void seen.push(n),
      echo: (n: number) => n,
    }));
    const sim = await SimSystem.start({ seed: 3, threads: 1 });
    const keeper = await sim.spawn(Keeper, { placement: 'same' });
    const Sender = define(({ to }: { to: Ref<never> }, ctx) => ({
      go: (count: number) => {
        for (let n = 1; n <= count; n++) ctx.tell(to, 'keep', n);
      },
      echo: (n: number) => n,
    }));
    const args = { to: keeper as unknown as Ref<never> };
    const sender = await sim.spawn(Sender, { args, placement: { thread: 1 } });
    const inOrder = Array.from({ length: 100 }, (_, i) => i + 1);
    const deliver = async (faults: SimFaults): Promise<number[]> => {
      sender.tell('go', 100);
      sim.setFaults(faults);
      await sim.idle();
      sim.setFaults({});
      expect(sim.figures().inFlight).toBe(0);
      return seen.splice(0);
    };
    sender.tell('go', 0);
    await sim.idle();
    sim.setFaults({ loss: 1 });
    const asked = sender.ask('echo', 1, { timeout: 30 });
    await expect(sim.until(asked)).rejects.toMatchObject({ code: 'RM_ASK_TIMEOUT' });
    expect(sim.figures()).toMatchObject({ lost: 1, inFlight: 0 });
    expect(await deliver({ delay: 0.3, delayMaxMs: 10 })).toEqual(inOrder);
    const reordered = await deliver({ reorder: 0.3 });
    expect(reordered).not.toEqual(inOrder);
    expect(reordered.toSorted((a, b) => a - b)).toEqual(inOrder);
  });
});
