/** Who owns which key: joining, leaving, weights, hot slices, and what is never proposed. */
import { fc, test as property } from '@fast-check/vitest';
import { SLICES, type SliceReading } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { statelessView } from '../service-view.ts';
import { RingWorld } from './ring-world.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A ring of that many that everybody has heard of. */
function settled(demand: number, kind: 'sharded' | 'stateless' = 'sharded', ring = {}): RingWorld {
  const world = new RingWorld(demand, kind, ring);
  world.serveAll();
  world.pass();
  world.acknowledge();
  return world;
}

describe('joining', () => {
  // Guards: A8.
  test('joining - the first ring waits for every shard in every zone', () => {
    const world = new RingWorld(3);
    expect(world.look()).toEqual([]);
    world.serveAll();
    world.put('b', 2, 'starting');
    expect(world.look()).toEqual([]);
    expect(world.state.status).toBe('the first ring waits for shop/eu/b/2 to serve');
    world.put('b', 2, 'ready');
    const [intent] = world.look();
    expect(intent).toMatchObject({ priority: 'safety', act: { generation: 1 } });
    world.pass();
    expect(world.ring?.members).toHaveLength(9);
  });

  test('joining - a shard joins when it serves in every zone, and not a moment before', () => {
    const world = settled(2);
    world.demand = 3;
    world.put('a', 2, 'ready');
    world.put('b', 2, 'ready');
    world.put('c', 2, 'warming');
    expect(world.pass()).toEqual([]);
    expect(world.state.status).toBe('a shard joins when shop/eu/c/2 serves');
    world.put('c', 2, 'ready', { isGoing: true });
    expect(world.pass()).toEqual([]);
    world.put('c', 2, 'ready');
    expect(world.pass()).toEqual(['admitted']);
    expect(world.shards()).toEqual([0, 1, 2]);
  });

  test('joining - nobody joins on an old look', () => {
    const world = new RingWorld(2);
    world.serveAll();
    const instances = world
      .view()
      .instances.map((one) => ({ ...one, seenMs: one.seenMs - 20_000 }));
    expect(world.look({ instances })).toEqual([]);
    expect(world.look()).toHaveLength(1);
  });

  test('joining - a shard that is ready joins before one below it, but for jump hashing', () => {
    for (const [algorithm, joined] of [
      ['ketama', [0, 2]],
      ['jump', [0]],
    ] as const) {
      const world = settled(1, 'sharded', { algorithm });
      world.demand = 3;
      for (const zone of ['a', 'b', 'c']) world.put(zone, 2, 'ready');
      world.pass();
      expect(world.shards()).toEqual(joined);
    }
  });

  test('joining - stateless members join all at once; latecomers are waited for, not for ever', () => {
    const world = new RingWorld(4, 'stateless');
    world.serveAll();
    world.put('a', 3, 'starting');
    expect(world.pass()).toEqual([]);
    expect(world.state.status).toBe('the first ring waits for the others: 3 of 4 members serve');
    world.nowMs += 30_000;
    expect(world.pass()).toEqual(['admitted']);
    expect(world.shards()).toEqual([0, 1, 2]);
    world.acknowledge();
    world.demand = 6;
    world.serveAll();
    expect(world.pass()).toEqual(['admitted']);
    expect(world.shards()).toEqual(range(6));
  });

  test('joining - a silent router holds it back for ring.acknowledge and no longer', () => {
    const world = settled(2);
    world.demand = 3;
    world.serveAll();
    world.pass();
    world.demand = 4;
    world.serveAll();
    expect(world.pass()).toEqual([]);
    expect(world.state.status).toBe('generation 2 is not acknowledged by every router');
    world.nowMs += 29_999;
    expect(world.pass()).toEqual([]);
    world.nowMs += 1;
    expect(world.pass()).toEqual(['admitted']);
    expect(world.shards()).toEqual(range(4));
  });

  test('joining - a service without a ring has none', () => {
    expect(statelessView(3).spec.ring).toBeUndefined();
    const world = new RingWorld(3, 'stateless');
    const { spec } = statelessView(3);
    world.serveAll();
    expect(world.look({ spec })).toEqual([]);
  });
});

describe('leaving', () => {
  // Guards: A5.
  test('leaving - restarts, failures and replacement move no key', () => {
    const world = settled(3);
    for (const state of ['failed', 'unready', 'stopped', 'unknown', 'starting'] as const) {
      for (const zone of ['a', 'b', 'c']) world.put(zone, 1, state);
      expect(world.look(), state).toEqual([]);
    }
    const stateless = settled(4, 'stateless');
    stateless.put('b', 1, 'failed');
    expect(stateless.look()).toEqual([]);
  });

  test('leaving - only the last shard, in all zones, one after the other when its instances are gone', () => {
    const world = settled(5);
    world.demand = 3;
    expect(world.look()[0]).toMatchObject({ priority: 'shrink' });
    world.pass();
    expect(world.shards()).toEqual([0, 1, 2, 3]);
    world.stopExcess();
    expect(world.instances.size, 'nobody is stopped before it is acknowledged').toBe(15);
    expect(world.pass()).toEqual([]);
    world.acknowledge();
    expect(world.pass()).toEqual([]);
    expect(world.state.status).toMatch(/shard 3 leaves when shop\/eu\/a\/4#1, .* is stopped/);
    world.stopExcess();
    expect(world.instances.size).toBe(12);
    expect(world.pass()).toEqual(['admitted']);
    world.acknowledge();
    world.stopExcess();
    expect(world.pass()).toEqual([]);
    expect([world.shards(), world.instances.size]).toEqual([[0, 1, 2], 9]);
  });

  // Guards: A8.
  test('leaving - the last shard stays', () => {
    const world = settled(1);
    world.demand = 0;
    expect(world.look()).toEqual([]);
    expect(world.state.status).toBe('shard 0 is the last one, and a ring is never empty');
  });

  test('leaving - a shard that is needed again comes back while it has all its instances', () => {
    const world = settled(3);
    world.demand = 2;
    world.pass();
    world.acknowledge();
    world.demand = 3;
    expect(world.pass()).toEqual(['admitted']);
    expect(world.shards()).toEqual([0, 1, 2]);
    world.acknowledge();
    world.demand = 2;
    world.pass();
    world.acknowledge();
    world.put('b', 2, 'draining');
    world.demand = 3;
    expect(world.pass()).toEqual([]);
  });

  test('leaving - takes keys away, so it waits for a silent router as long as it takes', () => {
    const world = settled(4);
    world.demand = 2;
    world.pass();
    world.nowMs += 3_600_000;
    for (const zone of ['a', 'b', 'c']) world.instances.delete(`shop/eu/${zone}/3`);
    expect(world.pass()).toEqual([]);
    world.acknowledge();
    expect(world.pass()).toEqual(['admitted']);
  });

  // Guards: A8.
  test('leaving - stateless members go with their slots, no more at once than the guard allows', () => {
    const world = settled(9, 'stateless');
    world.demand = 2;
    const sizes = range(8).map(() => {
      world.pass();
      world.acknowledge();
      return world.shards().length;
    });
    expect(sizes).toEqual([6, 4, 3, 2, 2, 2, 2, 2]);
    world.demand = 0;
    range(4).forEach(() => {
      world.pass();
      world.acknowledge();
    });
    expect(world.shards(), 'a ring is never empty').toHaveLength(1);
    expect(world.state.status).toBe('its last member stays: a ring is never empty');
  });

  test('leaving - a stateless member whose instance goes for good leaves, one that is replaced stays', () => {
    const world = settled(3, 'stateless');
    world.put('b', 1, 'ready', { isGoing: true });
    const slots = world
      .view()
      .slots.map((slot) => (slot.ordinal === 1 ? { ...slot, isReplacing: true } : slot));
    expect(world.look({ slots })).toEqual([]);
    expect(world.pass()).toEqual(['admitted']);
    expect(world.shards()).toEqual([0, 2]);
  });
});

describe('weights and hot slices', () => {
  test('weights - of zones are published, and when they change, published again', () => {
    const ring = { algorithm: 'rendezvous', weights: { b: 2 } };
    const world = settled(3, 'stateless', ring);
    expect(world.ring?.weights).toEqual([1, 2, 1]);
    if (world.ring !== null) world.ring = { ...world.ring, weights: [1, 1, 1] };
    const [intent] = world.look();
    expect(intent).toMatchObject({ priority: 'rebalance', act: { weights: [1, 2, 1] } });
  });

  const hot = { hotKeys: { enabled: true } };
  const loads = (of: Readonly<Record<number, number>>): SliceReading[] =>
    range(SLICES).map((slice) => ({ load: of[slice] ?? 1, holder: null, share: 0 }));

  test('hot slices - one that a member cannot bear gets several owners, in every zone', () => {
    const world = settled(4, 'sharded', hot);
    world.nowMs += 120_000;
    const sliceLoads = loads({ 7: 5000 });
    const [intent] = world.look({ sliceLoads });
    expect(intent).toMatchObject({ priority: 'rebalance' });
    world.pass({ sliceLoads });
    const owners = world.ring?.overrides.find(({ slice }) => slice === 7)?.owners ?? [];
    expect(owners).toHaveLength(12);
    expect(world.look({ sliceLoads }), 'nothing is due before it is acknowledged').toEqual([]);
    world.acknowledge();
    const other = loads({ 900: 5000 });
    expect(world.look({ sliceLoads: other }), 'loads are still those of the last ring').toEqual([]);
    world.nowMs += 120_000;
    expect(world.look({ sliceLoads })).toEqual([]);
    world.nowMs += 120_000;
    expect(world.look({ sliceLoads: other })).toHaveLength(1);
  });

  test('hot slices - nothing is done without loads, switched off, or within the tolerance', () => {
    const world = settled(4, 'sharded', hot);
    world.nowMs += 120_000;
    expect(world.look()).toEqual([]);
    expect(settled(4).look({ sliceLoads: loads({ 7: 5000 }) })).toEqual([]);
    const even = settled(4, 'sharded', { algorithm: 'maglev', hotKeys: { enabled: true } });
    even.nowMs += 120_000;
    expect(even.look({ sliceLoads: loads({}) })).toEqual([]);
  });

  test('hot slices - an hour moves no more than the budget, whoever asks how often', () => {
    const world = settled(4, 'sharded', { hotKeys: { enabled: true, churnPerHour: '1%' } });
    const moved = (): number => world.ring?.overrides.length ?? 0;
    for (const i of range(20)) {
      world.nowMs += 120_000;
      world.pass({ sliceLoads: loads({ [i * 7]: 50_000 }) });
      world.acknowledge();
    }
    expect(moved()).toBe(10);
    world.nowMs += 3_600_000;
    world.pass({ sliceLoads: loads({ 900: 50_000 }) });
    expect(moved()).toBe(11);
  });

  test('hot slices - go back when they are switched off, and with owners that leave', () => {
    const world = settled(3, 'sharded', hot);
    const off = settled(3);
    const overrides = [{ slice: 5, owners: range(3).map((i) => `shop/eu/${'abc'[i]}/2`) }];
    if (world.ring !== null) world.ring = { ...world.ring, overrides };
    if (off.ring !== null) off.ring = { ...off.ring, overrides };
    off.nowMs += 120_000;
    off.pass();
    expect(off.ring?.overrides).toEqual([]);
    world.demand = 2;
    world.pass();
    expect(world.ring?.overrides).toEqual([]);
  });
});

const event = fc.oneof(
  fc.record({ kind: fc.constant('demand' as const), count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    kind: fc.constant('put' as const),
    at: fc.nat(50),
    state: fc.constantFrom('ready', 'unready', 'failed', 'starting', 'unknown'),
  }),
  fc.record({ kind: fc.constantFrom('serve', 'stop', 'acknowledge') }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 60_000 }) }),
);

describe('always', () => {
  // Guards: A4, A5, A6, A8, A14, A16.
  property.prop([fc.constantFrom('sharded', 'stateless'), fc.array(event, { maxLength: 60 })], {
    numRuns: 300,
  })('always - what is proposed is never refused, whole, newer, and settles', (kind, events) => {
    const world = new RingWorld(3, kind);
    for (const one of events) {
      if ('count' in one) world.demand = one.count;
      else if ('state' in one) {
        const slot = world.slots()[one.at % world.slots().length];
        if (slot !== undefined) world.put(slot.zone, slot.ordinal, one.state);
      } else if ('ms' in one) world.nowMs += one.ms;
      else if (one.kind === 'serve') world.serveAll();
      else if (one.kind === 'stop') world.stopExcess();
      else world.acknowledge();

      const before = world.ring;
      const first = world.look();
      expect(world.look(), 'the same view twice gives the same').toEqual(first);
      expect(world.pass()).toEqual(first.map(() => 'admitted'));
      const after = world.ring;
      if (after === null || after === before) continue;
      expect(after.generation).toBe((before?.generation ?? 0) + 1);
      expect(new Set(after.members).size).toBe(after.members.length);
      const perShard = kind === 'sharded' ? 3 : 1;
      expect(after.members).toHaveLength(world.shards().length * perShard);
      expect(after.members.length).toBeGreaterThan(0);
    }
    for (const _ of range(12)) {
      world.serveAll();
      world.nowMs += 1000;
      world.pass();
      world.acknowledge();
      world.stopExcess();
    }
    expect(world.shards()).toEqual(range(world.demand));
    expect(world.look()).toEqual([]);
    expect(world.instances.size).toBe(world.demand * (kind === 'sharded' ? 3 : 1));
  });
});
