/**
 * What belongs to one incarnation of an actor and what outlives it: context, stash, handlers,
 * timers, state, messages. Long, and one idea: what a restart keeps.
 */
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/runtime/actor/context.ts';
import type { RuntimeError } from '../../../src/runtime/errors.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { define, Gate, outcomeOf, Stage } from './stage.ts';

const boom = (): never => {
  throw new Error('boom');
};

// Guards: RT-1, RT-2, D1, D3
describe('messages', () => {
  test('order - of one sender as sent, none twice, also across a crash', async () => {
    const seen: number[] = [];
    const Receiver = define(() => ({
      see: (n: number) => {
        seen.push(n);
        if (n % 7 === 0) boom();
      },
    }));
    const stage = new Stage();
    const ref = await stage.system.spawn(Receiver, { id: 'receiver' });
    for (let n = 1; n <= 50; n++) expect(ref.tell('see', n)).toBe('accepted');
    await stage.advance(100_000);
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(stage.system.figures()).toMatchObject({ inFlight: 0, deadLetters: 7 });
    expect(stage.host.deadLetters.counts.crashed).toBe(7);
  });

  test('one at a time - while the promise of a handler is open, no other runs', async () => {
    const log: string[] = [];
    const gates = [new Gate(), new Gate()];
    const Slow = define((_: undefined, ctx) => {
      ctx.timers.once('t', 1, 'tick');
      return {
        wait: async (n: number) => {
          log.push(`begin ${n}`);
          await gates[n]?.promise;
          await null;
          log.push(`end ${n}`);
        },
        tick: () => void log.push('tick'),
      };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(Slow);
    ref.tell('wait', 0);
    ref.tell('wait', 1);
    await stage.advance(5);
    expect(log).toEqual(['begin 0']);
    gates[1]?.open();
    gates[0]?.open();
    await stage.settle();
    expect(log).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'tick']);
  });

  test('one at a time - the next incarnation begins after the handler that exits has returned', async () => {
    const log: string[] = [];
    const Quitter = define((_: undefined, ctx) => {
      log.push(`setup ${ctx.incarnation}`);
      return {
        quit: () => {
          ctx.exit();
          log.push('after exit');
        },
        quitAndThrow: () => {
          ctx.exit();
          boom();
        },
      };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(Quitter);
    ref.tell('quit');
    await stage.advance(1000);
    expect(log).toEqual(['setup 0', 'after exit', 'setup 1']);
    ref.tell('quitAndThrow');
    await stage.advance(10_000);
    expect(log).toEqual(['setup 0', 'after exit', 'setup 1', 'setup 2']);
    expect(stage.host.deadLetters.counts.crashed).toBe(1);
    expect(stage.inFlight).toBe(0);
  });

  test('one at a time - an actor that stops itself ends after its handler', async () => {
    const log: string[] = [];
    const Quitter = define((_: undefined, ctx) => {
      ctx.onStop(() => void log.push('hook'));
      return {
        quit: () => {
          void ctx.stop(ctx.self).then(() => log.push('stopped'));
          log.push('after stop');
          return 'bye';
        },
      };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(Quitter);
    const asked = ref.ask('quit');
    await stage.settle();
    expect(log).toEqual(['after stop', 'hook', 'stopped']);
    expect(await outcomeOf(asked)).toEqual({ value: 'bye' });
    expect(ref.tell('quit')).toBe('stopped');
    expect(stage.inFlight).toBe(0);
  });

  test('poison - a message is tried as often as its actor says, at the front,', async () => {
    const seen: string[] = [];
    const Tries = define(
      () => ({
        see: (what: string) => {
          seen.push(what);
          if (what === 'poison') boom();
        },
      }),
      { attempts: 3 },
    );
    const stage = new Stage();
    const ref = await stage.system.spawn(Tries);
    const asked = ref.ask('see', 'poison', { timeout: '1h' });
    asked.catch(() => undefined);
    ref.tell('see', 'after');
    await stage.advance(100_000);
    expect(seen).toEqual(['poison', 'poison', 'poison', 'after']);
    expect(await outcomeOf(asked)).toEqual({ code: 'RM_ACTOR_CRASHED' });
    ref.tell('see', 'poison');
    await stage.advance(100_000);
    expect(seen.slice(4)).toEqual(['poison', 'poison', 'poison']);
    expect(stage.host.deadLetters.last().map(({ reason }) => reason)).toEqual([
      'crashed',
      'crashed',
    ]);
    expect(stage.inFlight).toBe(0);
  });

  test('dead letters - each reason is told with path, name and payload', async () => {
    const told: string[] = [];
    const gate = new Gate();
    const stage = new Stage();
    stage.system.deadLetters.listen(({ reason, to, name, payload }) => {
      told.push(`${reason} ${to} ${name} ${String(payload)}`);
    });
    stage.system.deadLetters.listen(boom);
    const A = define(() => ({ boom, wait: () => gate.promise, see: (_: number) => undefined }));
    const ref = await stage.system.spawn(A, { id: 'a' });
    ref.tell('nothing' as never, 1 as never);
    ref.tell('boom');
    await stage.advance(100_000);
    ref.tell('wait');
    ref.tell('see', 3);
    await stage.settle();
    void stage.system.stop(ref);
    expect(told).toEqual([
      'unknown /user/a nothing 1',
      'crashed /user/a boom undefined',
      'stopped /user/a see 3',
    ]);
    expect(stage.system.deadLetters.last()).toHaveLength(3);
  });
});

// Guards: S2, RT-1
describe('context', () => {
  test('context - after the end of its incarnation it is refused and counted', async () => {
    const contexts: Context[] = [];
    const gate = new Gate();
    const late: unknown[] = [];
    const A = define((_: undefined, ctx) => {
      contexts.push(ctx);
      return {
        boom,
        wait: async () => {
          await gate.promise;
          late.push(ctx.tell(ctx.self, 'boom'));
          ctx.exit();
        },
      };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(A, { stopDeadline: 50 });
    const [first] = contexts;
    if (first === undefined) throw new Error('no context');
    const { signal } = first;
    ref.tell('boom');
    await stage.advance(1000);
    expect([signal.aborted, contexts.length]).toEqual([true, 2]);
    for (const act of [
      () => first.exit(),
      () => first.stash(),
      () => first.unstash(),
      () => first.become({}),
      () => first.onStop(boom),
      () => first.snapshot(boom),
      () => first.checkpoint(),
      () => first.timers,
      () => first.signal,
      () => first.spawn(A),
      () => first.watch(ref, 'x'),
      () => first.unwatch(ref),
      () => first.supervisor(),
      () => first.forward(ref, 'boom'),
      () => first.ask(ref, 'boom'),
      () => first.stop(ref),
      () => first.offload('file:///nowhere.js', 'x'),
    ]) {
      expect(codeOf(act)).toBe('RM_CONTEXT_REVOKED');
    }
    expect(first.tell(ref, 'boom')).toBe('stopped');
    expect(stage.host.lateEffects).toBe(18);
    expect([first.path, first.thread]).toEqual([contexts[1]?.path, 0]);
  });

  test('context - a promise that settles after its incarnation acts for nobody', async () => {
    const gate = new Gate<string>();
    const late: unknown[] = [];
    const A = define((_: undefined, ctx) => ({
      wait: async () => {
        await gate.promise;
        late.push(ctx.tell(ctx.self, 'see'));
        return 'too late';
      },
      see: () => expect.unreachable(),
    }));
    const stage = new Stage();
    const group = stage.system.supervisor({ strategy: 'one_for_all' });
    const a = await group.spawn(A, { stopDeadline: 50 });
    const b = await group.spawn(define(() => ({ boom })));
    const asked = a.ask('wait');
    asked.catch(() => undefined);
    await stage.settle();
    b.tell('boom');
    await stage.advance(50);
    expect(await outcomeOf(asked)).toEqual({ code: 'RM_ACTOR_STOPPED' });
    gate.open('now');
    await stage.settle();
    expect(late).toEqual(['stopped']);
    // Its tell, and the return of its handler.
    expect(stage.host.lateEffects).toBe(2);
    expect(stage.inFlight).toBe(0);
  });

  test('stash - what was set aside comes back in order, in front; askers go on waiting', async () => {
    const seen: number[] = [];
    const A = define((_: undefined, ctx) => {
      let isOpen = false;
      return {
        open: () => {
          isOpen = true;
          ctx.unstash();
        },
        see: (n: number) => {
          if (!isOpen) return ctx.stash();
          seen.push(n);
          return n as never;
        },
        seeLater: async (n: number) => {
          await null;
          if (!isOpen) ctx.stash();
          else seen.push(n);
        },
      };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(A);
    const asked = ref.ask('see', 1);
    ref.tell('seeLater', 2);
    ref.tell('see', 3);
    await stage.settle();
    expect(stage.inFlight).toBe(3);
    expect(await outcomeOf(asked)).toBe('open');
    ref.tell('open');
    ref.tell('see', 4);
    expect(await outcomeOf(asked)).toEqual({ value: 1 });
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(stage.inFlight).toBe(0);
  });

  test('stash - survives a restart in front of the mailbox, and dies with the actor', async () => {
    const A = define(
      (_: undefined, ctx) => {
        ctx.onStop(() => null);
        return { keep: () => ctx.stash(), boom };
      },
      { mailbox: { capacity: 4 } },
    );
    const stage = new Stage();
    const ref = await stage.system.spawn(A);
    const asked = ref.ask('keep', undefined, { timeout: '1h' });
    asked.catch(() => undefined);
    ref.tell('boom');
    await stage.advance(1000);
    expect(await outcomeOf(asked)).toBe('open');
    ref.tell('keep');
    await stage.settle();
    expect(stage.inFlight).toBe(2);
    await stage.system.stop(ref);
    expect(await outcomeOf(asked)).toEqual({ code: 'RM_ACTOR_STOPPED' });
    expect(stage.host.deadLetters.counts.stopped).toBe(2);
    expect(stage.inFlight).toBe(0);
  });

  test('stash - a full one is a crash', async () => {
    const errors: unknown[] = [];
    const A = define((_: undefined, ctx) => ({ keep: () => ctx.stash() }), {
      mailbox: { capacity: 2 },
    });
    const stage = new Stage();
    stage.system.onEvent((event) => {
      if (event.kind === 'actor-crashed') errors.push((event.error as RuntimeError).code);
    });
    const ref = await stage.system.spawn(A, { restart: 'temporary' });
    for (let i = 0; i < 3; i++) {
      ref.tell('keep');
      await stage.settle();
    }
    expect(errors).toEqual(['RM_STASH']);
    expect(stage.inFlight).toBe(0);
  });

  test('become - other handlers from the next message on', async () => {
    const A = define((_: undefined, ctx) => {
      const off = { flip: () => ctx.become(on), state: () => 'off', boom };
      const on = { flip: () => ctx.become(off), state: () => 'on', boom };
      return off;
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(A);
    ref.tell('flip');
    expect(await ref.ask('state')).toBe('on');
    ref.tell('boom');
    await stage.advance(1000);
    expect(await ref.ask('state')).toBe('off');
  });

  test('forward - the answer of the other one is the answer; a refusal is told', async () => {
    const B = define(
      () => ({ double: (n: number) => 2 * n, wait: () => new Promise(() => undefined) }),
      {
        mailbox: { capacity: 1 },
      },
    );
    const A = define(({ b }: { b: never }, ctx) => ({
      double: (n: number) => void ctx.forward(b, 'double', n),
      doubleLater: async (n: number) => {
        await null;
        ctx.forward(b, 'double', n);
        return 'ignored';
      },
      twice: (n: number) => {
        ctx.forward(b, 'double', n);
        throw new Error('after the forward');
      },
    }));
    const stage = new Stage();
    const b = await stage.system.spawn(B);
    const a = await stage.system.spawn(A, { args: { b: b as never } });
    expect(await a.ask('double', 4)).toBe(8);
    expect(await a.ask('doubleLater', 5)).toBe(10);
    expect(await outcomeOf(a.ask('twice', 6))).toEqual({ value: 12 });
    await stage.advance(1000);
    a.tell('double', 1);
    b.tell('wait');
    await stage.settle();
    b.tell('double', 1);
    expect(await outcomeOf(a.ask('double', 1))).toEqual({ code: 'RM_MAILBOX_FULL' });
    void stage.system.stop(b);
    expect(await outcomeOf(a.ask('double', 1))).toEqual({ code: 'RM_ACTOR_STOPPED' });
  });

  test('state - snapshot gives the next incarnation what the hook returned', async () => {
    const seen: unknown[] = [];
    const A = define((_: undefined, ctx) => {
      seen.push(ctx.restored);
      let count = (ctx.restored as number | undefined) ?? 0;
      ctx.snapshot(() => {
        if (count === 3) boom();
        return count;
      });
      return {
        add: () => void count++,
        keep: () => ctx.checkpoint(),
        boom,
        exit: () => ctx.exit(),
      };
    });
    const stage = new Stage();
    const failures: string[] = [];
    stage.system.onEvent(({ kind }) => failures.push(kind));
    const ref = await stage.system.spawn(A);
    ref.tell('add');
    ref.tell('boom');
    await stage.advance(60_000);
    ref.tell('add');
    ref.tell('keep');
    ref.tell('exit');
    await stage.advance(60_000);
    ref.tell('add');
    ref.tell('boom');
    await stage.advance(60_000);
    expect(seen).toEqual([undefined, 1, 2, undefined]);
    expect(failures.filter((kind) => kind === 'snapshot-failed')).toHaveLength(1);
  });

  test('children - ids are unique among siblings, a failing setup throws', async () => {
    const ended: string[] = [];
    const Child = define(({ name }: { name: string }, ctx) => {
      ctx.onStop(() => void ended.push(name));
      if (name === 'bad') boom();
      return { name: () => ctx.path };
    });
    const errors: string[] = [];
    const Parent = define((_: undefined, ctx) => {
      const spawn = (id: string) => ctx.spawn(Child, { id, args: { name: id } });
      spawn('one');
      const two = spawn('two');
      for (const id of ['two', 'bad', 'no//id', '']) {
        try {
          spawn(id);
        } catch (error) {
          errors.push((error as RuntimeError).code);
        }
      }
      return { path: () => two.ask('name') };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(Parent, { id: 'parent' });
    expect(errors).toEqual(['RM_ID_TAKEN', 'RM_SPAWN_FAILED', 'RM_ID_INVALID', 'RM_ID_INVALID']);
    expect(await ref.ask('path')).toBe('/user/parent/two');
    expect(stage.system.lookup('/user/parent/one')).not.toBeNull();
    expect(stage.system.lookup('user/parent/bad')).toBeNull();
    await stage.system.stop(ref);
    expect(ended).toEqual(['bad', 'two', 'one']);
    expect(stage.system.paths()).toEqual([]);
    expect(stage.host.table.size).toBe(0);
  });
});

// Guards: R2
describe('timers', () => {
  test('timers - once and every come at their exact times as messages, late ones coalesce', async () => {
    const seen: string[] = [];
    const gate = new Gate();
    const A = define((_: undefined, ctx) => {
      ctx.timers.once('a', 15, 'see', 'a');
      ctx.timers.every('b', 10, 'see', 'b');
      ctx.timers.once('gone', 5, 'see', 'gone');
      ctx.timers.once('again', 1, 'see', 'replaced');
      ctx.timers.once('again', 2, 'see', 'again');
      return {
        see: (what: string) => void seen.push(`${what} ${ctx.now()}`),
        cancel: (key: string) => ctx.timers.cancel(key),
        hold: () => gate.promise,
        boom,
      };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(A);
    expect(await ref.ask('cancel', 'gone')).toBe(true);
    expect(await ref.ask('cancel', 'nothing')).toBe(false);
    await stage.advance(30);
    expect(seen).toEqual(['again 2', 'b 10', 'a 15', 'b 20', 'b 30']);
    ref.tell('hold');
    await stage.advance(35);
    gate.open();
    await stage.settle();
    await stage.advance(5);
    expect(seen.slice(5)).toEqual(['b 65', 'b 70']);
    expect(stage.inFlight).toBe(0);
  });

  test('timers - one that was cancelled while its message waited is not delivered', async () => {
    const seen: string[] = [];
    const gate = new Gate();
    const A = define((_: undefined, ctx) => {
      ctx.timers.once('a', 5, 'see', 'a');
      ctx.timers.once('b', 5, 'see', 'b');
      return {
        see: (what: string) => void seen.push(what),
        hold: async () => {
          await gate.promise;
          ctx.timers.cancel('a');
          ctx.timers.once('b', 5, 'see', 'other b');
        },
      };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(A);
    ref.tell('hold');
    await stage.advance(10);
    gate.open();
    await stage.advance(10);
    expect(seen).toEqual(['other b']);
    expect(stage.inFlight).toBe(0);
  });

  test('timers - the end of an incarnation cancels its timers; a wall-clock jump moves none', async () => {
    const seen: string[] = [];
    const A = define((_: undefined, ctx) => {
      if (ctx.incarnation === 0) ctx.timers.every('a', 10, 'see');
      return { see: () => void seen.push(`${ctx.incarnation} ${ctx.now()}`), boom };
    });
    const stage = new Stage();
    const ref = await stage.system.spawn(A);
    await stage.advance(10);
    stage.clock.jumpWall(-3_600_000);
    await stage.advance(10);
    ref.tell('boom');
    await stage.advance(1000);
    expect(seen).toEqual(['0 10', '0 20']);
    expect(stage.host.timers.size).toBe(0);
  });
});
