/** Conformance of looks, pages and transactions. */
import type { StoreOperation } from '../store/store.ts';
import type { StoreCase } from './store-case.ts';
import { bytes, expectCode, expectSame, listAll, put, remove, textOf } from './store-check.ts';

/** Cases of the suite. */
export const transactionCases: readonly StoreCase[] = [
  {
    name: 'an empty store has revision 0 and no entry',
    check: async ({ store }) => {
      expectSame('get', await store.get('a'), { entry: null, revision: 0 });
      expectSame('list', await store.list(''), { entries: [], next: null, revision: 0 });
    },
  },
  {
    name: 'a put is read back with its revisions',
    check: async ({ store }) => {
      expectSame('first revision', await put(store, 'a', 'one'), 1);
      expectSame('second revision', await put(store, 'b', 'two'), 2);
      expectSame('third revision', await put(store, 'a', 'three'), 3);
      const { entry, revision } = await store.get('a');
      expectSame('revision of the store', revision, 3);
      expectSame('value', textOf(entry), 'three');
      expectSame(
        'revisions',
        [entry?.revision, entry?.createdRevision, entry?.lease],
        [3, 1, null],
      );
    },
  },
  {
    name: 'values are copied on their way in and out',
    check: async ({ store }) => {
      // A Buffer's own way to copy itself copies nothing.
      const value = Buffer.from('abc');
      const written = store.transact({ success: [{ kind: 'put', key: 'a', value }] });
      value.fill(0);
      await written;
      const first = (await store.get('a')).entry;
      expectSame('value', textOf(first), 'abc');
      first?.value.fill(0);
      expectSame('value after its reader wrote to it', textOf((await store.get('a')).entry), 'abc');
    },
  },
  {
    name: 'two who ask for one value at once get one each',
    check: async ({ store }) => {
      await put(store, 'a', 'abc');
      const look = () => store.transact({ success: [{ kind: 'get', key: 'a' }] });
      const [first, second] = await Promise.all([look(), look()]);
      first?.entries[0]?.value.fill(0);
      expectSame('what the other one has', textOf(second?.entries[0] ?? null), 'abc');
    },
  },
  {
    name: 'an empty value is a value',
    check: async ({ store }) => {
      await put(store, 'a', '');
      expectSame('bytes', (await store.get('a')).entry?.value.length, 0);
    },
  },
  {
    name: 'only a change makes a revision',
    check: async ({ store }) => {
      await put(store, 'a', '1');
      const read = await store.transact({ success: [{ kind: 'get', key: 'a' }] });
      expectSame('a transaction that reads', read.revision, 1);
      expectSame('deleting what is absent', await remove(store, 'b'), 1);
      expectSame('an empty transaction', (await store.transact({ success: [] })).revision, 1);
      expectSame('putting the same again', await put(store, 'a', '1'), 2);
    },
  },
  {
    name: 'a condition on a revision decides, 0 meaning absent',
    check: async ({ store }) => {
      const tried = async (revision: number, value: string) =>
        await store.transact({
          compare: [{ key: 'a', revision }],
          success: [{ kind: 'put', key: 'a', value: bytes(value) }],
          failure: [{ kind: 'get', key: 'a' }],
        });
      expectSame('create', (await tried(0, '1')).succeeded, true);
      const second = await tried(0, '2');
      expectSame('create again', [second.succeeded, second.revision], [false, 1]);
      expectSame('what the other branch read', textOf(second.entries[0]), '1');
      expectSame('swap', (await tried(1, '3')).succeeded, true);
      expectSame('swap with an old revision', (await tried(1, '4')).succeeded, false);
      expectSame('value', textOf((await store.get('a')).entry), '3');
    },
  },
  {
    name: 'a condition on a value decides, null meaning absent',
    check: async ({ store }) => {
      const holds = async (key: string, value: string | null) =>
        (
          await store.transact({
            compare: [{ key, value: value === null ? null : bytes(value) }],
            success: [],
          })
        ).succeeded;
      await put(store, 'a', 'abc');
      await put(store, 'empty', '');
      const asked = [
        await holds('a', 'abc'),
        await holds('a', 'abd'),
        await holds('a', 'ab'),
        await holds('a', null),
        await holds('b', null),
        await holds('b', ''),
        await holds('empty', ''),
        await holds('empty', null),
      ];
      expectSame('answers', asked, [true, false, false, false, true, false, true, false]);
    },
  },
  {
    name: 'all conditions must hold',
    check: async ({ store }) => {
      await put(store, 'a', '1');
      const { succeeded } = await store.transact({
        compare: [
          { key: 'a', revision: 1 },
          { key: 'b', revision: 1 },
        ],
        success: [{ kind: 'delete', key: 'a' }],
        failure: [{ kind: 'put', key: 'c', value: bytes('2') }],
      });
      expectSame('succeeded', succeeded, false);
      expectSame(
        'keys',
        (await listAll(store, '')).map((entry) => entry.key),
        ['a', 'c'],
      );
    },
  },
  {
    name: 'all of a transaction has one revision, and gets see the steps before them',
    check: async ({ store }) => {
      await put(store, 'a', '1');
      const { entries, revision } = await store.transact({
        success: [
          { kind: 'get', key: 'a' },
          { kind: 'put', key: 'a', value: bytes('2') },
          { kind: 'get', key: 'a' },
          { kind: 'put', key: 'b', value: bytes('3') },
          { kind: 'delete', key: 'c' },
          { kind: 'get', key: 'c' },
        ],
      });
      expectSame('gets', entries.map(textOf), ['1', '2', null]);
      const found = await listAll(store, '');
      expectSame(
        'revisions',
        found.map((entry) => entry.revision),
        [revision, revision],
      );
    },
  },
  {
    name: 'a key that was deleted is created anew',
    check: async ({ store }) => {
      await put(store, 'a', '1');
      expectSame('deletion', await remove(store, 'a'), 2);
      expectSame('entry', await store.get('a'), { entry: null, revision: 2 });
      await put(store, 'a', '2');
      expectSame('created', (await store.get('a')).entry?.createdRevision, 3);
    },
  },
  {
    name: 'a transaction that is refused writes nothing',
    check: async ({ store }) => {
      const first: StoreOperation = { kind: 'put', key: 'a', value: bytes('1') };
      const lease = 99;
      await expectCode('a put with an unknown lease', 'RM_STORE_LEASE', () =>
        store.transact({ success: [first, { ...first, key: 'b', lease }] }),
      );
      await expectCode('writing a key twice', 'RM_STORE_OPTION', () =>
        store.transact({ success: [first, { kind: 'delete', key: 'a' }] }),
      );
      expectSame('afterwards', await store.get('a'), { entry: null, revision: 0 });
    },
  },
  {
    name: 'keys and values may have their greatest size and no more',
    check: async ({ store }) => {
      const key = 'k'.repeat(1000);
      await store.transact({ success: [{ kind: 'put', key, value: new Uint8Array(2 ** 20) }] });
      expectSame('bytes', (await store.get(key)).entry?.value.length, 2 ** 20);
      const value = new Uint8Array(0);
      await expectCode('a long key', 'RM_STORE_LIMIT', () =>
        store.transact({ success: [{ kind: 'put', key: `${key}k`, value }] }),
      );
      await expectCode('a key of 1,001 bytes', 'RM_STORE_LIMIT', () =>
        store.get(`\u00e9${'k'.repeat(999)}`),
      );
      await expectCode('a large value', 'RM_STORE_LIMIT', () =>
        store.transact({
          success: [{ kind: 'put', key: 'a', value: new Uint8Array(2 ** 20 + 1) }],
        }),
      );
    },
  },
  {
    name: 'what is no key is refused',
    check: async ({ store }) => {
      await expectCode('an empty key', 'RM_STORE_OPTION', () => store.get(''));
      await expectCode('half a character', 'RM_STORE_OPTION', () => store.get('a\ud800'));
      await expectCode('a negative revision', 'RM_STORE_OPTION', () =>
        store.transact({ compare: [{ key: 'a', revision: -1 }], success: [] }),
      );
    },
  },
  {
    name: 'a listing is in the order of the bytes of its keys',
    check: async ({ store }) => {
      const keys = ['\u0000', '\u0000a', ' ', 'A', 'a', 'a\u0000', 'aa', 'b', '\u007f', '\u0080'];
      const high = ['\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'];
      const sorted = [...keys, ...high];
      for (const key of [...sorted].reverse()) await put(store, key, 'x');
      expectSame(
        'keys',
        (await listAll(store, '', 3)).map((entry) => entry.key),
        sorted,
      );
    },
  },
  {
    name: 'a listing knows its prefix, its pages and its revision',
    check: async ({ store }) => {
      const names = ['a', 'a/1', 'a/2', 'a/3', 'a0', 'b/1', '\u{10ffff}', '\u{10ffff}/1'];
      for (const key of names) await put(store, key, key);
      const page = await store.list('a/', { limit: 2 });
      expectSame(
        'first page',
        page.entries.map((entry) => entry.key),
        ['a/1', 'a/2'],
      );
      expectSame('its end', [page.next, page.revision], ['a/2', 8]);
      const rest = await store.list('a/', { limit: 2, after: page.next });
      expectSame(
        'last page',
        rest.entries.map((entry) => entry.key),
        ['a/3'],
      );
      expectSame('its end', rest.next, null);
      const exact = await store.list('a/', { limit: 3 });
      expectSame('a full last page', [exact.entries.length, exact.next], [3, null]);
      const last = await store.list('\u{10ffff}');
      expectSame('the last prefix', last.entries.length, 2);
      expectSame('after all', (await store.list('a/', { after: 'a/9' })).entries, []);
      expectSame('after none', (await store.list('a/', { after: 'A' })).entries.length, 3);
      await expectCode('limit 0', 'RM_STORE_OPTION', () => store.list('', { limit: 0 }));
    },
  },
  {
    name: 'of transactions at the same time each sees the ones before it',
    check: async ({ store }) => {
      const add = async (): Promise<void> => {
        for (;;) {
          const { entry } = await store.get('n');
          const { succeeded } = await store.transact({
            compare: [{ key: 'n', revision: entry?.revision ?? 0 }],
            success: [{ kind: 'put', key: 'n', value: bytes(String(Number(textOf(entry)) + 1)) }],
          });
          if (succeeded) return;
        }
      };
      await Promise.all(Array.from({ length: 20 }, add));
      expectSame('sum', textOf((await store.get('n')).entry), '20');
    },
  },
  {
    name: 'an aborted call rejects and does not happen',
    check: async ({ store }) => {
      const signal = AbortSignal.abort();
      await expectCode('a transaction', 'RM_ABORTED', () =>
        store.transact({ success: [{ kind: 'put', key: 'a', value: bytes('1') }] }, { signal }),
      );
      await expectCode('a look', 'RM_ABORTED', () => store.get('a', { signal }));
      expectSame('afterwards', (await store.get('a')).revision, 0);
    },
  },
];
