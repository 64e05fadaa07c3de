/**
 * Knows which actors offer what: they are registered under a key, found by it, and leave when they
 * end. An ordinary actor on the main thread. Subscribers are told by level, not by edge: always the
 * whole list, again when it changes, and later when they had no room for it.
 */
import type { Context, Down } from '../actor/context.ts';
import { type ActorDefinition, actor } from '../actor/definition.ts';
import type { AnyRef } from '../actor/ref.ts';
import { reply } from '../actor/reply.ts';

/** What a subscriber is told. */
export type Listing = { readonly key: string; readonly refs: readonly AnyRef[] };

/** Registers, or takes back. */
export type Registration = { readonly key: string; readonly ref: AnyRef };

/** Tells `to` the message `name` with a `Listing`, now and at each change. */
export type Subscription = { readonly key: string; readonly to: AnyRef; readonly name: string };

/** Its messages. */
export type ReceptionistHandlers = {
  readonly register: (registration: Registration) => void;
  readonly deregister: (registration: Registration) => void;
  readonly find: (key: string) => readonly AnyRef[];
  readonly subscribe: (subscription: Subscription) => void;
  readonly unsubscribe: (subscription: Subscription) => void;
  readonly gone: (down: Down) => void;
  readonly again: () => void;
};

/** Keys, and refs or subscribers under one of them, at most; more are refused with RM_REPLY. */
const KEYS_MAX = 65_536;
const PER_KEY_MAX = 16_384;
/** Milliseconds after which a subscriber that was full is told again. */
const RETRY_MS = 50;

type Entry = {
  readonly refs: Map<string, AnyRef>;
  readonly subscriptions: Map<string, Subscription>;
};
type State = { readonly entries: Map<string, Entry>; readonly late: Map<string, Subscription> };

class Desk {
  private readonly ctx: Context;
  private readonly state: State;

  constructor(ctx: Context) {
    this.ctx = ctx;
    // Kept over a crash: who is registered does not register again.
    this.state = (ctx.restored as State | undefined) ?? { entries: new Map(), late: new Map() };
    ctx.snapshot(() => this.state);
    for (const { refs, subscriptions } of this.state.entries.values()) {
      for (const ref of refs.values()) ctx.watch(ref, 'gone');
      for (const { to } of subscriptions.values()) ctx.watch(to, 'gone');
    }
    this.retryLater();
  }

  register({ key, ref }: Registration): void {
    const entry = this.entry(key);
    if (entry.refs.has(ref.key)) return;
    expectRoom(entry.refs.size, PER_KEY_MAX, `refs under ${key}`);
    entry.refs.set(ref.key, ref);
    this.ctx.watch(ref, 'gone');
    this.changed(key, entry);
  }

  deregister({ key, ref }: Registration): void {
    const entry = this.state.entries.get(key);
    if (entry?.refs.delete(ref.key) !== true) return;
    this.forgetIfUnused(ref);
    this.changed(key, entry);
  }

  find(key: string): readonly AnyRef[] {
    return [...(this.state.entries.get(key)?.refs.values() ?? [])];
  }

  subscribe(subscription: Subscription): void {
    const entry = this.entry(subscription.key);
    expectRoom(entry.subscriptions.size, PER_KEY_MAX, `subscribers of ${subscription.key}`);
    entry.subscriptions.set(idOf(subscription), subscription);
    this.ctx.watch(subscription.to, 'gone');
    this.tell(subscription);
  }

  unsubscribe(subscription: Subscription): void {
    const entry = this.state.entries.get(subscription.key);
    this.state.late.delete(idOf(subscription));
    if (entry?.subscriptions.delete(idOf(subscription)) !== true) return;
    this.forgetIfUnused(subscription.to);
    this.tidy(subscription.key, entry);
  }

  gone({ key: ended }: Down): void {
    for (const [id, { to }] of this.state.late) if (to.key === ended) this.state.late.delete(id);
    for (const [key, entry] of this.state.entries) {
      for (const [id, { to }] of entry.subscriptions) {
        if (to.key === ended) entry.subscriptions.delete(id);
      }
      if (entry.refs.delete(ended)) this.changed(key, entry);
      else this.tidy(key, entry);
    }
  }

  again(): void {
    const late = [...this.state.late.values()];
    this.state.late.clear();
    for (const subscription of late) this.tell(subscription);
  }

  private entry(key: string): Entry {
    const found = this.state.entries.get(key);
    if (found !== undefined) return found;
    expectRoom(this.state.entries.size, KEYS_MAX, 'keys');
    const entry: Entry = { refs: new Map(), subscriptions: new Map() };
    this.state.entries.set(key, entry);
    return entry;
  }

  private changed(key: string, entry: Entry): void {
    for (const subscription of entry.subscriptions.values()) this.tell(subscription);
    this.tidy(key, entry);
  }

  private tidy(key: string, { refs, subscriptions }: Entry): void {
    if (refs.size === 0 && subscriptions.size === 0) this.state.entries.delete(key);
  }

  private tell(subscription: Subscription): void {
    const { key, to, name } = subscription;
    const listing: Listing = { key, refs: this.find(key) };
    if (this.ctx.tell(to, name, listing) !== 'full') return;
    this.state.late.set(idOf(subscription), subscription);
    this.retryLater();
  }

  private retryLater(): void {
    if (this.state.late.size > 0) this.ctx.timers.once('again', RETRY_MS, 'again');
  }

  /** The same actor may be registered elsewhere, or subscribe. */
  private forgetIfUnused({ key }: AnyRef): void {
    for (const { refs, subscriptions } of this.state.entries.values()) {
      if (refs.has(key)) return;
      for (const { to } of subscriptions.values()) if (to.key === key) return;
    }
    this.ctx.unwatch({ key } as AnyRef);
  }
}

/** The actor. Spawned by `startReceptionist`, once per system, on the main thread. */
export const ReceptionistActor: ActorDefinition<undefined, ReceptionistHandlers> = actor(
  import.meta.url,
  {
    name: 'Receptionist',
    setup: (_: undefined, ctx): ReceptionistHandlers => {
      const desk = new Desk(ctx);
      return {
        register: (registration) => desk.register(registration),
        deregister: (registration) => desk.deregister(registration),
        find: (key) => desk.find(key),
        subscribe: (subscription) => desk.subscribe(subscription),
        unsubscribe: (subscription) => desk.unsubscribe(subscription),
        gone: (down) => desk.gone(down),
        again: () => desk.again(),
      };
    },
  },
);

function idOf({ key, to, name }: Subscription): string {
  return `${to.key} ${name} ${key}`;
}

function expectRoom(size: number, max: number, what: string): void {
  if (size >= max) throw reply.error('RECEPTIONIST_FULL', `${max} ${what}; use other keys.`);
}
