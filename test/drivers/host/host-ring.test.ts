/** Rings as a host tells them: shares measured on the table, and what moved with each generation. */
import {
  type DecisionEntry,
  fleet,
  newService,
  type RingRecord,
  type ServiceInput,
  type ServiceSpec,
  type ServiceStatus,
  slotId,
} from 'ringmaster/control-plane';
import { HostMethods } from 'ringmaster/drivers';
import { describe, expect, test } from 'vitest';
import { knownRings, RINGS_MAX, slicesChanged } from '../../../src/drivers/host/ring-history.ts';
import { measureRing, type RingQuestion } from '../../../src/drivers/host/ring-measures.ts';
import { RING } from '../../../src/inspector/protocol/fleet-shapes.ts';

const ZONES = ['a', 'b'];
const regions = [{ name: 'eu', zones: ZONES }];
const KV: ServiceInput = { kind: 'sharded', command: ['x'], budget: { minAvailable: 1 } };
const specOf = (service: ServiceInput): ServiceSpec =>
  fleet({ name: 'shop', regions, services: { kv: service } }).services.kv as ServiceSpec;
const slotsOf = (shards: number): string[] =>
  ZONES.flatMap((zone) =>
    Array.from({ length: shards }, (_, ordinal) =>
      slotId({ service: 'kv', region: 'eu', zone, ordinal }),
    ),
  );
const ringOf = (generation: number, shards: number): RingRecord => {
  const members = slotsOf(shards);
  return { generation, members, weights: members.map(() => 1), overrides: [], publishedMs: 0 };
};
const entry = (act: object, atMs = 0): DecisionEntry =>
  ({ atMs, intent: { act, why: `why at ${atMs}` } }) as DecisionEntry;
const published = (ring: RingRecord, atMs = ring.generation * 100): DecisionEntry =>
  entry({ kind: 'publishRing', ...ring }, atMs);
const questionOf = (service: ServiceInput, now: RingRecord, before: RingRecord): RingQuestion => {
  const { kind, ring } = specOf(service);
  if (ring === undefined) throw new Error('no ring');
  const layout = { kind, ring, replicas: kind === 'sharded' ? 2 : 1, addresses: null };
  return { now: { ...layout, ...now }, before: { ...layout, ...before } };
};

describe('ring measures', () => {
  test.each(['ketama', 'rendezvous', 'jump'] as const)(
    'ring measures - %s: what a new shard gets is what moves, and no more',
    (algorithm) => {
      const service = { ...KV, ring: { algorithm } } as ServiceInput;
      const { owned, moved } = measureRing(questionOf(service, ringOf(2, 4), ringOf(1, 3)));
      const [zero, one, two, three] = slotsOf(4).map((slot) => owned[slot] ?? 0);
      expect(slotsOf(4).map((slot) => owned[slot])).toEqual([
        zero,
        one,
        two,
        three,
        zero,
        one,
        two,
        three,
      ]);
      expect((zero ?? 0) + (one ?? 0) + (two ?? 0) + (three ?? 0)).toBeCloseTo(1, 12);
      // Whatever moved went to the newcomer; ketama and rendezvous are counted exactly.
      expect(moved?.flows.map(({ to }) => to)).toEqual(Array(3).fill('kv/3'));
      expect(moved?.movedShare).toBeCloseTo(moved?.minimumShare ?? 0, 12);
      const digits = algorithm === 'jump' ? 2 : 12;
      expect(moved?.movedShare).toBeCloseTo(three ?? 0, digits);
      expect(moved?.isExact).toBe(algorithm !== 'jump');
    },
  );

  test('ring measures - a member that is to have more is no imbalance', () => {
    const web: ServiceInput = { kind: 'stateless', command: ['x'], ring: { algorithm: 'maglev' } };
    const ring = { ...ringOf(1, 2), weights: [1, 1, 1, 5] };
    const { owned, imbalance, moved } = measureRing({
      ...questionOf(web, ring, ring),
      before: null,
    });
    expect(owned[ring.members[3] ?? '']).toBeCloseTo(5 / 8, 3);
    expect(imbalance).toBeGreaterThanOrEqual(1);
    expect(imbalance).toBeLessThan(1.01);
    expect(moved).toBeNull();
  });

  test('ring measures - of many parts that change hands a dozen are told', () => {
    const { moved } = measureRing(questionOf(KV, ringOf(2, 30), ringOf(1, 20)));
    expect([moved?.flows.length, (moved?.flowsCount ?? 0) > 12]).toEqual([12, true]);
  });
});

describe('ring history', () => {
  test('ring history - as the log has it, the newest first, and never beyond another layout', () => {
    const log = [1, 2, 3].map((generation) => published(ringOf(generation, generation)));
    const rings = knownRings(ringOf(3, 3), log);
    expect(rings.map(({ generation, said }) => [generation, said?.atMs])).toEqual([
      ...[[3, 300]],
      ...[[2, 200]],
      ...[[1, 100]],
    ]);
    const cut = [...log, entry({ kind: 'cutOver', generation: 4 }), published(ringOf(5, 5))];
    expect(knownRings(ringOf(5, 5), cut).map(({ generation }) => generation)).toEqual([5]);
    // What was admitted and is not gone by yet is no ring.
    expect(knownRings(ringOf(2, 2), log).map(({ generation }) => generation)).toEqual([2, 1]);
    expect(knownRings(ringOf(9, 1), [])).toMatchObject([{ generation: 9, said: null }]);
    const many = Array.from({ length: 40 }, (_, i) => published(ringOf(i + 1, 1)));
    expect(knownRings(ringOf(40, 1), many)).toHaveLength(RINGS_MAX);
  });

  test('ring history - slices that others own now', () => {
    const over = (...slices: readonly (readonly [number, string])[]) => ({
      ...ringOf(1, 1),
      said: null,
      overrides: slices.map(([slice, owner]) => ({ slice, owners: [owner] })),
    });
    expect(slicesChanged(over([1, 'x'], [2, 'y']), over([1, 'x'], [2, 'z'], [3, 'x']))).toBe(2);
  });
});

describe('host ring', () => {
  /** A host with one service, whose ring is what the test says; counts what is measured. */
  function hostOf() {
    const at = { ring: ringOf(3, 3), log: [1, 2, 3].map((n) => published(ringOf(n, n))), asked: 0 };
    const rig = { at, isBroken: false };
    const spec = specOf(KV);
    const host = {
      status: async (): Promise<ServiceStatus> => {
        const record = { ...newService('kv', spec, 'r1', 0, null), ring: at.ring };
        return { nowMs: 1000, record } as ServiceStatus;
      },
      why: async () => at.log,
      system: {
        offload: async (_: URL, name: string, question: RingQuestion) => {
          at.asked++;
          if (rig.isBroken || name !== 'measureRing') throw new Error('no thread');
          return measureRing(structuredClone(question));
        },
      },
    };
    const { methods } = new HostMethods(host as never);
    const ask = async () => RING.parse(await methods['Ring.get']?.({ service: 'kv' }));
    return { rig, ask };
  }

  test('host ring - shares, how even they are, and one change more with each look', async () => {
    const { rig, ask } = hostOf();
    const first = await ask();
    expect(first).toMatchObject({ generation: 3, balance: { most: 1.1, isExact: true } });
    expect(first.members.reduce((sum, { owned }) => sum + (owned ?? 0), 0)).toBeCloseTo(2, 12);
    expect(first.changes).toMatchObject([{ from: 2, to: 3, agoMs: 700, why: 'why at 300' }]);
    const second = await ask();
    expect(second.changes).toMatchObject([{ to: 3 }, { from: 1, to: 2, slices: 0 }]);
    expect(second.changes[1]?.movedShare).toBe(second.changes[1]?.minimumShare);
    expect(await ask()).toEqual(second);
    expect(rig.at.asked).toBe(2);
  });

  test('host ring - another generation is measured once, and told with what it moved', async () => {
    const { rig, ask } = hostOf();
    for (let i = 0; i < 3; i++) await ask();
    rig.at.ring = ringOf(4, 4);
    rig.at.log = [...rig.at.log, published(rig.at.ring)];
    const [newest] = (await ask()).changes;
    expect(newest).toMatchObject({ from: 3, to: 4 });
    expect(newest?.flows.map(({ to }) => to)).toEqual(['kv/3', 'kv/3', 'kv/3']);
    expect((await ask()).changes.map(({ to }) => to)).toEqual([4, 3, 2]);
    expect(rig.at.asked).toBe(3);
  });

  test('host ring - a service that was removed and applied anew has a ring of its own', async () => {
    const { rig, ask } = hostOf();
    rig.at.ring = ringOf(1, 3);
    rig.at.log = [published(ringOf(1, 3))];
    await ask();
    rig.at.ring = ringOf(1, 4);
    rig.at.log = [...rig.at.log, published(rig.at.ring, 700)];
    const { members } = await ask();
    expect(members.reduce((sum, { owned }) => sum + (owned ?? 0), 0)).toBeCloseTo(2, 12);
    expect(members.every(({ owned }) => owned !== null)).toBe(true);
  });

  test('host ring - what cannot be measured is told as that, and tried again', async () => {
    const { rig, ask } = hostOf();
    rig.isBroken = true;
    const broken = await ask();
    expect(broken).toMatchObject({ balance: null, changes: [] });
    expect(broken.members.every(({ owned }) => owned === null)).toBe(true);
    rig.isBroken = false;
    expect((await ask()).balance).not.toBeNull();
  });
});
