/** The first few of many, in an order, without sorting all of them. Pure. */
export class FirstOf<T> {
  private readonly limit: number;
  private readonly compare: (a: T, b: T) => number;
  private kept: T[] = [];
  /** What comes after it is not among the first; null: that is not known yet. */
  private last: T | null = null;

  /** `limit`: at least 1. */
  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.limit = limit;
    this.compare = compare;
  }

  add(one: T): void {
    if (this.last !== null && this.compare(one, this.last) > 0) return;
    this.kept.push(one);
    if (this.kept.length >= 2 * this.limit) this.cut();
  }

  /** In order. */
  all(): readonly T[] {
    this.cut();
    return this.kept;
  }

  private cut(): void {
    this.kept.sort(this.compare);
    this.kept.length = Math.min(this.kept.length, this.limit);
    if (this.kept.length === this.limit) this.last = this.kept.at(-1) as T;
  }
}
