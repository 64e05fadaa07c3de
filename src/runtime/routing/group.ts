/**
 * Tells several actors the same, and sums up what became of it. Members that end leave by
 * themselves.
 */
import type { Handlers, MessageName, PayloadArguments } from '../actor/handlers.ts';
import type { Ref } from '../actor/ref.ts';
import { Members } from './members.ts';

/** How many members took a message, had no room, or had ended. */
export type Broadcast = {
  readonly accepted: number;
  readonly full: number;
  readonly stopped: number;
};

/** Actors that hear the same. Thread rule: the thread that made it. */
export class Group<H extends Handlers> {
  private readonly inside: Members;

  /** Use `group`. */
  constructor(inside: Members) {
    this.inside = inside;
  }

  /** In the order in which they came. */
  get members(): readonly Ref<H>[] {
    return this.inside.list.map(({ ref }) => ref as unknown as Ref<H>);
  }

  /** @returns false when it is a member already. @throws RM_ROUTER for what is no ref */
  add(ref: Ref<H>): boolean {
    return this.inside.add(ref as never);
  }

  /** @returns whether it was a member */
  remove(ref: { readonly key: string }): boolean {
    return this.inside.remove(ref);
  }

  /** Takes all members out. */
  close(): void {
    this.inside.clear();
  }

  /** Tells every member, in order. @throws as `Ref.tell` for a payload that cannot travel */
  tell<K extends MessageName<H>>(name: K, ...[payload]: PayloadArguments<H, K>): Broadcast {
    const sum = { accepted: 0, full: 0, stopped: 0 };
    for (const { ref } of this.inside.list) sum[ref.tell(name, payload)]++;
    return sum;
  }
}

/** A group of `refs`, which may be empty at first. @throws RM_ROUTER for a member that is no ref */
export function group<H extends Handlers>(refs: Iterable<Ref<H>>): Group<H> {
  return new Group<H>(new Members(refs as Iterable<never>));
}
