/**
 * Pass after pass, with crashes, losses of sight, rings and operations in between: what was admitted
 * never breaks a quorum, and never takes from two zones.
 */
import { fc, test as property } from '@fast-check/vitest';
import {
  type Act,
  admit,
  type InstanceView,
  type Intent,
  type OperationView,
  type ServiceView,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { instanceView, intentOf, NOW_MS, ringView, shardedView } from '../service-view.ts';

const ZONES = ['a', 'b', 'c'];
const SHARDS = 3;

type Step =
  | { readonly do: 'crash' | 'hide' | 'settle'; readonly at: number }
  | { readonly do: 'pass'; readonly wants: readonly (readonly [string, number])[] }
  | { readonly do: 'acknowledge' };

/** A service as it is; what the arbiter sees of it may be older. */
class World {
  nowMs: number = NOW_MS;
  instances: InstanceView[];
  /** Really gone, though the last look at them says otherwise. */
  readonly hidden: Set<string> = new Set();
  operations: OperationView[] = [];
  ring: NonNullable<ServiceView['ring']>;
  /** Slots that a decision has taken while they served, until they serve again. */
  readonly taken: Set<string> = new Set();
  private incarnation = 1;

  constructor() {
    this.instances = [...shardedView(SHARDS).instances];
    this.ring = ringView(
      1,
      this.instances.map(({ slot }) => slot),
    );
  }

  view(): ServiceView {
    const { nowMs, operations, ring } = this;
    const instances = this.instances.map((one) =>
      this.hidden.has(one.id) ? one : { ...one, seenMs: nowMs },
    );
    return { ...shardedView(SHARDS), nowMs, instances, operations, ring };
  }

  isServing({ id, state, isEjected, readySinceMs }: InstanceView): boolean {
    if (this.hidden.has(id) || state !== 'ready' || isEjected || readySinceMs === null)
      return false;
    const isOpen = this.operations.some(
      ({ target, outcome }) => target === id && outcome !== 'done',
    );
    return !isOpen && this.nowMs - readySinceMs >= 10_000;
  }

  serving(ordinal: number): number {
    const slots = this.instances.filter(
      (one) =>
        one.ordinal === ordinal && this.ring.members.includes(one.slot) && this.isServing(one),
    );
    return new Set(slots.map(({ slot }) => slot)).size;
  }

  shards(): readonly number[] {
    return [...new Set(this.ring.members.map((slot) => Number(slot.split('/').at(-1))))];
  }

  change(at: number, more: Partial<InstanceView>): void {
    this.instances = this.instances.map((one, i) => (i === at ? { ...one, ...more } : one));
  }

  lose(at: number, isSeen: boolean): void {
    const one = this.instances[at];
    if (one === undefined) return;
    // By itself: from now on it is no decision that it is away.
    if (one.state !== 'stopping') this.taken.delete(one.slot);
    if (isSeen) this.change(at, { state: 'failed', readySinceMs: null });
    else if (this.isServing(one)) {
      this.hidden.add(one.id);
      this.change(at, { seenMs: this.nowMs - 15_001 });
    }
  }

  /** A slot gets an instance that serves; what was under way there is done. */
  settle(at: number): void {
    const slot = `shop/eu/${ZONES[at % 3]}/${Math.floor(at / 3) % SHARDS}`;
    const targets = this.instances.filter((one) => one.slot === slot).map(({ id }) => id);
    this.instances = this.instances.filter((one) => one.slot !== slot);
    this.operations = this.operations.filter(
      ({ target }) => !targets.includes(target) && !target.startsWith(`${slot}#`),
    );
    const [, , zone = '', ordinal = ''] = slot.split('/');
    const id = `${slot}#${++this.incarnation}`;
    this.instances.push({ ...instanceView({ zone, ordinal: Number(ordinal) }), id });
    this.taken.delete(slot);
  }

  obey(act: Act): void {
    if (act.kind === 'publishRing') {
      this.ring = { ...this.ring, generation: act.generation, members: act.members };
      return;
    }
    if (!('instance' in act)) return;
    const at = this.instances.findIndex(({ id }) => id === act.instance);
    const one = this.instances[at] as InstanceView;
    if (this.isServing(one)) this.taken.add(one.slot);
    if (act.kind === 'eject') {
      this.change(at, { isEjected: true });
      return;
    }
    const key = `${act.kind} ${one.id}`;
    const operation = { key, kind: act.kind, target: one.id, issuedMs: this.nowMs };
    this.operations.push({ ...operation, outcome: 'issued' });
    // Some are gone from sight at once; their operation is still open.
    if (at % 2 === 0) this.instances.splice(at, 1);
    else this.change(at, { state: 'stopping', readySinceMs: null });
  }
}

function publish(generation: number, members: readonly string[]): Act {
  const weights = members.map(() => 1);
  return { kind: 'publishRing', generation, members, weights, overrides: [] };
}

function actOf(world: World, [kind, at]: readonly [string, number]): Act | null {
  const { ring } = world;
  const generation = ring.generation + 1;
  const all = ZONES.flatMap((zone) => [0, 1, 2].map((shard) => `shop/eu/${zone}/${shard}`));
  if (kind === 'zones') {
    const members = all.filter((slot) => slot.split('/')[2] !== ZONES[at % 3]);
    return publish(generation, members);
  }
  if (kind === 'shards') {
    const members = all.filter((slot) => Number(slot.split('/')[3]) <= at % 4);
    return publish(generation, members);
  }
  const one = world.instances[at];
  if (one === undefined) return null;
  const { id: instance, slot } = one;
  return { kind, instance, slot, revision: 'r1' } as Act;
}

function intentFor(act: Act, i: number): Intent {
  const priority = (['safety', 'rollback', 'heal', 'shrink'] as const)[i % 4] ?? 'heal';
  return intentOf(act, { who: 'operator', priority, expiresMs: Number.MAX_SAFE_INTEGER });
}

function pass(world: World, wants: readonly (readonly [string, number])[]): void {
  const acts = wants.flatMap((want) => actOf(world, want) ?? []);
  const before = new Map(world.shards().map((shard) => [shard, world.serving(shard)]));
  const decisions = admit(world.view(), acts.map(intentFor));
  for (const { intent, verdict } of decisions)
    if (verdict.kind === 'admitted') world.obey(intent.act);
  for (const shard of world.shards()) {
    const now = world.serving(shard);
    if (now < (before.get(shard) ?? 0)) expect(now).toBeGreaterThanOrEqual(2);
  }
  const zones = [...world.taken]
    .filter((slot) => world.ring.members.includes(slot))
    .map((slot) => slot.split('/')[2]);
  expect(new Set(zones).size).toBeLessThanOrEqual(1);
}

describe('admission over passes', () => {
  const want = fc.tuple(
    fc.constantFrom('replace', 'stop', 'eject', 'fence', 'zones', 'shards'),
    fc.nat({ max: 10 }),
  );
  const at = fc.nat({ max: 10 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constantFrom('crash', 'hide', 'settle'), at }),
    fc.record({ do: fc.constant('pass'), wants: fc.array(want, { maxLength: 8 }) }),
    fc.record({ do: fc.constant('acknowledge') }),
  );

  property.prop([fc.array(step, { maxLength: 25 })], { numRuns: 1000 })(
    'admission - no sequence of passes breaks a quorum or takes from two zones',
    (steps) => {
      // Guards: A1, A2, A13.
      const world = new World();
      for (const one of steps) {
        world.nowMs += 1000;
        if (one.do === 'pass') pass(world, one.wants);
        else if (one.do === 'acknowledge') {
          world.ring = { ...world.ring, acknowledged: world.ring.generation };
        } else if (one.do === 'settle') world.settle(one.at);
        else world.lose(one.at, one.do === 'crash');
      }
    },
  );

  test('admission - a ring keeps a shard in all of its zones, or lets it go in all', () => {
    // Guards: A4, A8.
    const world = new World();
    pass(world, [['zones', 0]]);
    expect(world.ring.generation).toBe(1);
    pass(world, [['shards', 1]]);
    expect(world.shards()).toEqual([0, 1]);
    expect(world.ring.members).toHaveLength(6);
  });
});
