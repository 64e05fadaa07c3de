/** Watches on one thread: one end for each watch, after the last message, with the true reason. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Down } from '../../../src/runtime/actor/context.ts';
import type { Ref } from '../../../src/runtime/actor/ref.ts';
import { define, Gate, Stage } from './stage.ts';

type Seen = { readonly what: string; readonly from: string };

/** Watches everything that it is told to and writes down what comes. */
const Watcher = define(({ seen }: { seen: Seen[] }, ctx) => ({
  watch: (ref: Ref<never>) => ctx.watch(ref, 'down'),
  unwatch: (ref: Ref<never>) => ctx.unwatch(ref),
  down: ({ key, reason }: Down) => void seen.push({ what: reason, from: key }),
  hello: (from: string) => void seen.push({ what: 'hello', from }),
  boom: () => {
    throw new Error('boom');
  },
}));

const Target = define(({ watcher }: { watcher: Ref<never> | null }, ctx) => ({
  hello: () => {
    if (watcher !== null) ctx.tell(watcher, 'hello', (ctx.self as { key: string }).key);
  },
  boom: () => {
    throw new Error('boom');
  },
  exit: () => ctx.exit(),
  stall: () => new Promise(() => undefined),
}));

async function scene() {
  const stage = new Stage();
  const seen: Seen[] = [];
  const watcher = await stage.system.spawn(Watcher, { args: { seen } });
  const target = (restart: 'permanent' | 'temporary') =>
    stage.system.spawn(Target, {
      args: { watcher: watcher as unknown as Ref<never> },
      restart,
      stopDeadline: 20,
    });
  return { stage, seen, watcher, target };
}

// Guards: D7, RT-4
describe('watch', () => {
  test('watch - each way to end tells its reason, once, after the last message', async () => {
    const { stage, seen, watcher, target } = await scene();
    for (const [end, reason] of [
      ['boom', 'crash'],
      ['exit', 'normal'],
    ] as const) {
      const ref = await target('temporary');
      watcher.tell('watch', ref as never);
      await stage.settle();
      ref.tell('hello');
      ref.tell(end);
      await stage.settle();
      expect(seen.splice(0).map(({ what }) => what)).toEqual(['hello', reason]);
    }
    const stopped = await target('permanent');
    watcher.tell('watch', stopped as never);
    await stage.settle();
    stopped.tell('hello');
    await stage.settle();
    await stage.system.stop(stopped);
    await stage.settle();
    expect(seen.splice(0).map(({ what }) => what)).toEqual(['hello', 'shutdown']);
    const killed = await target('permanent');
    watcher.tell('watch', killed as never);
    killed.tell('stall');
    await stage.settle();
    void stage.system.stop(killed);
    await stage.advance(20);
    expect(seen.splice(0).map(({ what }) => what)).toEqual(['killed']);
    watcher.tell('watch', killed as never);
    await stage.settle();
    expect(seen.splice(0).map(({ what }) => what)).toEqual(['unknown']);
    expect(stage.inFlight).toBe(0);
  });

  test('watch - a restart is no end; giving up is', async () => {
    const { stage, seen, watcher } = await scene();
    const limited = stage.system.supervisor({ intensity: { restarts: 1, within: '1h' } });
    const ref = await limited.spawn(Target, { args: { watcher: null } });
    watcher.tell('watch', ref as never);
    ref.tell('boom');
    await stage.advance(1000);
    expect(seen).toEqual([]);
    ref.tell('boom');
    await stage.advance(1000);
    expect(seen).toEqual([{ what: 'crash', from: ref.key }]);
  });

  test('watch - unwatching takes back what already waits', async () => {
    const { stage, seen, watcher, target } = await scene();
    const first = await target('temporary');
    watcher.tell('watch', first as never);
    await stage.settle();
    watcher.tell('unwatch', first as never);
    first.tell('boom');
    await stage.settle();
    const gate = new Gate();
    const Late = define((_: undefined, ctx) => ({
      run: async (ref: Ref<never>) => {
        ctx.watch(ref, 'down');
        await gate.promise;
        ctx.unwatch(ref);
      },
      down: () => expect.unreachable(),
    }));
    const late = await stage.system.spawn(Late);
    const second = await target('temporary');
    late.tell('run', second as never);
    await stage.settle();
    second.tell('boom');
    await stage.settle();
    gate.open();
    await stage.settle();
    const third = await target('temporary');
    watcher.tell('watch', third as never);
    watcher.tell('boom');
    await stage.advance(1000);
    third.tell('boom');
    await stage.settle();
    expect(seen).toEqual([]);
    expect(stage.inFlight).toBe(0);
  });

  test('watch - from outside an actor: it resolves with the end', async () => {
    const { stage, target } = await scene();
    const ref = await target('temporary');
    const watched = stage.system.watch(ref);
    ref.tell('boom');
    await stage.settle();
    expect(await watched).toMatchObject({
      key: ref.key,
      reason: 'crash',
      error: { message: 'boom' },
    });
    expect(await stage.system.watch(ref)).toMatchObject({ reason: 'unknown' });
  });

  const act = fc.oneof(
    fc.record({ do: fc.constantFrom('watch', 'unwatch'), who: fc.nat(3), whom: fc.nat(7) }),
    fc.record({
      do: fc.constantFrom('boom', 'exit', 'stop', 'hello'),
      who: fc.nat(3),
      whom: fc.nat(7),
    }),
    fc.record({ do: fc.constant('settle'), who: fc.nat(3), whom: fc.nat(7) }),
  );

  test.prop({ acts: fc.array(act, { maxLength: 60 }) })(
    'watch - in a storm of ends every watch that stands gets exactly one, after the last hello',
    async ({ acts }) => {
      const stage = new Stage();
      const watchers = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const seen: Seen[] = [];
          return {
            seen,
            ref: await stage.system.spawn(Watcher, { args: { seen } }),
            watched: new Set<string>(),
            unwatched: new Set<string>(),
          };
        }),
      );
      const targets = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          stage.system.spawn(Target, {
            args: { watcher: (watchers[i % 4]?.ref ?? null) as never },
            restart: 'temporary',
          }),
        ),
      );
      for (const { do: what, who, whom } of acts) {
        const watcher = watchers[who];
        const target = targets[whom];
        if (watcher === undefined || target === undefined) continue;
        if (what === 'watch') {
          // Once each: a second watch is another watch, with an end of its own.
          if (!watcher.watched.has(target.key)) watcher.ref.tell('watch', target as never);
          watcher.watched.add(target.key);
        } else if (what === 'unwatch') {
          watcher.ref.tell('unwatch', target as never);
          watcher.unwatched.add(target.key);
        } else if (what === 'stop') void stage.system.stop(target);
        else if (what === 'settle') await stage.settle();
        else target.tell(what as 'boom');
      }
      await Promise.all(targets.map((target) => stage.system.stop(target)));
      await stage.settle();
      for (const { seen, watched, unwatched } of watchers) {
        const downs = seen.filter(({ what }) => what !== 'hello').map(({ from }) => from);
        expect(new Set(downs).size).toBe(downs.length);
        for (const key of downs) expect(watched).toContain(key);
        for (const key of watched) if (!unwatched.has(key)) expect(downs).toContain(key);
        for (const [at, { what, from }] of seen.entries()) {
          const rest = seen.slice(at + 1);
          if (what !== 'hello') expect(rest.some((one) => one.from === from)).toBe(false);
        }
      }
      expect(stage.inFlight).toBe(0);
    },
  );
});
