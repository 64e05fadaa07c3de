/** Routers and groups: who gets what, what happens when members are full, end, come and go. */
import { describe, expect, test } from 'vitest';
import type { Ref } from '../../../src/runtime/actor/ref.ts';
import { group } from '../../../src/runtime/routing/group.ts';
import { router } from '../../../src/runtime/routing/router.ts';
import type { RouterStrategy } from '../../../src/runtime/routing/strategies.ts';
import { SimSystem } from '../../../src/runtime/testkit/sim-system.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { codeOfError, define } from '../actor/stage.ts';

/** Counts what it gets, and can be made to stand still. */
const Worker = define(
  () => {
    const seen: unknown[] = [];
    return {
      work: (what: unknown) => void seen.push(what),
      seen: () => seen,
      hold: () => new Promise<void>(() => undefined),
      *items(n: number) {
        for (let i = 0; i < n; i++) yield i;
      },
    };
  },
  { mailbox: { capacity: 4 } },
);

type Work = {
  work: (what: unknown) => void;
  seen: () => unknown[];
  hold: () => Promise<void>;
  items: (n: number) => Generator<number, void, unknown>;
};

async function scene(count: number, spread = true) {
  const sim = await SimSystem.start({ threads: 2, seed: 11 });
  const refs: Ref<Work>[] = [];
  for (let i = 0; i < count; i++) {
    const placement = { thread: spread ? i % 3 : 0 };
    refs.push(await sim.spawn(Worker, { placement, stopDeadline: 1 }));
  }
  const seen = async (): Promise<unknown[][]> => {
    await sim.run(1);
    return await sim.until(Promise.all(refs.map((ref) => ref.ask('seen').catch(() => []))));
  };
  return { sim, refs, seen };
}

describe('router', () => {
  test('router - round-robin gives each in turn and passes over who is full', async () => {
    const { sim, refs, seen } = await scene(3, false);
    const round = router(refs);
    for (let n = 0; n < 6; n++) expect(round.tell('work', n)).toBe('accepted');
    expect(await seen()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    refs[1]?.tell('hold');
    await sim.run(1);
    for (let n = 0; n < 4; n++) refs[1]?.tell('work', 'waits');
    expect(refs[1]?.tell('work', 'full')).toBe('full');
    for (let n = 6; n < 12; n++) expect(round.tell('work', n)).toBe('accepted');
    await sim.run(1);
    expect(await refs[0]?.ask('seen')).toHaveLength(2 + 3);
    expect(await refs[2]?.ask('seen')).toHaveLength(2 + 3);
  });

  test.each([0, 1])(
    'router - least-mailbox gives to the shortest queue (thread %i)',
    async (thread) => {
      const { sim } = await scene(0);
      const refs: Ref<Work>[] = [];
      for (let i = 0; i < 3; i++) refs.push(await sim.spawn(Worker, { placement: { thread } }));
      for (const [i, ref] of refs.entries()) {
        if (i === 2) continue;
        ref.tell('hold');
        await sim.run(1);
        ref.tell('work', 'waits');
      }
      await sim.run(1);
      const least = router(refs, { strategy: 'least-mailbox' });
      expect(least.tell('work', 'first')).toBe('accepted');
      await sim.run(1);
      expect(least.tell('work', 'second')).toBe('accepted');
      await sim.run(1);
      expect(await sim.until(refs[2]?.ask('seen') as Promise<unknown>)).toEqual([
        'first',
        'second',
      ]);
      // Without a turn in between, what was sent counts: nobody gets all of a burst.
      const burst = router(
        [refs[2] as Ref<Work>, await sim.spawn(Worker, { placement: { thread } })],
        {
          strategy: 'least-mailbox',
        },
      );
      for (let n = 0; n < 4; n++) burst.tell('work', n);
      await sim.run(1);
      for (const ref of burst.members) {
        const got = (await sim.until(ref.ask('seen'))) as unknown[];
        expect(got.filter((what) => typeof what === 'number')).toHaveLength(2);
      }
    },
  );

  test('router - consistent-hash gives equal keys to one member', async () => {
    const { sim, refs } = await scene(4, false);
    const key = (_: string, payload: unknown): string => String(payload);
    const owners = async (by: { tell(name: 'work', what: unknown): unknown }) => {
      const found = new Map<number, string>();
      for (let n = 0; n < 200; n++) {
        by.tell('work', n);
        await sim.run(0);
      }
      for (const ref of refs) {
        for (const n of (await ref.ask('seen').catch(() => [])) as number[]) found.set(n, ref.key);
      }
      return found;
    };
    const hashed = router(refs, { strategy: 'consistent-hash', key });
    const before = await owners(hashed);
    const again = await owners(router([...refs].reverse(), { strategy: 'consistent-hash', key }));
    expect(again).toEqual(before);
    expect(new Set(before.values()).size).toBe(4);
    const gone = refs[2] as Ref<Work>;
    hashed.remove(gone);
    const after = await owners(hashed);
    for (const [n, owner] of before) {
      if (owner !== gone.key) expect(after.get(n)).toBe(owner);
    }
    hashed.add(gone);
    expect(hashed.add(gone)).toBe(false);
    hashed.close();
    expect([hashed.tell('work', 1), hashed.members]).toEqual(['stopped', []]);
    hashed.add(gone);
    expect(hashed.tell('work', 1)).toBe('accepted');
  });

  test.each(['round-robin', 'least-mailbox', 'consistent-hash'] as const)(
    'router - %s: a member that has stopped leaves; ask, send and stream go to one member',
    async (strategy: RouterStrategy) => {
      const { sim, refs } = await scene(3);
      const all = router(refs, { strategy, key: (_, payload) => String(payload) });
      await sim.run(1);
      const [first] = refs;
      if (first === undefined) throw new Error('no member');
      await sim.until(sim.stop(first));
      for (let n = 0; n < 9; n++) expect(all.tell('work', n)).toBe('accepted');
      await sim.run(1);
      expect(all.members.map(({ key }) => key)).toEqual(refs.slice(1).map(({ key }) => key));
      expect(await sim.until(all.ask('seen'))).toBeInstanceOf(Array);
      await sim.until(all.send('work', 'sent'));
      const stream = all.stream('items', 3);
      expect((await sim.until(stream.next())).value).toBe(0);
      await stream.return?.();
      for (const ref of refs.slice(1)) await sim.until(sim.stop(ref));
      await sim.run(1);
      expect(all.members).toEqual([]);
      expect(all.tell('work', 1)).toBe('stopped');
      expect(await all.ask('seen').catch(codeOfError)).toBe('RM_ACTOR_STOPPED');
      expect(codeOf(() => all.stream('items', 3))).toBe('RM_ACTOR_STOPPED');
      expect(sim.figures().inFlight).toBe(0);
    },
  );

  test('router - when all are full it says so', async () => {
    const { sim, refs } = await scene(2, false);
    const round = router(refs);
    for (const ref of refs) {
      ref.tell('hold');
      await sim.run(1);
      for (let n = 0; n < 4; n++) ref.tell('work', n);
    }
    expect(round.tell('work', 'x')).toBe('full');
    const hashed = router(refs, { strategy: 'consistent-hash', key: () => 'k' });
    expect(hashed.tell('work', 'x')).toBe('full');
    expect(router(refs, { strategy: 'least-mailbox' }).tell('work', 'x')).toBe('full');
  });

  test('router - options that make no sense are refused', () => {
    expect(codeOf(() => router([], { strategy: 'random' as never }))).toBe('RM_ROUTER');
    expect(codeOf(() => router([], { strategy: 'consistent-hash' }))).toBe('RM_ROUTER');
    expect(codeOf(() => router([{} as never]))).toBe('RM_ROUTER');
    expect(router<{ x: () => void }>([]).tell('x')).toBe('stopped');
  });
});

describe('group', () => {
  test('group - tells every member and sums up what became of it', async () => {
    const { sim, refs } = await scene(3, false);
    const all = group(refs);
    expect(all.tell('work', 'all')).toEqual({ accepted: 3, full: 0, stopped: 0 });
    refs[0]?.tell('hold');
    await sim.run(1);
    for (let n = 0; n < 4; n++) refs[0]?.tell('work', n);
    void sim.stop(refs[1] as Ref<Work>);
    expect(all.tell('work', 'again')).toEqual({ accepted: 1, full: 1, stopped: 0 });
    await sim.run(1);
    expect(all.members).toHaveLength(2);
    expect(all.remove(refs[2] as Ref<Work>)).toBe(true);
    expect(all.remove(refs[2] as Ref<Work>)).toBe(false);
    expect(all.add(refs[2] as Ref<Work>)).toBe(true);
    all.close();
    expect(all.tell('work', 'nobody')).toEqual({ accepted: 0, full: 0, stopped: 0 });
  });
});
