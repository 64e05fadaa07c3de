/**
 * Spreads messages over actors that do the same work. Used like a ref, from the thread that made
 * it; it is a value of that thread and does not travel, the refs in it do.
 */
import type { BaseRef } from '../actor/actor-ref.ts';
import type {
  Answer,
  Handlers,
  MessageName,
  PayloadArguments,
  StreamItem,
} from '../actor/handlers.ts';
import type { Outcome } from '../actor/outcome.ts';
import type { AskOptions, Ref, StreamOptions } from '../actor/ref.ts';
import { runtimeError } from '../errors.ts';
import { type Member, Members } from './members.ts';
import {
  ConsistentHash,
  LeastMailbox,
  RoundRobin,
  type RouterStrategy,
  type Strategy,
} from './strategies.ts';

/** How a router chooses. */
export type RouterOptions = {
  /** Default `round-robin`. */
  readonly strategy?: RouterStrategy;
  /** For `consistent-hash`: the key of a message. */
  readonly key?: (name: string, payload: unknown) => string;
};

const STRATEGIES: Readonly<Record<RouterStrategy, () => Strategy>> = {
  'round-robin': () => new RoundRobin(),
  'least-mailbox': () => new LeastMailbox(),
  'consistent-hash': () => new ConsistentHash(),
};

/** A set of actors behind one address. Thread rule: the thread that made it. */
export class Router<H extends Handlers> {
  private readonly strategy: Strategy;
  private readonly keyOf: (name: string, payload: unknown) => string;
  private readonly inside: Members;

  /** Use `router`. */
  constructor(
    strategy: Strategy,
    keyOf: (name: string, payload: unknown) => string,
    inside: Members,
  ) {
    this.strategy = strategy;
    this.keyOf = keyOf;
    this.inside = inside;
  }

  /** Who gets messages now, in the order in which they came. */
  get members(): readonly Ref<H>[] {
    return this.inside.list.map(({ ref }) => ref as unknown as Ref<H>);
  }

  /** @returns false when it is a member already. @throws RM_ROUTER for what is no ref */
  add(ref: Ref<H>): boolean {
    return this.inside.add(ref as never);
  }

  /** Takes a member out; what it has got it keeps. @returns whether it was one */
  remove(ref: { readonly key: string }): boolean {
    return this.inside.remove(ref);
  }

  /** Takes all members out. */
  close(): void {
    this.inside.clear();
  }

  /**
   * As `Ref.tell`, to one member. `full`: whoever might take it was full; `stopped`: there is no
   * member.
   */
  tell<K extends MessageName<H>>(name: K, ...[payload]: PayloadArguments<H, K>): Outcome {
    let outcome: Outcome = 'stopped';
    let member = this.choose(name, payload);
    for (let tries = this.inside.list.length; tries > 0 && member !== null; tries--) {
      outcome = member.ref.tell(name, payload);
      if (outcome === 'accepted') return outcome;
      if (outcome === 'stopped') {
        // Its watch will say so, too, later.
        this.inside.remove(member.ref);
        member = this.choose(name, payload);
      } else member = this.strategy.after(this.inside, member);
    }
    return outcome;
  }

  /**
   * As `Ref.ask`, to one member. @throws (rejects) as `Ref.ask`; RM_ACTOR_STOPPED when there is no
   * member
   */
  async ask<K extends MessageName<H>>(
    name: K,
    payload?: Parameters<H[K]>[0],
    options?: AskOptions,
  ): Promise<Answer<H, K>> {
    return (await this.expect(name, payload).ask(name, payload, options)) as Answer<H, K>;
  }

  /** As `Ref.send`, to one member. @throws (rejects) as `ask` */
  async send<K extends MessageName<H>>(
    name: K,
    payload: Parameters<H[K]>[0],
    options?: AskOptions,
  ): Promise<void> {
    await this.expect(name, payload).send(name, payload, options);
  }

  /** As `Ref.stream`, from one member. @throws RM_ACTOR_STOPPED when there is no member */
  stream<K extends MessageName<H>>(
    name: K,
    payload?: Parameters<H[K]>[0],
    options?: StreamOptions,
  ): AsyncIterableIterator<StreamItem<H, K>> {
    const stream = this.expect(name, payload).stream(name, payload, options);
    return stream as AsyncIterableIterator<StreamItem<H, K>>;
  }

  private choose(name: string, payload: unknown): Member | null {
    return this.strategy.choose(this.inside, this.keyOf(name, payload));
  }

  private expect(name: string, payload: unknown): BaseRef {
    const member = this.choose(name, payload);
    if (member !== null) return member.ref;
    throw runtimeError('RM_ACTOR_STOPPED', `no member is left to take ${name}; add one.`);
  }
}

/**
 * A router over `refs`, which may be empty at first. Members leave when they end.
 * @throws RM_ROUTER for an unknown strategy, `consistent-hash` without `key`, or a member that is
 *   no ref
 */
export function router<H extends Handlers>(
  refs: Iterable<Ref<H>>,
  options: RouterOptions = {},
): Router<H> {
  const { strategy = 'round-robin', key } = options;
  if (!Object.hasOwn(STRATEGIES, strategy)) {
    const expected = Object.keys(STRATEGIES).join(', ');
    throw runtimeError(
      'RM_ROUTER',
      `strategy is ${String(strategy)}; expected one of ${expected}.`,
    );
  }
  if (strategy === 'consistent-hash' && typeof key !== 'function') {
    const expected = 'a function (name, payload) that gives the text to hash';
    throw runtimeError('RM_ROUTER', `key is ${typeof key}; expected ${expected}.`);
  }
  const make = STRATEGIES[strategy];
  return new Router<H>(make(), key ?? (() => ''), new Members(refs as Iterable<never>));
}
