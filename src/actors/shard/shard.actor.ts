/**
 * One shard of a service, to be asked by whoever wants to know about it and to be watched by whoever
 * has to know when it changes. It is told by the arbiter after each pass; it decides nothing.
 */
import { type ActorDefinition, type AnyRef, actor } from '../../runtime/index.ts';
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

/** Subscribers of one shard; of more, the oldest is dropped. */
const SUBSCRIBERS_MAX = 64;

/** Spawned by the arbiter, one for each shard. */
export const Shard: ActorDefinition<undefined, ShardMessages> = actor(import.meta.url, {
  name: 'Shard',
  setup: () => {
    let view: ShardView | null = null;
    const subscribers: ShardSubscription[] = [];
    return {
      seen: (next: ShardView) => {
        const isNew = JSON.stringify(view) !== JSON.stringify(next);
        view = next;
        if (isNew) for (const { to, name } of subscribers) to.tell(name, next);
      },
      status: () => view,
      subscribe: (subscription: ShardSubscription) => {
        subscribers.push(subscription);
        if (subscribers.length > SUBSCRIBERS_MAX) subscribers.shift();
        if (view !== null) subscription.to.tell(subscription.name, view);
      },
    };
  },
});
