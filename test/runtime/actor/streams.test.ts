/**
 * Streams on one thread: a slow reader bounds its producer, leaving cancels it, its end is always
 * told.
 */
import { describe, expect, test } from 'vitest';
import type { RuntimeError } from '../../../src/runtime/errors.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { define, Gate, outcomeOf, Stage } from './stage.ts';

/** What the producer has done. */
class Tally {
  produced = 0;
  closed = 0;
  gate = new Gate();
}

const Source = define(({ tally }: { tally: Tally }) => ({
  *count(until: number) {
    try {
      for (let n = 0; n < until; n++) {
        tally.produced++;
        yield n;
      }
    } finally {
      tally.closed++;
    }
  },
  async *countLater(until: number) {
    try {
      for (let n = 0; n < until; n++) {
        await null;
        tally.produced++;
        yield n;
      }
    } finally {
      tally.closed++;
    }
  },
  *failing() {
    yield 1;
    throw new Error('no more');
  },
  list: () => ['a', 'b'],
  number: () => 5,
  badIterable: () => ({
    [Symbol.iterator]: (): Iterator<number> => {
      throw new Error('no iterator');
    },
  }),
  async opensLater(until: number) {
    await tally.gate.promise;
    return (function* () {
      try {
        for (let n = 0; n < until; n++) {
          tally.produced++;
          yield n;
        }
      } finally {
        tally.closed++;
      }
    })();
  },
  ping: () => 'pong',
  boom: () => {
    throw new Error('boom');
  },
}));

async function scene() {
  const stage = new Stage();
  const tally = new Tally();
  const ref = await stage.system.spawn(Source, { args: { tally } });
  return { stage, tally, ref };
}

// Guards: D1, D3, D8, R1
describe('stream', () => {
  test('stream - gives all items in order and ends, from generators, async ones and lists', async () => {
    const { stage, tally, ref } = await scene();
    for (const name of ['count', 'countLater'] as const) {
      const items: number[] = [];
      for await (const n of ref.stream(name, 100)) items.push(n);
      expect(items).toEqual(Array.from({ length: 100 }, (_, i) => i));
    }
    const letters: string[] = [];
    for await (const letter of ref.stream('list')) letters.push(letter);
    expect(letters).toEqual(['a', 'b']);
    expect([tally.produced, tally.closed, stage.inFlight]).toEqual([200, 2, 0]);
    expect(stage.host.timers.size).toBe(0);
  });

  test('stream - a slow reader bounds its producer by the credit; other messages pass', async () => {
    const { stage, tally, ref } = await scene();
    for (const name of ['count', 'countLater'] as const) {
      tally.produced = 0;
      const stream = ref.stream(name, 1000, { credit: 8 });
      await stream.next();
      await stage.settle();
      expect(tally.produced).toBeLessThanOrEqual(9);
      for (let read = 2; read <= 100; read++) {
        await stream.next();
        await stage.settle();
        expect(tally.produced).toBeLessThanOrEqual(read + 8);
      }
      await expect(ref.ask('ping')).resolves.toBe('pong');
      await stream.return?.();
    }
  });

  test('stream - leaving the loop ends the producer', async () => {
    const { stage, tally, ref } = await scene();
    for (const name of ['count', 'countLater'] as const) {
      for await (const n of ref.stream(name, 1000)) if (n === 3) break;
      await stage.settle();
    }
    expect(tally.closed).toBe(2);
    expect(stage.inFlight).toBe(0);
    expect(stage.host.timers.size).toBe(0);
  });

  test('stream - one that was left before it opened is ended when it opens', async () => {
    const { stage, tally, ref } = await scene();
    const stream = ref.stream('opensLater', 1000);
    const first = stream.next();
    await stage.settle();
    await stream.return?.();
    expect(await first).toEqual({ done: true, value: undefined });
    tally.gate.open();
    await stage.settle();
    expect([tally.produced, stage.inFlight]).toEqual([0, 0]);
  });

  test('stream - the timeout counts until it opens, from the first read on', async () => {
    const { stage, tally, ref } = await scene();
    const unread = ref.stream('opensLater', 3, { timeout: 50 });
    await stage.advance(100);
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const n of unread) items.push(n);
    })();
    await stage.advance(49);
    tally.gate.open();
    await stage.advance(1000);
    await reading;
    expect(items).toEqual([0, 1, 2]);
    tally.gate = new Gate();
    const late = ref.stream('opensLater', 3, { timeout: 50 }).next();
    late.catch(() => undefined);
    await stage.advance(50);
    expect(await outcomeOf(late)).toEqual({ code: 'RM_ASK_TIMEOUT' });
    tally.gate.open();
    await stage.settle();
    expect([tally.produced, stage.inFlight]).toEqual([3, 0]);
  });

  test('stream - a crash of its actor rejects after the items that came; so do a throw', async () => {
    const { stage, ref } = await scene();
    const stream = ref.stream('count', 1000, { credit: 2 });
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    await stage.settle();
    ref.tell('boom');
    await stage.settle();
    const results: unknown[] = [];
    for (let i = 0; i < 5; i++) results.push(await outcomeOf(stream.next()));
    const failed = results.findIndex((one) => 'code' in (one as object));
    expect(results[failed]).toEqual({ code: 'RM_ACTOR_CRASHED' });
    expect(results[failed + 1]).toEqual({ value: { done: true, value: undefined } });
    await stage.advance(1000);
    const failing = ref.stream('failing');
    await failing.next();
    await expect(failing.next()).rejects.toThrow('no more');
    const stopped = ref.stream('count', 1000, { credit: 1 });
    await stopped.next();
    await stage.settle();
    await stage.system.stop(ref);
    await stopped.next();
    expect(await outcomeOf(stopped.next())).toEqual({ code: 'RM_ACTOR_STOPPED' });
    expect(stage.inFlight).toBe(0);
  });

  test('stream - refusals: not iterable, no iterator, unknown, full, aborted, stopped', async () => {
    const { stage, ref } = await scene();
    expect(await outcomeOf(ref.stream('number').next())).toEqual({ code: 'RM_STREAM' });
    await expect(ref.stream('badIterable').next()).rejects.toThrow('no iterator');
    expect(await outcomeOf(ref.stream('x' as never).next())).toEqual({
      code: 'RM_UNKNOWN_MESSAGE',
    });
    const signal = AbortSignal.abort();
    expect(await outcomeOf(ref.stream('list', undefined, { signal }).next())).toEqual({
      code: 'RM_ABORTED',
    });
    expect(codeOf(() => ref.stream('list', undefined, { credit: 0 }))).toBe('RM_STREAM');
    await stage.system.stop(ref);
    const error = await ref
      .stream('list')
      .next()
      .catch((got: RuntimeError) => got.code);
    expect(error).toBe('RM_ACTOR_STOPPED');
    expect(stage.host.crashes).toBe(0);
    expect(stage.inFlight).toBe(0);
  });
});
