/** What holds for the healer whatever happens: budget, panic, blindness, poison, flapping. */
import { fc, test as property } from '@fast-check/vitest';
import type { Intent } from 'ringmaster/control-plane';
import { describe, expect } from 'vitest';
import { HealWorld, type Readings } from './heal-world.ts';

type Reading = number | 'missing' | 'stale';
const kinds = (intents: readonly Intent[]): string[] => intents.map(({ act }) => act.kind);
const WELL: Readings = { requests: 1000, errors: 2, consecutive_errors: 0, p50: 10, p99: 40 };

const event = fc.oneof(
  fc.record({
    kind: fc.constantFrom('failing', 'unready', 'ready', 'unknown', 'end', 'unseen', 'zombie'),
    at: fc.nat(39),
  }),
  fc.record({
    kind: fc.constant('read' as const),
    at: fc.nat(39),
    errors: fc.constantFrom<Reading>(0, 5, 50, 'missing', 'stale'),
    p99: fc.constantFrom<Reading>(40, 400, 'missing'),
  }),
  fc.record({ kind: fc.constantFrom('restart', 'finish', 'seen', 'calm') }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 70_000 }) }),
);
type Event = typeof event extends fc.Arbitrary<infer One> ? One : never;

function happen(world: HealWorld, one: Event): void {
  if ('ms' in one) world.nowMs += one.ms;
  else if (!('at' in one)) {
    if (one.kind === 'restart') world.restart();
    if (one.kind === 'finish') world.finishReplacements();
    if (one.kind === 'seen') world.unseen.clear();
    if (one.kind === 'calm') world.everybodyReads(WELL);
  } else {
    const at = one.at % world.slots.length;
    const slot = world.slots[at]?.id;
    if (one.kind === 'zombie') world.zombies = [`shop/eu/a/${at}#0`];
    if (!world.instances.some((each) => each.slot === slot && !each.isGoing)) return;
    const { id } = world.at(at);
    if ('errors' in one) {
      world.readings.set(id, { ...WELL, consecutive_errors: one.errors, p99: one.p99 });
    } else if (one.kind === 'failing') world.change(at, { isFailing: true });
    else if (one.kind === 'end') world.end(at, 'exit 1');
    else if (one.kind === 'unseen') world.unseen.add(id);
    else if (one.kind !== 'zombie') world.change(at, { state: one.kind, isFailing: false });
  }
}

describe('always', () => {
  // Guards: A10, A14.
  property.prop(
    [
      fc.constantFrom(1, 2, 3, 7, 20, 40),
      fc.array(fc.record({ event, isLost: fc.boolean() }), { maxLength: 80 }),
    ],
    { numRuns: 500 },
  )('always - within the budget, no hand in panic or blind, the same twice', (count, events) => {
    const world = new HealWorld(count);
    world.everybodyReads(WELL);
    const most = Math.max(1, Math.floor(count * 0.1));
    for (const { event: one, isLost } of events) {
      happen(world, one);
      const first = world.look();
      const state = world.state;
      expect(world.look(), 'the same view twice gives the same').toEqual(first);
      expect(JSON.parse(JSON.stringify(world.state)), 'state is plain data').toEqual(state);
      const intents = world.pass((intent) => isLost && intent.act.kind !== 'readmit');
      const taken = kinds(intents).filter((kind) => kind === 'replace' || kind === 'eject');
      if (/^(panic|blind)/.test(world.state.status)) expect(taken).toEqual([]);
      const remedied = world.slots.filter(({ isReplacing }) => isReplacing).length;
      expect(remedied, world.state.status).toBeLessThanOrEqual(most);
      const ejected = world.instances.filter(({ isEjected, isGoing }) => isEjected && !isGoing);
      expect(ejected.length).toBeLessThanOrEqual(most);
      for (const { act } of intents) {
        if (act.kind !== 'eject') continue;
        const { consecutive_errors: errors, p99 } = world.readings.get(act.instance) ?? {};
        expect(errors === 5 || errors === 50 || p99 === 400).toBe(true);
      }
    }
  });

  // Guards: A10.
  property.prop([
    fc.array(fc.record({ member: fc.nat(9), isPoison: fc.boolean() }), { maxLength: 60 }),
  ])('always - a poison key never takes down a third member', (works) => {
    const world = new HealWorld(10);
    const downed = new Set<number>();
    for (const { member, isPoison } of works) {
      world.restart();
      world.nowMs += 5000;
      if (isPoison && !world.quarantinedKeys.includes('poison')) {
        world.end(member, 'poisoned', 'poison');
        downed.add(member);
      } else if (!isPoison) world.end(member, 'something else', `key-${member}`);
      world.pass();
    }
    expect(downed.size).toBeLessThanOrEqual(2);
  });

  // Guards: A12.
  property.prop([fc.array(fc.integer({ min: 100, max: 20_000 }), { maxLength: 200 })])(
    'always - flapping costs no more than one replacement in a backoff',
    (turns) => {
      const world = new HealWorld(4);
      for (const [i, ms] of turns.entries()) {
        world.nowMs += ms;
        world.finishReplacements();
        world.change(1, { state: i % 2 === 0 ? 'unready' : 'ready' });
        world.pass();
      }
      const times = world.replaced.map(({ atMs }) => atMs);
      const waits = times.slice(1).map((atMs, i) => atMs - (times[i] ?? 0));
      for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(10_000);
    },
  );
});
