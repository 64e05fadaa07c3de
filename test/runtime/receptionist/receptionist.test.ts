/**
 * The receptionist: found by key from everywhere, told by level, forgets who ends, survives its own
 * crash.
 */
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/runtime/actor/context.ts';
import type { AnyRef, Ref } from '../../../src/runtime/actor/ref.ts';
import {
  deregister,
  find,
  register,
  type ServiceListing,
  serviceKey,
  startReceptionist,
  subscribe,
  unsubscribe,
} from '../../../src/runtime/receptionist/receptionist.ts';
import { SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { codeOfError, define } from '../actor/stage.ts';

type Greeter = { hello: () => string };
const GREETERS = serviceKey<Greeter>('greeters');

const Service = define((_: undefined, ctx: Context) => ({
  hello: () => `from ${ctx.thread}`,
  join: () => register(ctx, GREETERS, ctx.self as unknown as Ref<Greeter>),
  look: async () => (await find(ctx, GREETERS)).map(({ key }) => key),
}));

/** Counts the refs of each listing that it gets. */
const Listener = define(
  (_: undefined, ctx: Context) => {
    const sizes: number[] = [];
    return {
      listen: () =>
        subscribe(ctx, GREETERS, ctx.self as unknown as Ref<Record<string, never>>, 'list'),
      leave: () =>
        unsubscribe(ctx, GREETERS, ctx.self as unknown as Ref<Record<string, never>>, 'list'),
      list: ({ refs }: ServiceListing<Greeter>) => void sizes.push(refs.length),
      sizes: () => sizes,
      hold: (gate: number) => GATES[gate],
      filler: () => undefined,
    };
  },
  { mailbox: { capacity: 2 } },
);
const GATES: Promise<void>[] = [];

async function scene() {
  const sim = await SimSystem.start({ threads: 2, seed: 5 });
  await startReceptionist(sim);
  await startReceptionist(sim);
  return sim;
}

describe('receptionist', () => {
  test('receptionist - actors register from any thread and are found from any thread', async () => {
    const sim = await scene();
    const services = [];
    for (const thread of [1, 0, 2]) {
      const ref = await sim.spawn(Service, { placement: { thread } });
      await sim.until(ref.ask('join'));
      await sim.until(ref.ask('join'));
      services.push(ref);
    }
    const keys = services.map(({ key }) => key);
    const found = await sim.until(find(sim, GREETERS));
    expect(found.map(({ key }) => key)).toEqual(keys);
    expect(await sim.until((found[2] as Ref<Greeter>).ask('hello'))).toBe('from 2');
    for (const ref of services) expect(await sim.until(ref.ask('look'))).toEqual(keys);
    await sim.until(deregister(sim, GREETERS, services[1] as never));
    await sim.until(sim.stop(services[0] as never));
    await sim.run(1);
    const left = await sim.until(find(sim, GREETERS));
    expect(left.map(({ key }) => key)).toEqual([keys[2]]);
    expect(await sim.until(find(sim, serviceKey('others')))).toEqual([]);
    expect(sim.figures().inFlight).toBe(0);
  });

  test('receptionist - subscribers are told at once and at each change', async () => {
    const sim = await scene();
    const listener = await sim.spawn(Listener, { placement: { thread: 2 } });
    await sim.until(listener.ask('listen'));
    const services = [];
    for (const thread of [0, 1]) {
      services.push(await sim.spawn(Service, { placement: { thread } }));
      await sim.until((services.at(-1) as Ref<{ join: () => void }>).ask('join'));
      await sim.run(1);
    }
    await sim.until(sim.stop(services[1] as never));
    await sim.run(1);
    expect(await sim.until(listener.ask('sizes'))).toEqual([0, 1, 2, 1]);
    await sim.until(listener.ask('leave'));
    await sim.until(sim.stop(services[0] as never));
    await sim.run(1);
    expect(await sim.until(listener.ask('sizes'))).toEqual([0, 1, 2, 1]);
    await sim.until(listener.ask('listen'));
    await sim.until(sim.stop(listener));
    await sim.idle();
    expect(sim.figures().inFlight).toBe(0);
  });

  test('receptionist - a subscriber without room is told the state when it has some', async () => {
    const sim = await scene();
    const gate = sim.gate();
    GATES.push(gate.promise);
    const listener = await sim.spawn(Listener, { placement: 'same' });
    await sim.until(listener.ask('listen'));
    listener.tell('hold', GATES.length - 1);
    await sim.run(1);
    for (let i = 0; i < 2; i++) expect(listener.tell('filler')).toBe('accepted');
    for (const thread of [0, 1, 2]) {
      const ref = await sim.spawn(Service, { placement: { thread } });
      await sim.until(ref.ask('join'));
    }
    gate.open();
    await sim.run('1s');
    expect(await sim.until(listener.ask('sizes'))).toEqual([0, 3]);
  });

  test('receptionist - remembers everybody over its own crash, and still hears of their ends', async () => {
    const sim = await scene();
    const services = [];
    for (const thread of [0, 1]) {
      const ref = await sim.spawn(Service, { placement: { thread } });
      await sim.until(ref.ask('join'));
      services.push(ref);
    }
    const receptionist = sim.lookup('/user/receptionist') as AnyRef;
    receptionist.tell('register', null);
    await sim.run('1s');
    expect(sim.figures().total.crashes).toBe(1);
    await sim.until(sim.stop(services[0] as never));
    await sim.run(1);
    const found = await sim.until(find(sim, GREETERS));
    expect(found.map(({ key }) => key)).toEqual([services[1]?.key]);
  });

  test('receptionist - without one the cure is told', async () => {
    const sim = await SimSystem.start({ threads: 1 });
    expect(await sim.until(find(sim, GREETERS).catch(codeOfError))).toBe('RM_RECEPTIONIST');
    const service = await sim.spawn(Service, { placement: { thread: 1 } });
    const error = (await sim.until(service.ask('look').catch((got) => got))) as { cause: unknown };
    expect(codeOfError(error.cause)).toBe('RM_RECEPTIONIST');
  });
});
