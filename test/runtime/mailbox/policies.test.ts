/**
 * The four overflow policies against a list: what is taken, dropped, refused and let wait, one by
 * one.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Ref } from '../../../src/runtime/actor/ref.ts';
import type { DeadLetter } from '../../../src/runtime/host/dead-letters.ts';
import {
  mailboxLimits,
  type OverflowPolicy,
} from '../../../src/runtime/mailbox/mailbox-options.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { codeOfError, define, Gate, Stage } from '../actor/stage.ts';

const POLICIES: readonly OverflowPolicy[] = ['reject', 'drop-newest', 'drop-oldest', 'wait'];

/**
 * The list that a mailbox is compared with: what waits, what was handled, what happened to the
 * rest.
 */
class Model {
  readonly waiting: number[] = [];
  readonly handled: number[] = [];
  readonly dead: [string, number][] = [];
  readonly senders: number[] = [];
  readonly settled = new Map<number, string>();

  readonly policy: OverflowPolicy;
  readonly capacity: number;
  readonly waitersMax: number;

  constructor(policy: OverflowPolicy, capacity: number, waitersMax: number) {
    this.policy = policy;
    this.capacity = capacity;
    this.waitersMax = waitersMax;
  }

  get isFull(): boolean {
    return this.senders.length > 0 || this.waiting.length >= this.capacity;
  }

  tell(number: number): string {
    if (!this.isFull) {
      this.waiting.push(number);
      return 'accepted';
    }
    if (this.policy === 'drop-newest') this.dead.push(['dropped-newest', number]);
    else if (this.policy === 'drop-oldest') {
      this.dead.push(['dropped-oldest', this.waiting.shift() as number]);
      this.waiting.push(number);
    } else return 'full';
    return 'accepted';
  }

  send(number: number): void {
    if (this.tell(number) === 'accepted') this.settled.set(number, 'sent');
    else if (this.policy === 'wait' && this.senders.length < this.waitersMax) {
      this.senders.push(number);
    } else this.settled.set(number, 'RM_MAILBOX_FULL');
  }

  /** The handler goes on: one message is handled, and senders get the room. */
  handleOne(): void {
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.handled.push(next);
    while (this.senders.length > 0 && this.waiting.length < this.capacity) {
      const sender = this.senders.shift() as number;
      this.waiting.push(sender);
      this.settled.set(sender, 'sent');
    }
  }
}

/** An actor that handles one message for each `go`. */
class Slow {
  readonly stage = new Stage();
  readonly handled: number[] = [];
  readonly dead: [string, number][] = [];
  readonly settled = new Map<number, string>();
  gate = new Gate();
  ref: Ref<{ take(number: number): Promise<void> }> | null = null;

  async open(overflow: OverflowPolicy, capacity: number, waitersMax: number): Promise<this> {
    const definition = define(
      () => ({
        take: async (number: number) => {
          this.handled.push(number);
          await this.gate.promise;
        },
      }),
      { mailbox: { overflow, capacity, waitersMax } },
    );
    this.stage.system.deadLetters.listen(({ reason, payload }: DeadLetter) => {
      this.dead.push([reason, payload as number]);
    });
    this.ref = await this.stage.system.spawn(definition);
    // The first one is being handled all the time; from then on a message is handled per `go`.
    this.ref.tell('take', -1);
    await this.stage.settle();
    return this;
  }

  async go(): Promise<void> {
    const { gate } = this;
    this.gate = new Gate();
    gate.open();
    await this.stage.settle();
  }

  send(number: number): void {
    this.ref?.send('take', number, { timeout: '1h' }).then(
      () => this.settled.set(number, 'sent'),
      (error) => this.settled.set(number, codeOfError(error)),
    );
  }
}

const step = fc.constantFrom('tell', 'tell', 'send', 'go', 'go');

// Guards: D5, D4, D3
describe('mailbox', () => {
  test.prop({
    policy: fc.constantFrom(...POLICIES),
    capacity: fc.integer({ min: 1, max: 5 }),
    waitersMax: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(step, { maxLength: 60 }),
  })(
    'mailbox - every policy does to each message what the list says',
    async ({ policy, capacity, waitersMax, steps }) => {
      const model = new Model(policy, capacity, waitersMax);
      const slow = await new Slow().open(policy, capacity, waitersMax);
      model.handled.push(-1);
      for (const [number, what] of steps.entries()) {
        if (what === 'tell') {
          expect(slow.ref?.tell('take', number)).toBe(model.tell(number));
        } else if (what === 'send') {
          slow.send(number);
          model.send(number);
          await slow.stage.settle();
        } else if (model.waiting.length > 0) {
          await slow.go();
          model.handleOne();
        }
        expect(slow.stage.inFlight).toBe(model.waiting.length);
      }
      await slow.stage.settle();
      expect(slow.handled).toEqual(model.handled);
      expect(slow.dead).toEqual(model.dead);
      expect(slow.settled).toEqual(model.settled);
      expect(slow.stage.host.deadLetters.total).toBe(model.dead.length);
    },
  );

  test('mailbox - what the runtime itself has to say is never dropped', async () => {
    const downs: string[] = [];
    const ticks: number[] = [];
    const gate = new Gate();
    const Watcher = define(
      ({ other }: { other: never }, ctx) => {
        ctx.watch(other, 'down');
        ctx.timers.every('tick', 10, 'tick');
        return {
          hold: () => gate.promise,
          down: ({ reason }: { reason: string }) => void downs.push(reason),
          tick: () => void ticks.push(ctx.now()),
          noise: () => undefined,
        };
      },
      { mailbox: { capacity: 2, overflow: 'drop-oldest' } },
    );
    const stage = new Stage();
    const other = await stage.system.spawn(define(() => ({})));
    const ref = await stage.system.spawn(Watcher, { args: { other: other as never } });
    ref.tell('hold');
    await stage.settle();
    await stage.system.stop(other);
    await stage.advance(10);
    for (let i = 0; i < 10; i++) expect(ref.tell('noise')).toBe('accepted');
    gate.open();
    await stage.settle();
    expect(downs).toEqual(['shutdown']);
    await stage.advance(20);
    expect(ticks).toEqual([10, 20, 30]);
    expect(stage.host.deadLetters.counts['dropped-oldest']).toBe(9);
    expect(stage.inFlight).toBe(0);
  });

  test('mailbox - a message in the middle can be taken out, across the end of the array', async () => {
    const gate = new Gate();
    const seen: number[] = [];
    const Holder = define(
      (_: undefined, ctx) => ({
        hold: () => gate.promise,
        see: (n: number) => void seen.push(n),
        alarm: () => void seen.push(-1),
        arm: () => {
          ctx.timers.once('a', 1, 'alarm');
          ctx.timers.once('b', 2, 'alarm');
        },
      }),
      { mailbox: { capacity: 4, overflow: 'drop-oldest' } },
    );
    const stage = new Stage();
    const ref = await stage.system.spawn(Holder);
    for (let i = 0; i < 3; i++) ref.tell('see', 0);
    await stage.settle();
    ref.tell('arm');
    ref.tell('hold');
    await stage.settle();
    await stage.advance(2);
    for (let i = 1; i <= 7; i++) ref.tell('see', i);
    gate.open();
    await stage.settle();
    expect(seen).toEqual([0, 0, 0, -1, -1, 6, 7]);
  });

  test('mailbox - senders that wait are told when the actor ends,', async () => {
    const slow = await new Slow().open('wait', 1, 8);
    slow.ref?.tell('take', 1);
    slow.send(2);
    await slow.stage.settle();
    const short = slow.ref?.send('take', 3, { timeout: 5 });
    const aborted = slow.ref?.send('take', 4, { signal: AbortSignal.abort() });
    expect(slow.ref?.tell('take', 5)).toBe('full');
    await expect(aborted).rejects.toMatchObject({ code: 'RM_ABORTED' });
    const timedOut = expect(short).rejects.toMatchObject({ code: 'RM_ASK_TIMEOUT' });
    await slow.stage.advance(5);
    await timedOut;
    slow.send(6);
    await slow.go();
    await slow.go();
    expect(slow.settled).toEqual(
      new Map([
        [2, 'sent'],
        [6, 'sent'],
      ]),
    );
    slow.send(7);
    await slow.stage.settle();
    if (slow.ref !== null) void slow.stage.system.stop(slow.ref);
    await slow.stage.settle();
    expect(slow.settled.get(7)).toBe('RM_ACTOR_STOPPED');
    await slow.go();
    expect(slow.handled).toEqual([-1, 1, 2]);
    expect(slow.stage.inFlight).toBe(0);
  });

  test('mailbox - a stopped actor is visible to tell and to send', async () => {
    const slow = await new Slow().open('wait', 1, 8);
    const { ref } = slow;
    if (ref === null) throw new Error('no ref');
    void slow.stage.system.stop(ref);
    expect(ref.tell('take', 1)).toBe('stopped');
    await expect(ref.send('take', 1)).rejects.toMatchObject({ code: 'RM_ACTOR_STOPPED' });
  });

  test('mailbox - options out of range are refused with what was expected', () => {
    expect(codeOf(() => mailboxLimits({ capacity: 0 }))).toBe('RM_MAILBOX_OPTION');
    expect(codeOf(() => mailboxLimits({ capacity: 1.5 }))).toBe('RM_MAILBOX_OPTION');
    expect(codeOf(() => mailboxLimits({ capacity: 2 ** 21 }))).toBe('RM_MAILBOX_OPTION');
    expect(codeOf(() => mailboxLimits({ waitersMax: 0 }))).toBe('RM_MAILBOX_OPTION');
    expect(codeOf(() => mailboxLimits({ overflow: 'drop' as never }))).toBe('RM_MAILBOX_OPTION');
    expect(mailboxLimits({ overflow: 'wait' }).capacity).toBe(16_384);
  });
});
