/**
 * One shard of a service, to be asked by whoever wants to know about it and to be watched by whoever
 * has to know when it changes. It is told by the arbiter after each pass; it decides nothing.
 */
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import type { ShardView } from './shard-view.ts';

/** Who is told of changes, and under which message name. */
export type ShardSubscription = { readonly to: AnyRef; readonly name: string };

/** What it understands. */
export type ShardMessages = {
  /** From the arbiter. */
  seen(view: ShardView): void;
  /** Null: nothing has been seen yet. */
  status(): ShardView | null;
  /** The state now, at once, and each later one that differs. */
  subscribe(subscription: ShardSubscription): void;
};

/** What outlives a crash. */
type Remembered = {
  readonly view: ShardView | null;
  readonly subscribers: readonly ShardSubscription[];
};

/** Subscribers of one shard; of more, the oldest is dropped. */
const SUBSCRIBERS_MAX = 64;

/** Spawned by the arbiter, one for each shard. */
export const Shard: ActorDefinition<undefined, ShardMessages> = actor(import.meta.url, {
  name: 'Shard',
  setup: (_, ctx: Context) => {
    const before = ctx.restored as Remembered | undefined;
    let view: ShardView | null = before?.view ?? null;
    const subscribers: ShardSubscription[] = [...(before?.subscribers ?? [])];
    ctx.snapshot((): Remembered => ({ view, subscribers }));
    return {
      seen: (next: ShardView) => {
        const isNew = JSON.stringify(view) !== JSON.stringify(next);
        view = next;
        if (isNew) for (const { to, name } of subscribers) to.tell(name, next);
      },
      status: () => view,
      subscribe: ({ to, name }: ShardSubscription) => {
        subscribers.push({ to, name });
        if (subscribers.length > SUBSCRIBERS_MAX) subscribers.shift();
        if (view !== null) to.tell(name, view);
      },
    };
  },
});
