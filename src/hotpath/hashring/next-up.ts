/**
 * Who comes next around a ring, by group: the items of a group in the order in which a walker, at the
 * place that was noted last, would meet them. `ring-walk.ts` keeps one for zones and one for members.
 * It works because the ring is gone over backwards: what was noted last is what is met first.
 */

const NONE = -1;

/** Linked lists of items, one per group. Items and groups are small integers of the caller. */
export class NextUp {
  private readonly places: Int32Array;
  private readonly heads: Int32Array;
  private readonly nexts: Int32Array;
  private readonly previous: Int32Array;

  constructor(items: number, groups: number) {
    this.places = new Int32Array(items).fill(NONE);
    this.heads = new Int32Array(groups).fill(NONE);
    this.nexts = new Int32Array(items).fill(NONE);
    this.previous = new Int32Array(items).fill(NONE);
  }

  /** Notes that an item stands at a place, before all places noted so far: it heads its group. */
  note(item: number, group: number, place: number): void {
    const { heads, nexts, previous } = this;
    this.places[item] = place;
    const head = heads[group] as number;
    if (head === item) return;
    const before = previous[item] as number;
    const after = nexts[item] as number;
    if (before !== NONE) nexts[before] = after;
    if (after !== NONE) previous[after] = before;
    if (head !== NONE) previous[head] = item;
    nexts[item] = head;
    previous[item] = NONE;
    heads[group] = item;
  }

  /** The item of a group that is met first, or -1. */
  first(group: number): number {
    return this.heads[group] as number;
  }

  /** The item of the same group that is met after this one, or -1. */
  after(item: number): number {
    return this.nexts[item] as number;
  }

  /** Where an item is met. */
  place(item: number): number {
    return this.places[item] as number;
  }
}
