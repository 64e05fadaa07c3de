/**
 * An actor for tests that takes every message and keeps it until the test asks for it. Lives on the
 * main thread; its ref may go anywhere.
 */
import type { Context } from '../actor/context.ts';
import { type ActorDefinition, actor } from '../actor/definition.ts';
import type { Handler, Handlers } from '../actor/handlers.ts';
import type { AnyRef } from '../actor/ref.ts';

/** A message that a probe got. */
export type Received = { readonly name: string; readonly payload: unknown };

/** Gives the answer to a message; what it throws is what a handler throws. */
export type Answers = (payload: unknown) => unknown;

type ProbeArguments = { readonly open: (inside: Inside) => void };

/** What the probe's actor gives the test. */
type Inside = { readonly ctx: Context; readonly take: (listener: (got: Received) => void) => void };

/** The actor: has a handler for whatever name. */
export const ProbeActor: ActorDefinition<ProbeArguments, Handlers> = actor(import.meta.url, {
  name: 'Probe',
  setup: ({ open }: ProbeArguments, ctx) => {
    let listener: (got: Received) => unknown = () => undefined;
    open({
      ctx,
      take: (taker) => {
        listener = taker;
      },
    });
    const handlers = new Map<string, Handler>();
    const handlerOf = (name: string): Handler => {
      const known = handlers.get(name);
      if (known !== undefined) return known;
      const handler: Handler = (payload) => listener({ name, payload });
      handlers.set(name, handler);
      return handler;
    };
    return new Proxy<Handlers>(
      {},
      {
        get: (_, name) => (typeof name === 'string' ? handlerOf(name) : undefined),
        getOwnPropertyDescriptor: (_, name) =>
          typeof name === 'string'
            ? { configurable: true, enumerable: true, value: handlerOf(name) }
            : undefined,
      },
    );
  },
});

/** The test's side of it. Thread rule: the simulation's. */
export class Probe {
  readonly ref: AnyRef;
  /** Everything that it got so far. */
  readonly received: Received[];
  private readonly ctx: Context;
  private readonly until: <T>(promise: Promise<T>) => Promise<T>;
  private readonly answers: Map<string, Answers>;
  private readonly waiting: ((got: Received) => void)[];
  private taken: number;

  /** `until`: drives the simulation until the promise is settled. */
  constructor(ref: AnyRef, inside: Inside, until: <T>(promise: Promise<T>) => Promise<T>) {
    this.ref = ref;
    this.received = [];
    this.ctx = inside.ctx;
    this.until = until;
    this.answers = new Map();
    this.waiting = [];
    this.taken = 0;
    inside.take((got) => this.got(got));
  }

  /** Says what it answers to messages of that name; without, `undefined`. */
  answer(name: string, answers: Answers): void {
    this.answers.set(name, answers);
  }

  /** Watches another actor: its end comes as message `down`. */
  watch(ref: AnyRef): void {
    this.ctx.watch(ref, 'down');
  }

  /**
   * The next message that was not asked for yet; moves virtual time until there is one.
   * @throws (rejects) RM_SIM_REAL_IO when none can come any more
   */
  next(): Promise<Received> {
    const got = this.received[this.taken++];
    if (got !== undefined) return Promise.resolve(got);
    return this.until(new Promise((resolve) => this.waiting.push(resolve)));
  }

  private got(got: Received): unknown {
    this.received.push(got);
    this.waiting.shift()?.(got);
    return this.answers.get(got.name)?.(got.payload);
  }
}

/** The arguments of a probe's actor, and what it has opened once it is spawned. */
export function probeArguments(): { readonly args: ProbeArguments; inside(): Inside } {
  let inside: Inside | null = null;
  return {
    args: {
      open: (opened) => {
        inside = opened;
      },
    },
    inside: () => inside as Inside,
  };
}
