/** Conformance over a store's whole life: against a model, beside a mirror, closed, opened again. */
import { type Random, seededRandom } from '../ports/random.ts';
import type { StoreOperation, StoreWatch } from '../store/store.ts';
import type { StoreCase } from './store-case.ts';
import {
  bytes,
  expectCode,
  expectSame,
  itemText,
  listAll,
  nextOf,
  put,
  remove,
  textOf,
} from './store-check.ts';

/** Cases of the suite. */
export const wholeCases: readonly StoreCase[] = [
  {
    name: 'random transactions do what a plain map does',
    check: async ({ store }) => {
      const random = seededRandom(7);
      const model = new Map<string, readonly [value: string, revision: number]>();
      let revision = 0;
      for (let round = 0; round < 120; round++) {
        const key = drawKey(random);
        const expected = random.below(2) === 0 ? (model.get(key)?.[1] ?? 0) : random.below(3);
        const holds = (model.get(key)?.[1] ?? 0) === expected;
        const steps = drawSteps(random);
        const changed = holds ? apply(model, steps, revision + 1) : false;
        if (changed) revision++;
        const result = await store.transact({
          compare: [{ key, revision: expected }],
          success: steps,
          failure: [{ kind: 'get', key }],
        });
        expectSame(`round ${round}`, [result.succeeded, result.revision], [holds, revision]);
        if (!holds) {
          expectSame('value', textOf(result.entries[0]), model.get(key)?.[0] ?? null);
        }
      }
      const found = (await listAll(store, '')).map((entry) => [
        entry.key,
        textOf(entry),
        entry.revision,
      ]);
      const wanted = [...model].map(([key, [value, at]]) => [key, value, at]);
      expectSame('all', found, wanted.sort());
    },
  },
  {
    name: 'a listing and a watch from its first page make a true picture',
    check: async ({ store }) => {
      const random = seededRandom(11);
      for (let index = 0; index < 20; index++) await put(store, `k/${index}`, 'first');
      const picture = new Map<string, string | null>();
      let first = 0;
      let after: string | null = null;
      do {
        const page = await store.list('k/', { limit: 4, after });
        if (after === null) first = page.revision;
        for (const entry of page.entries) picture.set(entry.key, textOf(entry));
        after = page.next;
        await put(store, `k/${random.below(30)}`, 'while');
        await remove(store, `k/${random.below(30)}`);
      } while (after !== null);
      const watch = store.watch('k/', { after: first });
      const { revision } = await store.list('k/');
      await follow(watch, revision, picture);
      const found = (await listAll(store, 'k/')).map((entry) => [entry.key, textOf(entry)]);
      expectSame('picture', [...picture].sort(), found);
      await watch.return?.();
    },
  },
  {
    name: 'a closed store rejects',
    check: async ({ store }) => {
      const watch = store.watch('');
      const pending = watch.next();
      pending.catch(() => undefined);
      await store.close();
      await expectCode('get', 'RM_STORE_CLOSED', () => store.get('a'));
      await expectCode('put', 'RM_STORE_CLOSED', () => put(store, 'a', '1'));
      await expectCode('a pending watch', 'RM_STORE_CLOSED', () => pending);
      await expectCode('grant', 'RM_STORE_CLOSED', () => store.grant(1000));
      await store.close();
    },
  },
  {
    name: 'what was written before the store was opened again is there',
    check: async ({ store, reopen }) => {
      await put(store, 'a', '1');
      await put(store, 'b', '2');
      await remove(store, 'a');
      if (reopen === null) return;
      const again = await reopen();
      expectSame('revision', (await again.get('a')).revision, 3);
      expectSame('entries', (await listAll(again, '')).map(textOf), ['2']);
      const watch = again.watch('', { after: 1 });
      const told = [await nextOf(watch), await nextOf(watch)];
      expectSame('history', told.map(itemText), ['2: +b=2', '3: -a']);
      expectSame('next revision', await put(again, 'c', '3'), 4);
      await watch.return?.();
    },
  },
  {
    name: 'leases begin anew when the store is opened again, and their numbers go on',
    check: async ({ store, reopen, wait }) => {
      const { lease } = await store.grant(1000);
      await put(store, 'a', '1', lease);
      await wait(600);
      if (reopen === null) return;
      const again = await reopen();
      await wait(600);
      expectSame('alive', (await again.keepAlive(lease)).lease, lease);
      const other = await again.grant(1000);
      expectSame('a new number', other.lease > lease, true);
      const watch = again.watch('');
      await wait(1001);
      expectSame('item', itemText(await nextOf(watch)), '2: -a');
      await watch.return?.();
    },
  },
];

const drawKey = (random: Random): string => `k${random.below(8)}`;

function drawSteps(random: Random): StoreOperation[] {
  const keys = new Set(Array.from({ length: random.below(4) }, () => drawKey(random)));
  return [...keys].map((key) =>
    random.below(3) === 0
      ? { kind: 'delete', key }
      : { kind: 'put', key, value: bytes(String(random.below(1000))) },
  );
}

/** @returns whether it changed anything. */
function apply(
  model: Map<string, readonly [string, number]>,
  steps: readonly StoreOperation[],
  revision: number,
): boolean {
  let changed = false;
  for (const step of steps) {
    if (step.kind === 'put') {
      model.set(step.key, [String.fromCharCode(...step.value), revision]);
      changed = true;
    } else if (model.delete(step.key)) changed = true;
  }
  return changed;
}

/** Applies what a watch tells until the picture is that of `revision`. */
async function follow(
  watch: StoreWatch,
  revision: number,
  picture: Map<string, string | null>,
): Promise<void> {
  while (watch.revision < revision) {
    const item = await nextOf(watch);
    expectSame('kind', item.kind, 'changes');
    if (item.kind === 'resync') return;
    for (const change of item.changes) {
      if (change.kind === 'put') picture.set(change.entry.key, textOf(change.entry));
      else picture.delete(change.key);
    }
  }
}
