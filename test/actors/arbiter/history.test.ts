/** Revisions beyond the history are forgotten; what anything needs is not. */
import { fc, test as property } from '@fast-check/vitest';
import {
  applied,
  decide,
  fleet,
  look,
  newService,
  type ServiceInput,
  type ServiceRecord,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';

const AROUND = {
  nowMs: 1000,
  region: 'eu',
  zones: ['a', 'b', 'c'],
  maxStalenessMs: 15_000,
  isFrozen: false,
  reservations: null,
  metric: () => ({ kind: 'missing' }) as const,
};

function specOf(history: number) {
  const service: ServiceInput = {
    kind: 'stateless',
    command: ['x'],
    instances: 2,
    rollout: { strategy: 'rolling', history },
  };
  const regions = [{ name: 'eu', zones: AROUND.zones }];
  const { shop } = fleet({ name: 'test', regions, services: { shop: service } }).services;
  if (shop === undefined) throw new Error('the fleet has lost its service');
  return shop;
}

/** One pass in which no controller answers. */
function pass(record: ServiceRecord): ServiceRecord {
  return decide(look(record, [], AROUND), { states: {}, intents: [] }).record;
}

function idsOf({ revisions }: ServiceRecord): readonly string[] {
  return revisions.map(({ id }) => id);
}

describe('history', () => {
  test('history - old revisions go, the oldest first; stable, target and applied stay', () => {
    const spec = specOf(2);
    let record = newService('shop', spec, 'r1', 0);
    for (let i = 2; i <= 9; i++) record = pass(applied(record, spec, `r${i}`, i));
    // r1 runs, and is stable; r9 is wanted.
    expect(idsOf(record)).toEqual(['r1', 'r7', 'r8', 'r9']);
    // The target is moved back: what was applied is no history either.
    const undone = { ...record, goal: { ...record.goal, target: 'r8' } };
    expect(idsOf(pass(applied(undone, specOf(0), 'r9', 10)))).toEqual(['r1', 'r8', 'r9']);
  });

  test('history - a blocked revision is remembered for as long as it is within the history', () => {
    const spec = specOf(1);
    let record = pass(newService('shop', spec, 'r1', 0));
    record = applied(record, spec, 'r2', 1);
    const revisions = record.revisions.map((one) =>
      one.id === 'r2' ? { ...one, blocked: 'it fails' } : one,
    );
    record = pass(applied({ ...record, revisions }, spec, 'r3', 2));
    expect(record.revisions.map(({ id, blocked }) => [id, blocked])).toEqual([
      ['r1', null],
      ['r2', 'it fails'],
      ['r3', null],
    ]);
    expect(idsOf(pass(applied(record, spec, 'r4', 3)))).toEqual(['r1', 'r3', 'r4']);
  });

  property.prop([
    fc.array(fc.nat({ max: 12 }), { maxLength: 25 }),
    fc.nat({ max: 4 }),
    fc.array(fc.nat({ max: 12 }), { maxLength: 6 }),
  ])('history - whatever is applied, all that is needed is known', (order, history, moves) => {
    const spec = specOf(history);
    let record = pass(newService('shop', spec, 'r0', 0));
    order.forEach((name, i) => {
      record = applied(record, spec, `r${name}`, i);
      // Somebody moves what is stable, and slots are of what they happen to be of.
      const known = idsOf(record);
      const stable = known[(moves[i % moves.length] ?? 0) % known.length] ?? 'r0';
      if (moves.length > 0) record = { ...record, goal: { ...record.goal, stable } };
      record = pass(record);
      const ids = idsOf(record);
      const { goal, slots, instances } = record;
      const needed = new Set([goal.stable, goal.target, record.applied]);
      for (const { revision } of [...slots.values(), ...instances.values(), ...goal.shares]) {
        needed.add(revision);
      }
      for (const id of needed) expect(ids).toContain(id);
      expect(ids.length).toBeLessThanOrEqual(needed.size + history);
      expect(pass(record).revisions).toEqual(record.revisions);
    });
  });
});
