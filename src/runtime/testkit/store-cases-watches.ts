/** Conformance of watches. */
import type { StoreCase } from './store-case.ts';
import { bytes, expectCode, expectSame, itemText, nextOf, put, remove } from './store-check.ts';

/** Cases of the suite. */
export const watchCases: readonly StoreCase[] = [
  {
    name: 'a watch tells what follows its call, in order',
    check: async ({ store }) => {
      await put(store, 'a', '0');
      const watch = store.watch('');
      await put(store, 'a', '1');
      await remove(store, 'a');
      await put(store, 'b', '2');
      const told = [await nextOf(watch), await nextOf(watch), await nextOf(watch)];
      expectSame('items', told.map(itemText), ['2: +a=1', '3: -a', '4: +b=2']);
      await watch.return?.();
    },
  },
  {
    name: 'a watch waits for what is to come',
    check: async ({ store }) => {
      const watch = store.watch('');
      const first = nextOf(watch);
      const second = nextOf(watch);
      await put(store, 'a', '1');
      await put(store, 'b', '2');
      expectSame('items', [itemText(await first), itemText(await second)], ['1: +a=1', '2: +b=2']);
      await watch.return?.();
    },
  },
  {
    name: 'a watch tells of its prefix only, a transaction as one',
    check: async ({ store }) => {
      const watch = store.watch('x/', { after: 0 });
      await store.transact({
        success: [
          { kind: 'put', key: 'x/1', value: bytes('1') },
          { kind: 'put', key: 'y/1', value: bytes('1') },
          { kind: 'put', key: 'x/2', value: bytes('2') },
        ],
      });
      await put(store, 'y/2', '3');
      await put(store, 'x', '4');
      await store.transact({
        success: [
          { kind: 'delete', key: 'x/1' },
          { kind: 'delete', key: 'x/9' },
          { kind: 'put', key: 'x/3', value: bytes('5') },
        ],
      });
      const told = [await nextOf(watch), await nextOf(watch)];
      expectSame('items', told.map(itemText), ['1: +x/1=1 +x/2=2', '4: -x/1 +x/3=5']);
      expectSame('revision', watch.revision, 4);
      await watch.return?.();
    },
  },
  {
    name: 'a watch that is resumed goes on behind what was told',
    check: async ({ store }) => {
      for (let index = 1; index <= 9; index++) await put(store, `k${index % 3}`, `${index}`);
      const told: string[] = [];
      let after = 0;
      for (let part = 0; part < 3; part++) {
        const watch = store.watch('k', { after });
        for (let item = 0; item < 3; item++) told.push(itemText(await nextOf(watch)));
        after = watch.revision;
        await watch.return?.();
      }
      const expected = Array.from({ length: 9 }, (_, i) => `${i + 1}: +k${(i + 1) % 3}=${i + 1}`);
      expectSame('items', told, expected);
    },
  },
  {
    name: 'a watch from before the history says resync and goes on',
    check: async ({ store, historyTransactions }) => {
      let writes = 0;
      const write = async (): Promise<void> => void (await put(store, 'a', `${++writes}`));
      const early = store.watch('a', { after: 0 });
      while (writes < historyTransactions + 5) await write();
      for (const watch of [early, store.watch('a', { after: 2 })]) {
        const first = await nextOf(watch);
        expectSame('kind', first.kind, 'resync');
        expectSame('lost no more than it had to', first.revision <= writes - 10, true);
        for (let revision = first.revision + 1; revision <= writes; revision++) {
          expectSame('item', itemText(await nextOf(watch)), `${revision}: +a=${revision}`);
        }
        const next = nextOf(watch);
        await write();
        expectSame('what follows', itemText(await next), `${writes}: +a=${writes}`);
        await watch.return?.();
      }
    },
  },
  {
    name: 'a watch ends by its signal and by return',
    check: async ({ store }) => {
      const abort = new AbortController();
      const watch = store.watch('', { signal: abort.signal });
      const pending = watch.next();
      abort.abort();
      expectSame('pending', (await pending).done, true);
      expectSame('after it', (await watch.next()).done, true);
      const other = store.watch('', { signal: abort.signal });
      expectSame('aborted before', (await other.next()).done, true);
      const third = store.watch('');
      const waiting = third.next();
      await third.return?.();
      expectSame('returned', (await waiting).done, true);
    },
  },
  {
    name: 'a watch from a revision that never was is refused',
    check: async ({ store }) => {
      await put(store, 'a', '1');
      await expectCode('from the future', 'RM_STORE_OPTION', async () =>
        nextOf(store.watch('', { after: 2 })),
      );
      await expectCode('from below zero', 'RM_STORE_OPTION', async () =>
        nextOf(store.watch('', { after: -1 })),
      );
    },
  },
  {
    name: 'all watches tell the same, however late they are read',
    check: async ({ store }) => {
      const watches = Array.from({ length: 5 }, () => store.watch('', { after: 0 }));
      const told: string[][] = watches.map(() => []);
      for (let index = 1; index <= 8; index++) {
        await put(store, `k${index}`, 'x');
        const reader = index % watches.length;
        told[reader]?.push(itemText(await nextOf(watches[reader] ?? store.watch(''))));
      }
      for (const [index, watch] of watches.entries()) {
        while ((told[index]?.length ?? 8) < 8) told[index]?.push(itemText(await nextOf(watch)));
        expectSame(`watch ${index}`, told[index], told[0]);
        await watch.return?.();
      }
    },
  },
];
