/**
 * The supervisor's machine: random lives of random children under invariants, then what each
 * strategy does in the moments where two things happen at once.
 */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { ChildExit } from '../../../src/runtime/supervision/supervisor.machine.ts';
import type {
  RestartType,
  SupervisorStrategy,
} from '../../../src/runtime/supervision/supervisor-options.ts';
import { type Child, MachineWorld } from './machine-world.ts';

const STRATEGIES: readonly SupervisorStrategy[] = ['one_for_one', 'one_for_all', 'rest_for_one'];
const RESTARTS: readonly RestartType[] = ['permanent', 'permanent', 'transient', 'temporary'];
const REASONS: readonly ChildExit[] = ['crash', 'crash', 'normal', 'shutdown', 'killed', 'lost'];
const ANSWERS = ['started', 'started', 'failed', 'later', 'later'] as const;

const pick = <T>(from: readonly T[], number: number): T => from[number % from.length] as T;

/** One random thing happens. */
function act(world: MachineWorld, what: number, which: number): void {
  const child = world.listed.length > 0 ? pick(world.listed, which) : null;
  world.nowMs += which % 7;
  if (what === 0 || child === null) world.add(pick(RESTARTS, which));
  else if (what === 1) world.answerStart(child, which % 3 > 0);
  else if (what === 2) world.end(child, pick(REASONS, which >> 4));
  else if (what === 3)
    for (const each of [...world.listed]) if (each.stopAsked) world.end(each, 'shutdown');
  if (child === null) return;
  if (what === 4) world.sayLate(child);
  else if (what === 5) world.waitOver(which % 2 === 0 ? null : child);
  else if (what === 6 && which % 3 === 0) world.machine.remove(child);
  else if (what === 7 && which % 11 === 0) world.machine.stopAll();
}

const crashAll = (world: MachineWorld, children: readonly Child[]): void => {
  for (const child of children) world.end(child, 'crash');
};

describe('supervisor machine', () => {
  // Guards: S2. The world checks: no second start before an end, one stop per life, starts in order
  // and stops in reverse, gone once, nothing after the end.
  test.prop(
    [
      fc.constantFrom(...STRATEGIES),
      fc.constantFrom(0, 1, 5, 1000),
      fc.constantFrom(0, 10),
      fc.array(fc.tuple(fc.nat(7), fc.nat(10_000)), { maxLength: 120 }),
    ],
    { numRuns: 3000 },
  )('supervisor - whatever happens, it comes to rest: all run, or all are gone', (...drawn) => {
    const [strategy, restarts, initial, acts] = drawn;
    let draws = 0;
    const world = new MachineWorld(
      { strategy, intensity: { restarts, within: 50 }, backoff: { initial } },
      () => pick(ANSWERS, (acts[draws++ % Math.max(1, acts.length)]?.[1] ?? 0) >> 3),
    );
    const permanent: Child[] = [];
    for (const [what, which] of acts) {
      const before = world.listed.length;
      act(world, what, which);
      const last = world.listed.at(-1);
      if (world.listed.length > before && last?.restart === 'permanent') permanent.push(last);
    }
    world.settle();
    if (world.machine.isClosing) expect(world.closedFor).not.toBe(null);
    expect(world.machine.size).toBe(world.listed.length);
    for (const child of world.listed)
      expect([child.status, child.life]).toEqual(['running', 'running']);
    for (const { goneFor } of permanent) {
      expect([null, 'removed', 'closed', 'start-failed']).toContain(goneFor);
    }
    world.machine.stopAll();
    world.settle();
    expect([world.closedFor === null, world.machine.size]).toEqual([false, 0]);
  });

  // Guards: S2
  test.each([
    ['one_for_one', 2, ['start 2']],
    ['one_for_all', 2, ['stop 4', 'stop 3', 'stop 1', 'start 1', 'start 2', 'start 4']],
    ['rest_for_one', 2, ['stop 4', 'stop 3', 'start 2', 'start 4']],
  ] as const)(
    'supervisor - %s restarts in order, without its temporary child',
    (strategy, id, log) => {
      const world = new MachineWorld({ strategy, backoff: false });
      for (const restart of ['permanent', 'permanent', 'temporary', 'transient'] as const) {
        world.add(restart);
      }
      expect(world.take()).toEqual(['start 1', 'start 2', 'start 3', 'start 4']);
      world.end(world.listed[id - 1] as Child, 'crash');
      world.settle();
      expect(world.take()).toEqual(log);
    },
  );

  // Guards: S2
  test.each([
    ['permanent', 'normal', true],
    ['permanent', 'shutdown', true],
    ['permanent', 'crash', true],
    ['transient', 'normal', false],
    ['transient', 'shutdown', false],
    ['transient', 'crash', true],
    ['transient', 'killed', true],
    ['transient', 'lost', true],
    ['temporary', 'crash', false],
    ['temporary', 'normal', false],
  ] as const)(
    'supervisor - a %s child that ends with %s: restarted %s',
    (restart, reason, again) => {
      const world = new MachineWorld({ backoff: false });
      const child = world.add(restart);
      world.end(child, reason);
      expect([child.status, child.goneFor]).toEqual(again ? ['running', null] : ['gone', reason]);
    },
  );

  // Guards: S1, S2
  test.each(STRATEGIES)(
    'supervisor - %s: one restart too many stops all in reverse',
    (strategy) => {
      const world = new MachineWorld({
        strategy,
        intensity: { restarts: 2, within: 100 },
        backoff: false,
      });
      const children = [world.add('permanent'), world.add('permanent'), world.add('temporary')];
      crashAll(world, children.slice(0, 1));
      world.settle();
      world.nowMs = 50;
      crashAll(world, children.slice(0, 1));
      world.settle();
      // The first one counts up to here, the boundary included.
      world.nowMs = 100;
      world.take();
      crashAll(world, children.slice(0, 1));
      world.settle();
      const temporaryRuns = strategy === 'one_for_one';
      expect(world.take()).toEqual(temporaryRuns ? ['stop 3', 'stop 2'] : ['stop 2']);
      expect(world.closedFor).toBe('intensity');
      expect(children[0]?.goneFor).toBe('closed');
    },
  );

  // Guards: S2
  test.each(STRATEGIES)(
    'supervisor - %s: a restart that fails to start counts and is retried',
    (strategy) => {
      let fails = 0;
      const world = new MachineWorld(
        { strategy, intensity: { restarts: 3 }, backoff: false },
        () => (fails-- > 0 ? 'failed' : 'started'),
      );
      const child = world.add('permanent');
      fails = 2;
      world.end(child, 'crash');
      expect([world.take().length, child.status, world.closedFor]).toEqual([4, 'running', null]);
      fails = 9;
      world.end(child, 'crash');
      expect(world.closedFor).toBe('intensity');
    },
  );

  test.each(STRATEGIES)(
    'supervisor - %s: a first start that fails is the end of the child alone',
    (strategy) => {
      let answer: 'started' | 'failed' = 'started';
      const world = new MachineWorld({ strategy, intensity: { restarts: 0 } }, () => answer);
      const first = world.add('permanent');
      answer = 'failed';
      const second = world.add('permanent');
      expect([second.goneFor, first.status, world.closedFor]).toEqual([
        'start-failed',
        'running',
        null,
      ]);
    },
  );

  test('supervisor - ten thousand starts that fail at once need no stack', () => {
    let fails = 0;
    const restarts = 20_000;
    const world = new MachineWorld({ intensity: { restarts, within: '1h' }, backoff: false }, () =>
      fails-- > 0 ? 'failed' : 'started',
    );
    const child = world.add('permanent');
    fails = 10_000;
    world.end(child, 'crash');
    expect([child.incarnation, child.status]).toEqual([10_002, 'running']);
  });

  // Guards: S2
  test('supervisor - an earlier child that fails while later ones are restarted widens the group', () => {
    const world = new MachineWorld({ strategy: 'rest_for_one', backoff: false }, () => 'later');
    const children = [1, 2, 3].map(() => world.add('permanent'));
    world.settle();
    world.take();
    const [one, two, three] = children as [Child, Child, Child];
    world.end(two, 'crash');
    world.end(one, 'crash');
    expect(world.take()).toEqual(['stop 3']);
    world.end(three, 'shutdown');
    world.settle();
    expect(world.take()).toEqual(['start 1', 'start 2', 'start 3']);
  });

  // Guards: S2
  test('supervisor - a restarted child that fails before its siblings started begins again', () => {
    const world = new MachineWorld({ strategy: 'one_for_all', backoff: false }, () => 'later');
    const [one, two] = [world.add('permanent'), world.add('permanent')];
    world.settle();
    world.end(two, 'crash');
    world.end(one, 'shutdown');
    world.take();
    world.answerStart(one, true);
    world.end(one, 'crash');
    expect(world.take()).toEqual(['start 2', 'stop 2']);
    world.settle();
    expect([world.take(), two.status]).toEqual([['start 1', 'start 2'], 'running']);
  });

  test('supervisor - a child that is added during a group restart waits for its turn', () => {
    const world = new MachineWorld({ strategy: 'one_for_all', backoff: false }, () => 'later');
    const [one, two] = [world.add('permanent'), world.add('permanent')];
    world.settle();
    world.take();
    world.end(one, 'crash');
    const late = world.add('temporary');
    expect(world.take()).toEqual(['stop 2']);
    world.end(two, 'shutdown');
    world.settle();
    expect([world.take(), late.status]).toEqual([['start 1', 'start 2', 'start 3'], 'running']);
  });

  test('supervisor - a child that is added after the whole group was removed is started', () => {
    const world = new MachineWorld({ strategy: 'rest_for_one', backoff: { firstAtOnce: false } });
    const [, two] = [world.add('permanent'), world.add('permanent')];
    world.end(two as Child, 'crash');
    expect([...world.waits.keys()]).toEqual([null]);
    world.machine.remove(two as Child);
    const late = world.add('permanent');
    world.settle();
    expect([two?.goneFor, late.status]).toEqual(['removed', 'running']);
  });

  // Guards: S2
  test('supervisor - stopAll in the middle of a start stops it, in reverse, and ends once', () => {
    const world = new MachineWorld({}, () => 'later');
    const [one, two] = [world.add('permanent'), world.add('permanent')];
    world.answerStart(one, true);
    world.machine.stopAll();
    world.machine.stopAll();
    expect(world.take().slice(2)).toEqual(['stop 2']);
    world.answerStart(two, false);
    world.end(one, 'crash');
    expect([world.take(), world.closedFor]).toEqual([['stop 1'], 'shutdown']);
    expect([one.goneFor, two.goneFor, world.machine.remove(one)]).toEqual([
      'closed',
      'closed',
      false,
    ]);
  });

  test('supervisor - a child that crashes again and again waits longer, until it was healthy', () => {
    const world = new MachineWorld({
      intensity: { restarts: Number.POSITIVE_INFINITY },
      backoff: { initial: 100, max: 350, jitter: 'none', healthyAfter: 1000 },
    });
    const child = world.add('permanent');
    const waits: (number | undefined)[] = [];
    for (let crash = 0; crash < 6; crash++) {
      world.end(child, 'crash');
      waits.push(world.waits.get(child));
      world.waitOver(child);
      world.nowMs += 999;
    }
    expect(waits).toEqual([undefined, 100, 200, 350, 350, 350]);
    world.nowMs += 1;
    world.end(child, 'crash');
    expect([world.waits.size, child.status]).toEqual([0, 'running']);
  });

  test('supervised child - a move that is not drawn is a bug', () => {
    const child = new MachineWorld({}).add('permanent');
    expect(() => child.move('waiting')).toThrow(/running -> waiting; expected one of/);
  });
});
