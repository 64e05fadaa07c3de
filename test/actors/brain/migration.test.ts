/** Records of one schema become those of the next: copied first, in batches, whoever dies in between. */
import { seededRandom } from 'ringmaster';
import {
  fleet,
  migrateRecords,
  newService,
  type RecordFormat,
  RecordStore,
  restoreRecords,
  type ServiceInput,
  type ServiceSpec,
} from 'ringmaster/control-plane';
import { memoryStore, type Store } from 'ringmaster/store';
import { describe, expect, test } from 'vitest';

const PREFIX = 'fleet/eu/';
const ONE: RecordFormat = { version: 1, migrations: [] };
/** A build to come: every slot says where it was made. */
const TWO: RecordFormat = {
  version: 2,
  migrations: [
    {
      to: 2,
      migrate: (key, value) =>
        key.includes('/slot/') ? { ...(value as object), made: 'v1' } : value,
    },
  ],
};
const THREE: RecordFormat = { version: 3, migrations: [{ to: 3, migrate: (_, value) => value }] };

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

async function leaderOf(store: Store, name: string) {
  const key = 'leader/eu';
  const { revision } = await store.transact({
    success: [{ kind: 'put', key, value: encode(name) }],
  });
  return { key, token: revision };
}

/** A service of the first schema with many slots, written by its build. */
async function written(store: Store): Promise<void> {
  const leader = await leaderOf(store, 'old');
  const shop: ServiceInput = { kind: 'sharded', command: ['x'], shards: 4 };
  const services = { shop };
  const regions = [{ name: 'eu', zones: ['a', 'b', 'c'] }];
  const spec = fleet({ name: 'test', regions, services }).services.shop as ServiceSpec;
  const record = newService('shop', spec, 'r1', 0);
  const slots = new Map(
    Array.from({ length: 230 }, (_, ordinal) => {
      const id = `shop/eu/a/${ordinal}`;
      const place = { id, zone: 'a', ordinal, revision: 'r1', isBaseline: false, inside: [] };
      return [id, { ...place, replaced: null, isRemoved: false, ends: 0, notBeforeMs: 0 }] as const;
    }),
  );
  const old = new RecordStore(store, PREFIX, leader, ONE);
  await old.migrate();
  const plan = { entries: [], written: [], dropped: [] };
  const done = await old.commit(null, { ...record, slots }, 0, { plan, nowMs: 5 });
  expect(done.kind).toBe('done');
}

/** Dies after so many transactions: the one after them is not heard of any more. */
function dying(store: Store, after: number): Store {
  let left = after;
  return new Proxy(store, {
    get(target, name) {
      const found = Reflect.get(target, name) as unknown;
      if (typeof found !== 'function') return found;
      if (name !== 'transact') return found.bind(target);
      return (what: Parameters<Store['transact']>[0]) =>
        left-- > 0 ? target.transact(what) : Promise.reject(new Error('killed'));
    },
  });
}

async function textsOf(store: Store, prefix: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  let after: string | null = null;
  do {
    const page = await store.list(prefix, { after });
    for (const { key, value } of page.entries) texts[key] = new TextDecoder().decode(value);
    after = page.next;
  } while (after !== null);
  return texts;
}

describe('migration', () => {
  test('migration - killed after any batch, the next leader ends in the same place', async () => {
    const whole = memoryStore();
    await written(whole);
    const before = await textsOf(whole, `${PREFIX}shop/`);
    const place = { store: whole, prefix: PREFIX, leader: await leaderOf(whole, 'new') };
    await migrateRecords(place, TWO);
    const expected = await textsOf(whole, PREFIX);
    expect(JSON.parse(expected[`${PREFIX}shop/slot/shop/eu/a/7`] ?? '')).toMatchObject({
      version: 2,
      value: { made: 'v1' },
    });
    expect(JSON.parse(expected[`${PREFIX}.version`] ?? '')).toEqual({ version: 2, state: 'done' });
    for (const [key, text] of Object.entries(before)) {
      expect(expected[`${PREFIX}.backup/1/${key.slice(PREFIX.length)}`]).toBe(text);
    }
    let kills = 0;
    for (let after = 0; after < 20; after++) {
      const store = memoryStore();
      await written(store);
      const leader = await leaderOf(store, 'new');
      const mortal = dying(store, after);
      const killed = await migrateRecords({ store: mortal, prefix: PREFIX, leader }, TWO).catch(
        String,
      );
      if (typeof killed !== 'string') break;
      kills++;
      const next = await leaderOf(store, 'next');
      const end = await migrateRecords({ store, prefix: PREFIX, leader: next }, TWO);
      expect(end.kind).toBe('done');
      expect(await textsOf(store, PREFIX)).toEqual(expected);
      const { record } = await new RecordStore(store, PREFIX, next, TWO).read('shop');
      expect(record?.slots.size).toBe(230);
    }
    // Copies, the marker, records, the marker again.
    expect(kills).toBeGreaterThanOrEqual(8);
  });

  test('migration - an older build refuses from the marker on, and reads its records before', async () => {
    const store = memoryStore();
    await written(store);
    const leader = await leaderOf(store, 'new');
    const place = { store, prefix: PREFIX, leader };
    // The copy takes three batches; the marker is the fourth.
    await migrateRecords({ ...place, store: dying(store, 3) }, TWO).catch(String);
    await migrateRecords(place, ONE);
    expect((await new RecordStore(store, PREFIX, leader, ONE).read('shop')).record).not.toBeNull();
    await migrateRecords({ ...place, store: dying(store, 8) }, TWO).catch(String);
    for (let i = 0; i < 2; i++) {
      const refused = {
        code: 'RM_RECORD_VERSION',
        message: expect.stringMatching(/restore the backup/),
      };
      await expect(migrateRecords(place, ONE)).rejects.toMatchObject(refused);
      await migrateRecords(place, TWO);
    }
    await expect(new RecordStore(store, PREFIX, leader, ONE).read('shop')).rejects.toMatchObject({
      code: 'RM_RECORD_VERSION',
    });
  });

  test('migration - a build reads the version before its own, and no older one', async () => {
    const store = memoryStore();
    await written(store);
    const leader = await leaderOf(store, 'new');
    // Not migrated yet, as a look at another region's records: one by one.
    const { record } = await new RecordStore(store, PREFIX, leader, TWO).read('shop');
    expect(record?.slots.get('shop/eu/a/3')).toMatchObject({ made: 'v1' });
    await expect(migrateRecords({ store, prefix: PREFIX, leader }, THREE)).rejects.toMatchObject({
      code: 'RM_RECORD_VERSION',
      message: expect.stringMatching(/build that reads 1 first/),
    });
  });

  test('migration - one that was deposed writes nothing', async () => {
    const store = memoryStore();
    await written(store);
    const deposed = await leaderOf(store, 'deposed');
    await leaderOf(store, 'new');
    const before = await textsOf(store, PREFIX);
    const end = await migrateRecords({ store, prefix: PREFIX, leader: deposed }, TWO);
    expect(end.kind).toBe('overtaken');
    expect(await textsOf(store, PREFIX)).toEqual(before);
  });

  test('migration - the copy is put back, for the older build, also when that is cut', async () => {
    const random = seededRandom(7);
    for (let i = 0; i < 8; i++) {
      const store = memoryStore();
      await written(store);
      const before = await textsOf(store, `${PREFIX}shop/`);
      const leader = await leaderOf(store, 'new');
      const place = { store, prefix: PREFIX, leader };
      await migrateRecords(place, TWO);
      const extra = { kind: 'put', key: `${PREFIX}shop/slot/new`, value: encode('{"version":2}') };
      await store.transact({ success: [extra as never] });
      const mortal = dying(store, 1 + (random.nextU32() % 3));
      await restoreRecords({ ...place, store: mortal }, 1).catch(String);
      await expect(migrateRecords(place, TWO)).rejects.toMatchObject({ code: 'RM_RECORD_VERSION' });
      await restoreRecords(place, 1);
      expect(await textsOf(store, `${PREFIX}shop/`)).toEqual(before);
      await migrateRecords(place, ONE);
      await migrateRecords(place, TWO);
    }
    const none = memoryStore();
    const place = { store: none, prefix: PREFIX, leader: await leaderOf(none, 'x') };
    await expect(restoreRecords(place, 1)).rejects.toMatchObject({ code: 'RM_RECORD_VERSION' });
  });
});
