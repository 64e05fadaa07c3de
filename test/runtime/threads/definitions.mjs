/** Actors for the tests with real threads: plain JavaScript, as without a compiler. */
import { execFileSync } from 'node:child_process';
import { actor } from 'ringmaster';

/** Answers, fails and misbehaves on request. */
export const Patient = actor(import.meta.url, {
  name: 'Patient',
  setup(args, ctx) {
    let sum = 0;
    const incarnation = ctx.incarnation;
    return {
      add: (x) => {
        sum += x;
      },
      sum: () => sum,
      args: () => args,
      thread: () => ctx.thread,
      incarnation: () => incarnation,
      path: () => ctx.path,
      self: () => ctx.self,
      echo: (x) => x,
      fail(kind) {
        FAILURES[kind]();
      },
      async failLater(kind) {
        await null;
        FAILURES[kind]();
      },
      floating() {
        Promise.reject(new Error('nobody awaits this'));
        return 'sent';
      },
      *count(to) {
        for (let i = 1; i <= to; i++) yield i;
      },
      *unsendable() {
        try {
          yield 1;
          yield () => 2;
          yield 3;
        } finally {
          sum = -1;
        }
      },
      forward: ({ to, name, payload }) => ctx.forward(to, name, payload),
      forwardFunction: (to) => ctx.forward(to, 'echo', () => 1),
      child() {
        const child = ctx.spawn(Sink);
        ctx.watch(child, 'down');
        child.tell('bad');
      },
      holdEnd() {
        ctx.onStop(() => new Promise(() => undefined));
      },
      tellTo: ({ ref, count }) => {
        for (let i = 0; i < count; i++) ref.tell('item', i);
      },
      slowly: () => new Promise(() => undefined),
      // Answers when the watch has arrived: a question to the same actor comes behind it.
      async watch(ref) {
        ctx.watch(ref, 'down');
        await ref.ask('sum');
      },
      down: (down) => {
        sum = down.reason;
      },
      failAtEnd(kind) {
        ctx.onStop(() => FAILURES[kind]());
      },
      restored: () => ctx.restored,
      keep(value) {
        ctx.snapshot(() => value);
        ctx.checkpoint();
      },
    };
  },
});

/** Ways in which an actor can fail. */
const FAILURES = {
  throw: () => {
    throw Object.assign(new TypeError('thrown on request'), {
      code: 'E_REQUEST',
      data: { asked: true },
      cause: new Error('the cause'),
    });
  },
  overflow: () => FAILURES.overflow() + 1,
  exit: () => process.exit(7),
  loop: () => {
    for (;;);
  },
  // Nothing can end a thread in there: it has to be given up.
  blocked: () => execFileSync('sleep', ['4']),
  regex: () => /^(a+)+$/.test(`${'a'.repeat(40)}b`),
  memory: () => {
    const kept = [];
    for (;;) kept.push({ text: `${kept.length}`, more: [kept.length] });
  },
};

/** Fails in `setup` in the way that its arguments say. */
export const Stillborn = actor(import.meta.url, {
  name: 'Stillborn',
  setup: ({ kind }) => {
    FAILURES[kind]();
    return {};
  },
});

/** Keeps what it gets. */
export const Sink = actor(import.meta.url, {
  name: 'Sink',
  setup() {
    const items = [];
    return {
      item: (x) => void items.push(x),
      items: () => items,
      bad() {
        throw { why: () => 'a function in what is thrown' };
      },
    };
  },
});

/** Answers `wait` when it has been opened. */
export const Gate = actor(import.meta.url, {
  name: 'Gate',
  setup(_args, ctx) {
    let isOpen = false;
    return {
      wait: () => (isOpen ? 'open' : ctx.stash()),
      open() {
        isOpen = true;
        ctx.unstash();
      },
    };
  },
});

/** A mailbox of four, whose senders may wait. */
export const Narrow = actor(import.meta.url, {
  name: 'Narrow',
  mailbox: { capacity: 4, overflow: 'wait', waitersMax: 16 },
  setup() {
    const got = [];
    return {
      block: async (gate) => void (await gate.ask('wait')),
      one: (x) => void got.push(x),
      got: () => got,
    };
  },
});
