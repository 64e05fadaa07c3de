/**
 * The actors of the chaos run: senders that number their messages and receivers that check the
 * numbers. A sender counts a message when it was accepted, so within one life of both, numbers
 * arrive one by one, whatever dies around.
 */
import { type AnyRef, actor } from 'ringmaster';

/** What a receiver finds wrong. */
export type Violation = {
  readonly sender: string;
  readonly expected: number;
  readonly got: number;
};

/** Counts what receivers find. Lives on the main thread, which does not die. */
export const Collector = actor(import.meta.url, {
  name: 'Collector',
  setup() {
    const found: Violation[] = [];
    let checked = 0;
    return {
      violation(one: Violation) {
        if (found.length < 100) found.push(one);
      },
      checked(count: number) {
        checked += count;
      },
      report: () => ({ found, checked }),
    };
  },
});

/** Messages checked between two reports to the collector. */
const REPORT_EVERY = 1000;

/** Checks that the numbers of each sender rise by one. */
export const Receiver = actor(import.meta.url, {
  name: 'Receiver',
  setup({ collector }: { readonly collector: AnyRef }) {
    const next = new Map<string, number>();
    let checked = 0;
    return {
      numbered([sender, number]: readonly [string, number, string]) {
        const expected = next.get(sender) ?? number;
        if (expected !== number) collector.tell('violation', { sender, expected, got: number });
        next.set(sender, number + 1);
        if (++checked % REPORT_EVERY === 0) collector.tell('checked', REPORT_EVERY);
      },
    };
  },
});

/** How many messages a sender sends in one turn, and how often. */
const BURST = 16;
const EVERY_MS = 1;

/** Sends numbered messages of changing size to every receiver. */
export const Sender = actor(import.meta.url, {
  name: 'Sender',
  setup(
    { name, receivers }: { readonly name: string; readonly receivers: readonly AnyRef[] },
    ctx,
  ) {
    // Another life, another name: numbers begin anew.
    const self = `${name}.${ctx.incarnation}.${ctx.random(2 ** 32)}`;
    const numbers = receivers.map(() => 0);
    const filler = 'x'.repeat(40_000);
    ctx.timers.every('burst', EVERY_MS, 'burst');
    return {
      burst() {
        receivers.forEach((receiver, which) => {
          for (let i = 0; i < BURST; i++) {
            const number = numbers[which] as number;
            const size = ctx.random(200) === 0 ? ctx.random(filler.length) : ctx.random(64);
            const outcome = receiver.tell('numbered', [self, number, filler.slice(0, size)]);
            if (outcome !== 'accepted') return;
            numbers[which] = number + 1;
          }
        });
      },
    };
  },
});
