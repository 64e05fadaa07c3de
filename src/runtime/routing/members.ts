/**
 * The members of a router or a group: refs by key, in the order in which they came. One that has
 * ended leaves by itself, told by a watch on the thread of whoever made the list.
 */
import { BaseRef } from '../actor/actor-ref.ts';
import type { AnyRef, Ref } from '../actor/ref.ts';
import { runtimeError } from '../errors.ts';

/** A ref of any vocabulary. */
export type SomeRef = Ref<never> | AnyRef;

/** One member, and what its list knows of it. */
export type Member = {
  readonly ref: BaseRef;
  readonly unwatch: () => void;
  /** Messages sent since its thread last showed a turn of it. */
  pending: number;
  /** What it had handled then. */
  handled: number;
};

/** Thread rule: the thread that made it. */
export class Members {
  /** In the order in which they came. Replaced, never changed: a sender may be going through it. */
  list: readonly Member[];
  /** Counts every change. */
  changes: number;

  /** @throws RM_ROUTER for what is no ref */
  constructor(refs: Iterable<SomeRef>) {
    this.list = [];
    this.changes = 0;
    for (const ref of refs) this.add(ref);
  }

  /** @returns false when it is there already. @throws RM_ROUTER for what is no ref */
  add(some: SomeRef): boolean {
    if (!(some instanceof BaseRef)) {
      throw runtimeError('RM_ROUTER', `a member is ${String(some)}; expected a ref of an actor.`);
    }
    const ref: BaseRef = some;
    if (this.list.some((member) => member.ref.key === ref.key)) return false;
    const unwatch = ref.host.watches.listen(ref, () => this.remove(ref));
    this.list = [...this.list, { ref, unwatch, pending: 0, handled: 0 }];
    this.changes++;
    return true;
  }

  /** @returns whether it was there. */
  remove(some: { readonly key: string }): boolean {
    const found = this.list.find((member) => member.ref.key === some.key);
    if (found === undefined) return false;
    found.unwatch();
    this.list = this.list.filter((member) => member !== found);
    this.changes++;
    return true;
  }

  /** Ends the watches. */
  clear(): void {
    for (const { unwatch } of this.list) unwatch();
    this.list = [];
    this.changes++;
  }
}
