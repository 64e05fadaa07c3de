/** Conformance of leases. */
import type { StoreCase } from './store-case.ts';
import { expectCode, expectSame, itemText, listAll, nextOf, put } from './store-check.ts';

/** Time to live in these cases: long against a write, short enough to be waited for. */
const TTL_MS = 1000;

/** Cases of the suite. */
export const leaseCases: readonly StoreCase[] = [
  {
    name: 'the keys of a lease vanish with it, in one transaction',
    check: async ({ store, wait }) => {
      const { lease, ttlMs } = await store.grant(TTL_MS);
      expectSame('time to live', ttlMs, TTL_MS);
      await put(store, 'a', '1', lease);
      await put(store, 'b', '2', lease);
      await put(store, 'c', '3');
      expectSame('lease of the entry', (await store.get('a')).entry?.lease, lease);
      const watch = store.watch('');
      await wait(TTL_MS + 1);
      expectSame('item', itemText(await nextOf(watch)), '4: -a -b');
      expectSame(
        'keys',
        (await listAll(store, '')).map((entry) => entry.key),
        ['c'],
      );
      await watch.return?.();
    },
  },
  {
    name: 'a lease that is kept alive lives, and another does not',
    check: async ({ store, wait }) => {
      const kept = await store.grant(TTL_MS);
      const other = await store.grant(TTL_MS);
      await put(store, 'kept', '1', kept.lease);
      await put(store, 'other', '2', other.lease);
      const watch = store.watch('');
      await wait(TTL_MS * 0.7);
      expectSame('answer', await store.keepAlive(kept.lease), kept);
      await wait(TTL_MS * 0.7);
      expectSame('item', itemText(await nextOf(watch)), '3: -other');
      await store.keepAlive(kept.lease);
      await expectCode('the other', 'RM_STORE_LEASE', () => store.keepAlive(other.lease));
      expectSame('kept', (await store.get('kept')).entry?.lease, kept.lease);
      await watch.return?.();
    },
  },
  {
    name: 'a lease that is revoked takes its keys along at once',
    check: async ({ store }) => {
      const { lease } = await store.grant(TTL_MS);
      await put(store, 'a', '1', lease);
      await store.revoke(lease);
      expectSame('entry', await store.get('a'), { entry: null, revision: 2 });
      await store.revoke(lease);
      await expectCode('keepAlive', 'RM_STORE_LEASE', () => store.keepAlive(lease));
      await expectCode('a put', 'RM_STORE_LEASE', () => put(store, 'b', '2', lease));
      expectSame('revision', (await store.get('b')).revision, 2);
    },
  },
  {
    name: 'a key belongs to the lease of its last put',
    check: async ({ store }) => {
      const first = await store.grant(TTL_MS);
      const second = await store.grant(TTL_MS);
      expectSame('numbers differ', first.lease === second.lease, false);
      await put(store, 'moved', '1', first.lease);
      await put(store, 'moved', '2', second.lease);
      await put(store, 'freed', '1', first.lease);
      await put(store, 'freed', '2');
      await store.revoke(first.lease);
      expectSame('after the first', (await listAll(store, '')).length, 2);
      await store.revoke(second.lease);
      expectSame(
        'after both',
        (await listAll(store, '')).map((entry) => entry.key),
        ['freed'],
      );
    },
  },
  {
    name: 'a lease without keys ends without a revision',
    check: async ({ store }) => {
      const { lease } = await store.grant(TTL_MS);
      await store.revoke(lease);
      expectSame('revision', (await store.get('a')).revision, 0);
    },
  },
  {
    name: 'what is no time to live is refused',
    check: async ({ store }) => {
      await expectCode('0', 'RM_STORE_OPTION', () => store.grant(0));
      await expectCode('no lease', 'RM_STORE_OPTION', () => store.keepAlive(0.5));
    },
  },
];
