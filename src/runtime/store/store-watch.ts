/**
 * One watch: a position in the store's history that its reader pulls forward. It keeps no backlog,
 * so a slow reader costs nothing but the history that is kept anyway (P3). Made by StoreReader.
 */
import type { StoreChange, StoreWatch, StoreWatchItem, StoreWatchOptions } from './store.ts';
import type { StoreCommit } from './tables.ts';

/** Where a watch reads; all synchronous, on the store's thread. */
export interface WatchSource {
  /** Newest revision that may be told, and the last one that the history no longer holds. */
  bounds(): { readonly revision: number; readonly compacted: number };
  /** Transactions above `after`, ascending, at most so many. @throws what the store throws */
  history(after: number, limit: number): readonly StoreCommit[];
  /** Why the store is no more; null while it is. */
  readonly ended: Error | null;
  /** The watch has ended; called once. */
  forget(watch: HistoryWatch): void;
}

/**
 * Transactions looked at before others get a turn. Higher: catching up is faster. Lower: a watch of
 * a rare prefix holds its thread for less; 256 take well below a millisecond.
 */
const COMMITS_AT_ONCE = 256;

const DONE: IteratorResult<StoreWatchItem> = { done: true, value: undefined };

/** Thread rule: the store's thread. Calls of `next` are served in order. */
export class HistoryWatch implements StoreWatch {
  private readonly source: WatchSource;
  private readonly prefix: string;
  private readonly signal: AbortSignal | null;
  private readonly onAbort: () => void;
  private readonly ready: StoreWatchItem[];
  private position: number;
  /** Told to the reader, or none of its business. */
  private told: number;
  private isOver: boolean;
  private waiting: (() => void) | null;
  private turn: Promise<unknown>;

  constructor(source: WatchSource, prefix: string, after: number, options: StoreWatchOptions) {
    this.source = source;
    this.prefix = prefix;
    this.signal = options.signal ?? null;
    this.onAbort = () => this.end();
    this.ready = [];
    this.position = after;
    this.told = after;
    this.isOver = false;
    this.waiting = null;
    this.turn = Promise.resolve();
    if (this.signal?.aborted === true) this.end();
    else this.signal?.addEventListener('abort', this.onAbort);
  }

  get revision(): number {
    return this.told;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<StoreWatchItem>> {
    const turn = this.turn.then(() => this.take());
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  return(): Promise<IteratorResult<StoreWatchItem>> {
    this.end();
    return Promise.resolve(DONE);
  }

  /** There may be more to read, or the store has ended. */
  wake(): void {
    const waiting = this.waiting;
    this.waiting = null;
    waiting?.();
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.signal?.removeEventListener('abort', this.onAbort);
    this.source.forget(this);
    this.wake();
  }

  private async take(): Promise<IteratorResult<StoreWatchItem>> {
    for (;;) {
      if (this.isOver) return DONE;
      if (this.source.ended !== null) throw this.source.ended;
      const item = this.ready.shift() ?? this.look();
      if (item !== null) {
        this.told = this.ready.length > 0 ? item.revision : Math.max(item.revision, this.position);
        return { done: false, value: item };
      }
      this.told = this.position;
      if (this.position < this.source.bounds().revision) await null;
      else await new Promise<void>((resolve) => (this.waiting = resolve));
    }
  }

  /** The next item, if the next transactions hold one. */
  private look(): StoreWatchItem | null {
    const before = this.source.bounds();
    if (this.position >= before.revision) return null;
    const commits = this.source.history(this.position, COMMITS_AT_ONCE);
    const { revision, compacted } = this.source.bounds();
    if (this.position < compacted) {
      this.position = compacted;
      return { kind: 'resync', revision: compacted };
    }
    for (const { revision: at, changes } of commits) {
      // What another process has committed meanwhile is told after this store has noticed it.
      if (at > revision) break;
      this.position = at;
      const mine = changes.filter((change) => keyOf(change).startsWith(this.prefix));
      if (mine.length > 0) this.ready.push({ kind: 'changes', revision: at, changes: mine });
    }
    return this.ready.shift() ?? null;
  }
}

function keyOf(change: StoreChange): string {
  return change.kind === 'put' ? change.entry.key : change.key;
}
