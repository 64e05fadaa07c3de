/**
 * The reading half of a store over tables: looks, pages and watches, for the process that writes and
 * for those that only read. Whoever makes it says when there may be news.
 */
import { runtimeError } from '../errors.ts';
import type {
  StoreListOptions,
  StoreLookup,
  StorePage,
  StoreWatch,
  StoreWatchOptions,
} from './store.ts';
import {
  badOption,
  checkKey,
  checkPrefix,
  overLimit,
  STORE_PAGE_ENTRIES_MAX,
} from './store-limits.ts';
import { HistoryWatch, type WatchSource } from './store-watch.ts';
import type { StoreCommit, StoreTables } from './tables.ts';

/** Thread rule: the store's thread. */
export class StoreReader implements WatchSource {
  ended: Error | null;
  private readonly tables: StoreTables;
  private readonly watchesMax: number;
  private readonly isCurrent: () => boolean;
  private readonly damaged: (error: unknown) => Error;
  private readonly watches: Set<HistoryWatch>;
  private revision: number;
  private compacted: number;

  /**
   * @param isCurrent whether nothing can have changed since the last notice: then a look need not
   *   refresh the tables, which costs as much as the look.
   * @param damaged a watch met damage: the store stops. @returns what the watch is told.
   */
  constructor(
    tables: StoreTables,
    watchesMax: number,
    isCurrent: () => boolean,
    damaged: (error: unknown) => Error,
  ) {
    this.ended = null;
    this.tables = tables;
    this.watchesMax = watchesMax;
    this.isCurrent = isCurrent;
    this.damaged = damaged;
    this.watches = new Set();
    this.revision = 0;
    this.compacted = 0;
  }

  get(key: string): StoreLookup {
    checkKey(key);
    this.refresh();
    return { entry: this.tables.get(key), revision: this.tables.meta().revision };
  }

  list(prefix: string, { limit, after }: StoreListOptions): StorePage {
    checkPrefix(prefix);
    if (after !== undefined && after !== null) checkKey(after);
    const most = limit ?? STORE_PAGE_ENTRIES_MAX;
    if (!Number.isInteger(most) || most < 1 || most > STORE_PAGE_ENTRIES_MAX) {
      throw badOption(`limit is ${most}; expected an integer from 1 to ${STORE_PAGE_ENTRIES_MAX}.`);
    }
    this.refresh();
    const entries = this.tables.scan(prefix, after ?? null, most);
    const last = entries.at(-1)?.key ?? null;
    const isLast = last === null || this.tables.scan(prefix, last, 1).length === 0;
    return { entries, next: isLast ? null : last, revision: this.tables.meta().revision };
  }

  watch(prefix: string, options: StoreWatchOptions): StoreWatch {
    checkPrefix(prefix);
    if (this.watches.size >= this.watchesMax) {
      throw overLimit('watches', this.watches.size + 1, this.watchesMax, 'end some');
    }
    this.refresh();
    const { revision } = this.tables.meta();
    const after = options.after ?? revision;
    if (!Number.isSafeInteger(after) || after < 0) {
      throw badOption(`after is ${after}; expected a revision that the store gave, or 0.`);
    }
    if (after > revision) throw fromTheFuture(after, revision);
    const watch = new HistoryWatch(this, prefix, after, options);
    if (options.signal?.aborted !== true) this.watches.add(watch);
    return watch;
  }

  /** Looks whether there is news, and tells the watches. */
  notice(): void {
    this.tables.refresh();
    const { revision, compacted } = this.tables.meta();
    this.compacted = compacted;
    if (revision === this.revision) return;
    this.revision = revision;
    this.wake();
  }

  /** Ends every watch with the error. */
  end(why: Error): void {
    this.ended = why;
    this.wake();
    this.watches.clear();
  }

  bounds(): { readonly revision: number; readonly compacted: number } {
    return { revision: this.revision, compacted: this.compacted };
  }

  history(after: number, limit: number): readonly StoreCommit[] {
    try {
      this.refresh();
      // Another process may have compacted since the last notice.
      const { compacted } = this.tables.meta();
      this.compacted = compacted;
      if (after < compacted) return [];
      const commits = this.tables.history(after, limit);
      if (commits.length > 0 && commits[0]?.revision !== after + 1) throw gap(after, commits);
      return commits;
    } catch (error) {
      throw this.damaged(error);
    }
  }

  forget(watch: HistoryWatch): void {
    this.watches.delete(watch);
  }

  private refresh(): void {
    if (this.isCurrent()) this.tables.secure();
    else this.tables.refresh();
  }

  private wake(): void {
    for (const watch of this.watches) watch.wake();
  }
}

function gap(after: number, commits: readonly StoreCommit[]): Error {
  return runtimeError(
    'RM_STORE_FORMAT',
    `the history goes on with revision ${commits[0]?.revision} after ${after}; expected every one.`,
    { after },
  );
}

function fromTheFuture(after: number, revision: number): Error {
  return runtimeError(
    'RM_STORE_OPTION',
    `a watch is to begin after revision ${after}, but the store is at ${revision}: that revision is ` +
      'of another store, or this one was put back to an older state; list again.',
    { after, revision },
  );
}
