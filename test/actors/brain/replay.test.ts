/** Passes that are run again decide the same, byte for byte; and records survive being stored. */
import { fc, test as property } from '@fast-check/vitest';
import {
  decisionText,
  Journal,
  type JournalSpan,
  look,
  recordChanges,
  recordFrom,
  recordingMetric,
  recordOf,
  recordText,
  replaySpan,
  runPass,
  type ServiceInput,
  type ServiceRecord,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { FleetWorld } from '../world/fleet-world.ts';

const HEALTH: ServiceInput['health'] = { readiness: { http: '/r', period: '1s', failures: 1 } };
const canary = (version: string): ServiceInput => ({
  kind: 'stateless',
  version,
  command: ['x'],
  instances: 4,
  health: HEALTH,
  rollout: {
    strategy: 'canary',
    steps: [{ weight: 20 }, { analyze: '20s' }],
    analysis: [{ metric: 'error_ratio', max: '5%', interval: '5s' }],
    comparison: { enabled: false },
  },
  autoscale: { min: 1, max: 9, metric: { name: 'inflight', target: 10 } },
});

/** A world whose passes are noted as the arbiter notes them. */
class Noted extends FleetWorld {
  readonly journal: Journal = new Journal(40, 5);
  /** Changes as they would be stored, applied to what was stored. */
  readonly stored: Map<string, string> = new Map();

  override pass(
    before: ServiceRecord,
    input: Parameters<FleetWorld['pass']>[1],
  ): ReturnType<FleetWorld['pass']> {
    const { metric, ...around } = input.around;
    const recording = recordingMetric(metric);
    const pass = runPass(before, { ...input, around: { ...around, metric: recording.metric } });
    this.journal.note(before, pass.record, {
      observations: input.observations,
      intents: input.intents,
      silent: input.silent ?? [],
      around,
      readings: recording.readings(),
      decided: decisionText(pass.decisions),
    });
    const first = this.stored.size === 0;
    const changes = recordChanges(first ? null : before, pass.record);
    for (const [key, text] of changes.put) this.stored.set(key, text);
    for (const key of changes.delete) this.stored.delete(key);
    return pass;
  }
}

/** As it is after it was written to a file and read again. */
const reread = (span: JournalSpan): JournalSpan => JSON.parse(JSON.stringify(span)) as JournalSpan;

function noted(seed: number, events: readonly number[]): Noted {
  const world = new Noted(canary('v1'), { seed });
  world.traffic.exposed.set('inflight', (_, instance) => (instance === null ? 40 : 10));
  world.run(10_000);
  for (const event of events) {
    if (event === 0) world.apply(canary(`v${1 + (world.nowMs % 3)}`));
    if (event === 1) world.crash([...world.processes.keys()][0] ?? '');
    if (event === 2) world.traffic.fault = world.traffic.fault === null ? 'missing' : null;
    if (event === 3) world.silent = world.silent.length === 0 ? ['rollout'] : [];
    if (event === 4) world.say('abort');
    world.run(1000 * (1 + (event % 7)));
  }
  return world;
}

describe('replay', () => {
  property.prop([fc.nat(), fc.array(fc.nat({ max: 9 }), { maxLength: 30 })], { numRuns: 40 })(
    'replay - with the same build every pass decides the same',
    (seed, events) => {
      const { journal } = noted(seed, events);
      for (const span of journal.spans) {
        expect(replaySpan(reread(span))).toMatchObject({ difference: null });
      }
    },
  );

  test('replay - a reading that was another one shows, at its pass', () => {
    const { journal } = noted(3, [0, 5, 5, 5, 5, 5, 5]);
    const decided = journal.spans.flatMap(({ passes }) => passes.map(({ decided: text }) => text));
    expect(decided.filter((text) => text !== '[]').length).toBeGreaterThan(5);
    const differences = journal.spans.map((span) => {
      const changed = reread(span);
      return replaySpan({
        ...changed,
        passes: changed.passes.map((pass) => ({
          ...pass,
          readings: pass.readings.map(([query]) => [query, { kind: 'missing' }] as const),
        })),
      }).difference;
    });
    expect(differences.some((difference) => difference !== null)).toBe(true);
  });

  test('replay - what changed nothing is not noted, and is not needed', () => {
    const world = new FleetWorld(canary('v1'), { seed: 5 });
    world.run(20_000);
    const looks = [...world.record.instances.keys()].map(
      (instance) => ({ kind: 'agent', instance, word: 'running' }) as const,
    );
    const around = world.around();
    const seen = look(world.record, [...looks, ...looks, ...looks], around);
    expect(seen.used.length).toBeLessThanOrEqual(looks.length);
    const again = look(world.record, seen.used, around);
    expect(recordText(again.record)).toBe(recordText(seen.record));
  });

  test('replay - a journal is bounded by what it weighs, and keeps the last span', () => {
    const world = new FleetWorld(canary('v1'));
    world.run(5000);
    const { metric, ...around } = world.around();
    const journal = new Journal();
    const readings = Array.from({ length: 5000 }, (_, i) => [`${i}`, { kind: 'missing' }] as const);
    const pass = { observations: [], intents: [], silent: [], around, readings, decided: '[]' };
    let record = world.record;
    for (let i = 0; i < 100; i++) {
      const next = { ...record };
      journal.note(record, next, pass);
      record = next;
    }
    const passes = journal.spans.reduce((sum, span) => sum + span.passes.length, 0);
    expect(passes).toBeGreaterThan(3);
    expect(passes).toBeLessThanOrEqual(12);
  });

  test('replay - a journal is bounded, and a new leader begins a new span', () => {
    const world = noted(
      1,
      Array.from({ length: 80 }, () => 6),
    );
    expect(world.journal.spans.length).toBe(5);
    expect(world.journal.spans.every(({ passes }) => passes.length <= 40)).toBe(true);
    const before = world.journal.spans.at(-1);
    world.recover();
    world.tick();
    expect(world.journal.spans.at(-1)).not.toBe(before);
    expect(world.journal.spans.at(-1)?.passes).toHaveLength(1);
  });
});

describe('stored records', () => {
  property.prop([fc.nat(), fc.array(fc.nat({ max: 9 }), { maxLength: 30 })], { numRuns: 40 })(
    'stored records - what was written pass by pass is what is there, but for looks',
    (seed, events) => {
      const world = noted(seed, events);
      const found = recordFrom([...world.stored]);
      const plain = (record: ServiceRecord | null): unknown => {
        if (record === null) return null;
        const { instances, slots, operations, routers, routes, ...head } = record;
        const lives = [...instances.values()].map(({ life, ...entry }) => {
          const { state, sinceMs, mayStop, isKilled } = life;
          return { ...entry, state, sinceMs, mayStop, isKilled };
        });
        const known = [...routers.values()].map(({ seenMs, ...router }) => router);
        const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
        return JSON.parse(
          JSON.stringify({
            head,
            // Their lines follow from the instances.
            routes: { number: routes.number, weights: routes.weights },
            lives: lives.toSorted(byId),
            known: known.toSorted(byId),
            slots: [...slots.values()].toSorted(byId),
            operations: [...operations.keys()].toSorted(),
          }),
        );
      };
      expect(plain(found)).toEqual(plain(world.record));
      // And a keyframe has all of it.
      expect(recordText(recordOf(recordText(world.record)) as ServiceRecord)).toBe(
        recordText(world.record),
      );
    },
  );

  test('stored records - a pass that changes nothing writes nothing', () => {
    const world = new FleetWorld({ ...canary('v1') });
    world.traffic.exposed.set('inflight', (_, instance) => (instance === null ? 40 : 10));
    world.run(30_000);
    const before = world.record;
    let writes = 0;
    for (let i = 0; i < 20; i++) {
      const last = world.record;
      world.tick();
      const { put, delete: gone } = recordChanges(last, world.record);
      writes += put.filter(([key]) => key !== 'controller/autoscaler').length + gone.length;
    }
    expect(writes).toBe(0);
    expect(world.record.decisions).toBe(before.decisions);
  });
});
