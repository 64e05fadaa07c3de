/** A map under change: it is copied at the first change, and is the one it began with without any. */

/** Thread rule: none; it is a value of one pass. */
export class DraftMap<K, V> {
  private readonly base: ReadonlyMap<K, V>;
  private copy: Map<K, V> | null = null;

  constructor(base: ReadonlyMap<K, V>) {
    this.base = base;
  }

  /** As it is now. The same object as at the beginning if nothing has changed. */
  get map(): ReadonlyMap<K, V> {
    return this.copy ?? this.base;
  }

  get(key: K): V | undefined {
    return this.map.get(key);
  }

  set(key: K, value: V): void {
    if (this.map.get(key) === value) return;
    this.copy ??= new Map(this.base);
    this.copy.set(key, value);
  }

  delete(key: K): void {
    if (!this.map.has(key)) return;
    this.copy ??= new Map(this.base);
    this.copy.delete(key);
  }
}
