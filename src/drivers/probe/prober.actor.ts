/**
 * Asks probes of instances: processes of this machine, or actors of this process. It implements
 * ports/prober.ts. An actor handles one message at a time, so a question that hangs would hold up all
 * others: each probe of each instance has an actor of its own, to which the question is forwarded with its
 * asker.
 */
import type { ProbeQuestion } from '../../actors/index.ts';
import {
  type ActorDefinition,
  type AnyRef,
  actor,
  type Context,
  reply,
} from '../../runtime/index.ts';
import type { AddressBook } from '../address-book.ts';
import { askProbe } from './ask-probe.ts';

/** What it works with. */
export type ProberArgs = {
  readonly book: AddressBook;
  /** Whether an actor answers; absent: none of the instances is one. Never rejects. */
  readonly ping?: (instance: string, timeoutMs: number) => Promise<boolean>;
};

/** What it understands. */
export type ProberMessages = {
  /** Whether it is well; one that does not run here is not. */
  probe(question: ProbeQuestion): Promise<boolean>;
  /** From its own timer: who is gone is asked no more. */
  tidy(): void;
};

/** Between two looks at who is gone, in milliseconds. More often: nothing but work. */
const TIDY_MS = 10_000;

const Asker: ActorDefinition<ProberArgs, Pick<ProberMessages, 'probe'>> = actor(import.meta.url, {
  name: 'Asker',
  setup: ({ book, ping }: ProberArgs) => ({
    probe: async (question: ProbeQuestion) => {
      const { instance, spec } = question;
      const address = book.of(instance);
      if (address === undefined) return false;
      if ('actor' in spec) return (await ping?.(instance, spec.timeout)) ?? false;
      return await askProbe(question, address);
    },
  }),
});

/** Spawned beside the arbiter, on the thread of the address book. */
export const Prober: ActorDefinition<ProberArgs, ProberMessages> = actor(import.meta.url, {
  name: 'Prober',
  setup: ({ book, ping }: ProberArgs, ctx: Context) => {
    const given = ping === undefined ? { book } : { book, ping };
    const askers = new Map<string, { readonly instance: string; readonly ref: AnyRef }>();
    ctx.timers.every('tidy', TIDY_MS, 'tidy');
    const askerOf = ({ instance, probe }: ProbeQuestion): AnyRef => {
      const key = `${instance} ${probe}`;
      const known = askers.get(key);
      if (known !== undefined) return known.ref;
      const ref = ctx.spawn(Asker, { args: given }) as unknown as AnyRef;
      askers.set(key, { instance, ref });
      return ref;
    };
    return {
      probe: (question: ProbeQuestion) => {
        if (typeof question?.instance !== 'string') throw reply.error('NO_QUESTION');
        if (book.of(question.instance) !== undefined) {
          ctx.forward(askerOf(question), 'probe', question);
        }
        return Promise.resolve(false);
      },
      tidy: () => {
        for (const [key, { instance, ref }] of askers) {
          if (book.of(instance) !== undefined) continue;
          askers.delete(key);
          void ctx.stop(ref).catch(() => undefined);
        }
      },
    };
  },
});
