/**
 * When a look asks the tables for news: not while this store is the writer for sure and idle, since
 * that costs as much as the look; always otherwise, or a deposed writer would show old data.
 */
import { describe, expect, test } from 'vitest';
import { MemoryTables } from '../../../src/runtime/store/memory-tables.ts';
import { OpenStore } from '../../../src/runtime/store/open-store.ts';
import { storeLimits } from '../../../src/runtime/store/store-limits.ts';
import { SimClock } from '../../../src/runtime/testkit/index.ts';

class Watched extends MemoryTables {
  refreshes = 0;
  sure = true;
  /** Ends the commit under way. */
  finish: () => void = () => undefined;

  override refresh(): void {
    this.refreshes++;
  }

  override isSure(): boolean {
    return this.sure;
  }

  override async commit(write: () => void): Promise<void> {
    await super.commit(write);
    await new Promise<void>((resolve) => {
      this.finish = resolve;
    });
  }
}

function opened() {
  const [tables, clock] = [new Watched(), new SimClock()];
  const store = new OpenStore({
    tables,
    limits: storeLimits(),
    clock,
    alarm: clock.alarm(),
    closing: () => undefined,
    closed: () => Promise.resolve(),
    broke: () => undefined,
  });
  const refreshesOf = async (look: () => Promise<unknown>): Promise<number> => {
    const before = tables.refreshes;
    await look();
    return tables.refreshes - before;
  };
  return { tables, store, looks: () => refreshesOf(() => store.get('k')) };
}

describe('store looks', () => {
  test('store looks - a reader refreshes each time, a writer that is sure does not', async () => {
    const { tables, store, looks } = opened();
    expect(await looks()).toBe(1);
    store.promote(tables);
    expect(await looks()).toBe(0);
    tables.sure = false;
    expect(await looks()).toBe(1);
    tables.sure = true;
    store.demote(new Error('another writes'));
    expect(await looks()).toBe(1);
  });

  test('store looks - it refreshes while a commit is under way, and once after it', async () => {
    const { tables, store, looks } = opened();
    store.promote(tables);
    const put = store.transact({ success: [{ kind: 'put', key: 'k', value: Uint8Array.of(1) }] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await looks()).toBe(1);
    const before = tables.refreshes;
    tables.finish();
    await put;
    expect(tables.refreshes).toBe(before + 1);
    expect(await looks()).toBe(0);
    expect((await store.get('k')).entry?.value).toEqual(Uint8Array.of(1));
  });

  test('store looks - a transaction that only gets is not committed, unless something is', async () => {
    const { tables, store } = opened();
    store.promote(tables);
    let commits = 0;
    const { commit } = tables;
    tables.commit = (write) => {
      commits++;
      return commit.call(tables, write);
    };
    const look = () => store.transact({ success: [{ kind: 'get', key: 'k' }] });
    expect(await look()).toEqual({ succeeded: true, revision: 0, entries: [null] });
    expect(commits).toBe(0);
    // Behind a write it waits for it, and sees it.
    const put = store.transact({
      success: [{ kind: 'put', key: 'k', value: new Uint8Array([1]) }],
    });
    const behind = look();
    await Promise.resolve();
    await Promise.resolve();
    tables.finish();
    expect((await put).revision).toBe(1);
    const seen = await behind;
    expect([seen.revision, seen.entries[0]?.value]).toEqual([1, new Uint8Array([1])]);
    expect(commits).toBe(1);
    // Whoever is not sure to be the writer asks the file.
    tables.sure = false;
    const unsure = look();
    await Promise.resolve();
    await Promise.resolve();
    tables.finish();
    expect((await unsure).revision).toBe(1);
    expect(commits).toBe(2);
  });
});
