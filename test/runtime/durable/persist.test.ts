/** Events and states in a store: read again, shortened, upcast, fenced, and refused when damaged. */
import { deserialize, serialize } from 'node:v8';
import { fc, test } from '@fast-check/vitest';
import {
  type MemoryStore,
  memoryStore,
  type PersistEventsOptions,
  persistEvents,
  persistState,
} from 'ringmaster/store';
import { beforeEach, describe, expect } from 'vitest';

type Sum = { readonly sum: number };
type Added = { readonly amount: number };
/** The store is given: there is nothing to find. */
const ctx = { lookup: () => null };
const apply = ({ sum }: Sum, { amount }: Added): Sum => ({ sum: sum + amount });

let store: MemoryStore;
beforeEach(() => {
  store = memoryStore();
});

const account = (more: Partial<PersistEventsOptions<Sum, Added>> = {}) =>
  persistEvents<Sum, Added>(ctx, { store, key: 'a/b', initial: { sum: 0 }, apply, ...more });
const keysOf = async (): Promise<string[]> =>
  (await store.list('actors/')).entries.map(({ key }) => key);
const stored = (value: unknown): Uint8Array => new Uint8Array(serialize(value));
const write = (key: string, value: Uint8Array) =>
  store.transact({ success: [{ kind: 'put', key: `actors/a/b/${key}`, value }] });
const eventKey = (number: number): string => `events/${String(number).padStart(16, '0')}`;

describe('events', () => {
  test('durable - the next incarnation has what the last one persisted', async () => {
    const first = await account();
    expect(await first.persist({ amount: 1 }, { amount: 2 })).toEqual({ sum: 3 });
    await first.persist({ amount: 4 });
    expect((await account()).state).toEqual({ sum: 7 });
    expect(await keysOf()).toEqual([
      `actors/a/b/${eventKey(1)}`,
      `actors/a/b/${eventKey(2)}`,
      `actors/a/b/${eventKey(3)}`,
    ]);
  });

  test('durable - the log is bounded: a state takes the place of its events', async () => {
    const first = await account({ snapshotEvery: 3 });
    for (let i = 1; i <= 7; i++) await first.persist({ amount: i });
    expect(await keysOf()).toEqual([`actors/a/b/${eventKey(7)}`, 'actors/a/b/snapshot']);
    const second = await account({ snapshotEvery: 3 });
    expect(second.state).toEqual({ sum: 28 });
    expect(await second.persist({ amount: 2 })).toEqual({ sum: 30 });
    // One with a shorter log shortens what it finds.
    await account({ snapshotEvery: 1 });
    expect(await keysOf()).toEqual(['actors/a/b/snapshot']);
  });

  test.prop([
    fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 7 }), { maxLength: 30 }),
    fc.integer({ min: 1, max: 9 }),
    fc.nat({ max: 5 }),
  ])(
    'durable - any batches, read again at any time, give the sum',
    async (batches, every, again) => {
      store = memoryStore();
      let one = await account({ snapshotEvery: every });
      let sum = 0;
      for (const [i, batch] of batches.entries()) {
        await one.persist(...batch.map((amount) => ({ amount })));
        for (const amount of batch) sum += amount;
        expect(one.state.sum).toBe(sum);
        if (i % 6 === again) one = await account({ snapshotEvery: every });
      }
      expect((await account()).state.sum).toBe(sum);
      expect((await keysOf()).length).toBeLessThanOrEqual(1 + every);
    },
  );

  test('durable - of two incarnations one writes; the other is refused, and stays so', async () => {
    const first = await account();
    const second = await account();
    await second.persist({ amount: 1 });
    for (let i = 0; i < 2; i++) {
      await expect(first.persist({ amount: 100 })).rejects.toMatchObject({
        code: 'RM_DURABLE_FENCED',
      });
    }
    expect(first.state).toEqual({ sum: 0 });
    expect((await account()).state).toEqual({ sum: 1 });
  });

  test('durable - one that was followed by a shorter log does not write into it', async () => {
    const old = await account({ snapshotEvery: 9 });
    await old.persist({ amount: 1 });
    const next = await account({ snapshotEvery: 3 });
    await next.persist({ amount: 2 }, { amount: 3 });
    // The next number that the old one would use is free again.
    expect(await keysOf()).toEqual(['actors/a/b/snapshot']);
    await expect(old.persist({ amount: 100 })).rejects.toMatchObject({ code: 'RM_DURABLE_FENCED' });
    expect((await account()).state).toEqual({ sum: 6 });
  });

  test('durable - one that does not know the last event puts no state in its place', async () => {
    const [one, other] = [await account({ snapshotEvery: 3 }), await account({ snapshotEvery: 9 })];
    await one.persist({ amount: 1 });
    await expect(other.persist({ amount: 2 })).rejects.toMatchObject({ code: 'RM_DURABLE_FENCED' });
    await one.persist({ amount: 3 });
    const shortening = await account({ snapshotEvery: 9 });
    await one.persist({ amount: 5 });
    expect(shortening.state).toEqual({ sum: 4 });
    await expect(shortening.persist({ amount: 7 })).rejects.toMatchObject({
      code: 'RM_DURABLE_FENCED',
    });
    expect((await account()).state).toEqual({ sum: 9 });
  });

  test('durable - a log that is shortened while it is read is read again', async () => {
    const writer = await account({ snapshotEvery: 4 });
    await writer.persist({ amount: 1 }, { amount: 2 });
    const { list } = store;
    let calls = 0;
    store.list = async (...args) => {
      // Between the two looks of the reader.
      if (calls++ === 0) await writer.persist({ amount: 3 }, { amount: 4 }, { amount: 5 });
      if (calls === 1) await writer.persist({ amount: 6 });
      return list.apply(store, args);
    };
    const reader = await account({ snapshotEvery: 4 });
    expect(reader.state).toEqual({ sum: 21 });
    expect(calls).toBe(2);
    expect(await reader.persist({ amount: 1 })).toEqual({ sum: 22 });
  });

  test('durable - a state that its events do not give is found before it is stored', async () => {
    let calls = 0;
    const impure = ({ sum }: Sum, { amount }: Added): Sum => ({ sum: sum + amount + calls++ });
    const one = await account({ apply: impure, snapshotEvery: 2 });
    await one.persist({ amount: 1 });
    await expect(one.persist({ amount: 1 })).rejects.toMatchObject({ code: 'RM_DURABLE_REPLAY' });
    expect(await keysOf()).not.toContain('actors/a/b/snapshot');
    const changed = await account({ key: 'c', snapshotEvery: 1 });
    (changed.state as { sum: number }).sum = 5;
    await expect(changed.persist({ amount: 1 })).rejects.toMatchObject({
      code: 'RM_DURABLE_REPLAY',
    });
  });

  test('durable - what older versions stored is brought up to date, step by step', async () => {
    await write(eventKey(1), stored({ number: 1, version: 1, value: 5 }));
    await write(eventKey(2), stored({ number: 2, version: 2, value: { plus: 6 } }));
    const upcastEvent = {
      1: (old: number) => ({ plus: old }),
      2: ({ plus }: { plus: number }) => ({ amount: plus }),
    };
    const one = await account({ version: 3, upcastEvent, snapshotEvery: 3 });
    expect(one.state).toEqual({ sum: 11 });
    await one.persist({ amount: 1 });
    const upcastState = { 3: ({ sum }: Sum) => ({ sum: sum * 10 }) };
    expect((await account({ version: 4, upcastState })).state).toEqual({ sum: 120 });
    await expect(account({ version: 4 })).rejects.toMatchObject({ code: 'RM_DURABLE_VERSION' });
    await expect(account({ version: 2 })).rejects.toThrow('run the newer one');
  });

  test('durable - damage and gaps are errors, never another state', async () => {
    await (await account()).persist({ amount: 1 }, { amount: 2 }, { amount: 3 });
    await store.transact({ success: [{ kind: 'delete', key: `actors/a/b/${eventKey(2)}` }] });
    await expect(account()).rejects.toThrow('has event 3 where an earlier one belongs');
    await write(eventKey(2), new Uint8Array([1, 2, 3]));
    await expect(account()).rejects.toMatchObject({ code: 'RM_DURABLE_CORRUPT' });
    await write(eventKey(2), stored('no record'));
    await expect(account()).rejects.toMatchObject({ code: 'RM_DURABLE_CORRUPT' });
  });

  test('durable - what cannot be stored or is no key is refused where it is given', async () => {
    const one = await account();
    const bad = { amount: () => 1 } as unknown as Added;
    await expect(one.persist(bad)).rejects.toMatchObject({ code: 'RM_DURABLE_VALUE' });
    for (const key of ['', '/a', 'a/', 'a//b', 'a b', 'x'.repeat(501)]) {
      await expect(account({ key })).rejects.toMatchObject({ code: 'RM_DURABLE_OPTION' });
    }
    for (const snapshotEvery of [0, 101, 1.5, Number.NaN]) {
      await expect(account({ snapshotEvery })).rejects.toMatchObject({ code: 'RM_DURABLE_OPTION' });
    }
    const fresh = await account({ key: 'fresh' });
    const many = Array.from({ length: 101 }, () => ({ amount: 1 }));
    await expect(fresh.persist(...many)).rejects.toMatchObject({ code: 'RM_DURABLE_OPTION' });
    expect(await fresh.persist({ amount: 1 })).toEqual({ sum: 1 });
  });

  test('durable - events that nobody waited for are stored in order', async () => {
    const one = await account({ snapshotEvery: 2 });
    const all = await Promise.all([1, 2, 3, 4, 5].map((amount) => one.persist({ amount })));
    expect(all.map(({ sum }) => sum)).toEqual([1, 3, 6, 10, 15]);
    expect((await account()).state).toEqual({ sum: 15 });
  });
});

describe('state', () => {
  const note = (version = 1) =>
    persistState(ctx, {
      store,
      key: 'n',
      initial: { text: '', at: new Date(0), seen: new Map<string, bigint>() },
      version,
      upcastState: { 1: (old: object) => ({ ...old, isNew: true }) },
    });

  test('durable - a state is what was saved last, with all that plain data can hold', async () => {
    const first = await note();
    const next = { text: 'a', at: new Date(7), seen: new Map([['x', 2n ** 70n]]) };
    const saving = first.save(next);
    next.seen.set('y', 1n);
    await saving;
    const saved = { text: 'a', at: new Date(7), seen: new Map([['x', 2n ** 70n]]) };
    expect(first.state).toEqual(saved);
    expect((await note()).state).toEqual(saved);
    const second = await note(2);
    expect(second.state).toEqual({ ...saved, isNew: true });
    await first.save(saved);
    await expect(second.save(saved)).rejects.toMatchObject({ code: 'RM_DURABLE_FENCED' });
    const { entry } = await store.get('actors/n/snapshot');
    expect(deserialize(entry?.value as Uint8Array)).toMatchObject({ number: 2, version: 1 });
  });
});
