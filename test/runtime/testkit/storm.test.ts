/**
 * Random lives of a system, many seeds: crashes, lost threads, faults, full rings, streams,
 * watches, all at once. Whatever happens, every question settles, every stop ends, the books
 * balance and nothing is left.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Context } from '../../../src/runtime/actor/context.ts';
import type { AnyRef, Ref } from '../../../src/runtime/actor/ref.ts';
import { type Random, seededRandom } from '../../../src/runtime/ports/random.ts';
import { SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { codeOfError, define } from '../actor/stage.ts';

type State = { readonly count: number; readonly others: readonly AnyRef[] };

const Node = define(
  (_: undefined, ctx: Context) => {
    let { count, others } = (ctx.restored as State | undefined) ?? { count: 0, others: [] };
    ctx.snapshot(() => ({ count, others }));
    const any = (): AnyRef => others[ctx.random(Math.max(1, others.length))] as AnyRef;
    return {
      meet: (all: readonly AnyRef[]) => {
        others = all;
        ctx.checkpoint();
      },
      add: () => void count++,
      count: () => count,
      fan: (n: number) => {
        for (let i = 0; i < 2 && n > 0; i++) ctx.tell(any(), 'fan', n - 1);
      },
      relay: async (n: number): Promise<number> =>
        n === 0 ? 0 : 1 + ((await ctx.ask(any(), 'relay', n - 1)) as number),
      watch: () => {
        for (const other of others) ctx.watch(other, 'down');
      },
      down: () => undefined,
      sendAll: async () => {
        for (const other of others) {
          await other.send('add', undefined, { timeout: 30 }).catch(() => undefined);
        }
      },
      *items(n: number) {
        for (let i = 0; i < n; i++) yield i;
      },
      read: async () => {
        let read = 0;
        for await (const _item of any().stream('items', 30, { credit: 3 })) {
          if (++read > 20) break;
        }
      },
      large: (text: string) => text.length,
      boom: () => {
        throw new Error('boom');
      },
      exit: () => ctx.exit(),
    };
  },
  { mailbox: { capacity: 32 } },
);

type NodeRef = Ref<Record<string, (payload: never) => unknown>>;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

async function begin(seed: number, random: Random) {
  const isFaulty = random.below(2) === 0;
  const isSmall = random.below(2) === 0;
  const sim = await SimSystem.start({
    seed,
    threads: 1 + random.below(3),
    spare: random.below(2) === 0,
    faults: isFaulty ? { loss: 0.03, delay: 0.05, reorder: 0.03, delayMaxMs: 30 } : {},
    ...(isSmall ? { ring: { dataBytes: 1024, controlBytes: 512, recordBytesMax: 200 } } : {}),
  });
  const group = sim.supervisor({
    strategy: pick(random, ['one_for_one', 'one_for_all', 'rest_for_one'] as const),
    intensity: { restarts: 100_000, within: '1s' },
  });
  const refs: NodeRef[] = [];
  for (let i = 0; i < 8; i++) {
    const placement = { thread: random.below(sim.threads + 1) };
    const restart = pick(random, ['permanent', 'permanent', 'transient', 'temporary'] as const);
    const spawned = group.spawn(Node, { placement, restart, stopDeadline: 100 });
    refs.push((await sim.until(spawned)) as unknown as NodeRef);
  }
  for (const ref of refs) ref.tell('meet', refs as never);
  return { sim, group, refs };
}

type Scene = Awaited<ReturnType<typeof begin>>;

/** One thing happens. @returns what then has to settle */
function happen({ sim, refs }: Scene, random: Random): Promise<unknown> | null {
  const ref = pick(random, refs);
  const thread = 1 + random.below(sim.threads);
  const none = undefined as never;
  const acts: (() => Promise<unknown> | unknown)[] = [
    () => ref.tell('boom', none),
    () => ref.tell('exit', none),
    () => ref.tell('fan', 5 as never),
    () => ref.tell('watch', none),
    () => ref.tell('sendAll', none),
    () => ref.tell('read', none),
    () => ref.tell('large', 'x'.repeat(random.below(2000)) as never),
    () => ref.ask('relay', 6 as never, { timeout: 100 }),
    () => ref.ask('count', none, { timeout: 50 }),
    () => ref.send('add', none, { timeout: 50 }),
    () => sim.crashThread(thread),
    () => sim.killThread(thread),
    () => (random.below(4) === 0 ? sim.stop(ref) : undefined),
  ];
  const result = pick(random, acts)();
  return result instanceof Promise ? result : null;
}

describe('storm', () => {
  // Guards: D1, D3, D4, D7, D8, S2, S4, S6, RT-2
  test.prop([fc.integer()], { numRuns: 30 })(
    'storm - everything settles, the books balance, nothing is left',
    async (seed) => {
      const random = seededRandom(seed);
      const scene = await begin(seed, random);
      const { sim, group } = scene;
      const outcomes: Promise<string>[] = [];
      for (let round = 0; round < 60; round++) {
        const settles = happen(scene, random);
        if (settles !== null) outcomes.push(settles.then(() => 'RM_NONE', codeOfError));
        const ms = random.below(4) === 0 ? 100 : random.below(3000) / 1000;
        if (random.below(3) > 0) await sim.run(ms);
      }
      sim.setFaults({});
      for (const code of await sim.until(Promise.all(outcomes))) expect(code).toMatch(/^RM_/);
      await sim.run('30s');
      await sim.idle();
      expect(sim.figures().inFlight).toBe(0);
      await sim.until(group.stop());
      await sim.close();
      const { inFlight, total } = sim.figures();
      expect([inFlight, total.actors]).toEqual([0, 0]);
    },
  );

  // Guards: S4
  test('storm - all threads lost at once come back, also without a spare', async () => {
    const events: string[] = [];
    const sim = await SimSystem.start({
      threads: 3,
      spare: false,
      onEvent: ({ kind }) => void events.push(kind),
    });
    const refs = await Promise.all(
      [1, 2, 3].map((thread) => sim.spawn(Node, { placement: { thread } })),
    );
    for (const thread of [1, 2, 3]) sim.crashThread(thread);
    await sim.run('1s');
    for (const ref of refs) expect(await sim.until(ref.ask('count'))).toBe(0);
    expect(events.filter((kind) => kind === 'thread-replaced')).toHaveLength(3);
  });

  // Guards: D1, D6, RT-5
  test('storm - payloads in pieces that wait for room arrive whole, between system messages', async () => {
    const Keeper = define((_: string) => {
      const seen: string[] = [];
      return { keep: (text: string) => void seen.push(text), seen: () => seen };
    });
    const sim = await SimSystem.start({
      threads: 1,
      ring: { dataBytes: 512, controlBytes: 512, recordBytesMax: 120 },
    });
    const placement = { thread: 1 };
    const keeper = await sim.spawn(Keeper, { args: '', placement });
    const texts = Array.from({ length: 12 }, (_, i) => String.fromCharCode(97 + i).repeat(900 + i));
    for (const text of texts) {
      while (keeper.tell('keep', text) !== 'accepted') await sim.run(0);
      // Encoded while pieces of the text wait.
      const spawned = sim.spawn(Keeper, { args: 'y'.repeat(2000), placement });
      await sim.until(spawned);
    }
    await sim.run(1);
    expect(await sim.until(keeper.ask('seen'))).toEqual(texts);
    expect(sim.figures().inFlight).toBe(0);
  });
});
