/** What would come of an operator's change, against what does come of it; and when a revision is another. */
import { fc, test as property } from '@fast-check/vitest';
import {
  type ChangeWanted,
  CONTROLLER_NAMES,
  foreseen,
  INSTANCE_ACTIONS,
  instanceActions,
  operatorIntent,
  type RolloutState,
  recordRevision,
  runPass,
  type ServiceInput,
  type ServiceStatus,
  serviceActions,
  VERBS,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { FleetWorld } from '../world/fleet-world.ts';

const canary = (version: string, more: Partial<ServiceInput> = {}): ServiceInput =>
  ({
    kind: 'stateless',
    version,
    command: ['x'],
    instances: 4,
    rollout: {
      strategy: 'canary',
      steps: [{ weight: 25 }, { pause: 'manual' }, { weight: 50 }, { pause: '30s' }],
    },
    ...more,
  }) as ServiceInput;

function statusOf(world: FleetWorld, heldBy: string | null = null): ServiceStatus {
  const { record, nowMs } = world;
  const { metric, ...around } = world.around();
  const holds = { heldBy, isFleetFrozen: world.isFrozen };
  const revision = recordRevision(record, holds);
  const rest = { hasPassed: true, isSettled: true, attention: [], waits: [] };
  return { nowMs, record, revision, around, ...holds, ...rest };
}

const rolloutOf = ({ record }: FleetWorld): RolloutState =>
  record.controllers.rollout as RolloutState;
const actionsOf = (world: FleetWorld): readonly string[] => serviceActions(statusOf(world));

/** At its manual step. */
function paused(): FleetWorld {
  const world = new FleetWorld(canary('v1'));
  world.run(60_000);
  world.apply(canary('v2'));
  expect(world.until(() => rolloutOf(world).phase === 'paused')).toBe(true);
  return world;
}

describe('foreseen changes', () => {
  test('foreseen changes - of a calm service and of one that waits for promote', () => {
    const calm = new FleetWorld(canary('v1'));
    calm.run(60_000);
    expect(actionsOf(calm)).toEqual(['restart', 'hold', 'freeze']);
    const world = paused();
    const onTheWay = ['promote', 'promoteFull', 'pause', 'resume', 'abort', 'undo'];
    expect(actionsOf(world)).toEqual([...onTheWay, 'hold', 'freeze']);
    world.say('abort');
    world.until(() => rolloutOf(world).phase === 'aborted');
    expect(actionsOf(world)).toEqual(['retry', 'undo', 'hold', 'freeze']);
  });

  test('foreseen changes - what is refused is so in the words of the rollout', () => {
    const world = new FleetWorld(canary('v1'));
    world.run(60_000);
    const promote = { kind: 'verb', verb: 'promote', to: null } as const;
    expect(foreseen(statusOf(world), promote)).toEqual({
      kind: 'refused',
      note: 'promote ignored: nothing is being rolled out',
    });
    expect(foreseen(statusOf(paused()), promote)).toMatchObject({ kind: 'admitted' });
  });

  test('foreseen changes - what is taken back can be taken back only once', () => {
    const world = new FleetWorld(canary('v1'));
    world.run(60_000);
    world.observe({ kind: 'freeze', isFrozen: true });
    world.observe({ kind: 'hold', count: 4, untilMs: world.nowMs + 1e9 });
    world.tick();
    expect(actionsOf(world)).toEqual(['restart', 'hold', 'unhold', 'unfreeze']);
    expect(serviceActions(statusOf(world, 'INV-1: x'))).toContain('release');
    const key = { ...statusOf(world).record, quarantinedKeys: ['k'] };
    expect(serviceActions({ ...statusOf(world), record: key })).toContain('releaseKey');
    const gone = { ...statusOf(world).record, removal: { sinceMs: 0 } };
    expect(serviceActions({ ...statusOf(world), record: gone })).not.toContain('promote');
  });

  test('foreseen changes - of instances: who leaves can be kept until it is told to end', () => {
    const world = new FleetWorld(canary('v1'));
    world.behaviours.set('v1', { drainMs: 20_000 });
    world.run(60_000);
    const [id = ''] = world.record.instances.keys();
    const of = () => instanceActions(statusOf(world)).get(id);
    expect(of()).toEqual(['replace', 'drain']);
    world.want(
      operatorIntent({ name: 'shop', nowMs: world.nowMs }, { kind: 'stop', instance: id }),
    );
    const seen = new Set<string>();
    world.until(() => {
      seen.add(JSON.stringify(of() ?? 'gone'));
      return !world.record.instances.has(id);
    });
    expect([...seen]).toEqual(['["replace","drain"]', '["keep"]', '[]', '"gone"']);
  });

  const moves = fc.array(
    fc.oneof(
      fc.constantFrom('v1', 'v2', 'v3').map((version) => ({ apply: version })),
      fc.constantFrom(...VERBS).map((verb) => ({ say: verb })),
      fc.nat({ max: 40 }).map((ticks) => ({ run: ticks })),
      fc.record({ touch: fc.nat({ max: 5 }), by: fc.constantFrom(...INSTANCE_ACTIONS) }),
    ),
    { maxLength: 25 },
  );

  property.prop([moves, fc.nat()], { numRuns: 40 })(
    'foreseen changes - wherever a service is, what is foreseen is what comes',
    (script, seed) => {
      const world = new FleetWorld(canary('v1'), { seed });
      world.run(30_000);
      for (const move of script) {
        if ('apply' in move) world.apply(canary(move.apply));
        else if ('run' in move) world.run(move.run * 1000);
        else if ('say' in move) {
          // An apply that waits for its pass is no part of what is looked at.
          world.tick();
          const { kind } = foreseen(statusOf(world), { kind: 'verb', verb: move.say, to: null });
          world.say(move.say);
          world.tick();
          const isIgnored = (rolloutOf(world).lastNote ?? '').startsWith(`${move.say} ignored`);
          expect([move.say, isIgnored]).toEqual([move.say, kind === 'refused']);
        } else expectInstance(world, move.touch, move.by);
        expectSameOneByOne(world);
      }
    },
  );
});

function expectInstance(world: FleetWorld, at: number, action: (typeof INSTANCE_ACTIONS)[number]) {
  const entry = [...world.record.instances.values()][at];
  if (entry === undefined) return;
  const { id: instance, slot, revision } = entry;
  const { kind } = foreseen(statusOf(world), { kind: action, instance });
  const act =
    action === 'replace'
      ? ({ kind: 'replace', slot, instance, revision } as const)
      : ({ kind: action === 'keep' ? 'keep' : 'stop', instance } as const);
  const intent = operatorIntent({ name: 'shop', nowMs: world.nowMs }, act);
  const around = { ...world.around(), metric: () => ({ kind: 'missing' }) as const };
  const input = { observations: [], intents: [intent], around, silent: CONTROLLER_NAMES };
  const pass = runPass(world.record, input);
  const verdict = pass.decisions.find((one) => one.intent === intent)?.verdict;
  const after = pass.record.instances.get(instance);
  // What is foreseen to change nothing is refused, or leaves the instance as it was.
  if (kind !== 'refused') expect(verdict?.kind).toBe(kind);
  else if (verdict?.kind !== 'refused') expect(after?.going).toBe(entry.going ?? null);
}

function expectSameOneByOne(world: FleetWorld): void {
  const status = statusOf(world);
  for (const [instance, actions] of instanceActions(status)) {
    const possible = INSTANCE_ACTIONS.filter(
      (kind) => foreseen(status, { kind, instance } as ChangeWanted).kind !== 'refused',
    );
    expect([instance, actions]).toEqual([instance, possible]);
  }
}

describe('revision of a service', () => {
  test('revision of a service - stays while controllers work, and is another with each order', () => {
    const world = new FleetWorld(canary('v1'));
    world.run(60_000);
    const of = (heldBy: string | null = null) => statusOf(world, heldBy).revision;
    const calm = of();
    world.crash([...world.record.instances.keys()][0] ?? '');
    world.run(60_000);
    expect(of()).toBe(calm);
    expect(of('INV-1: x')).not.toBe(calm);
    world.isFrozen = true;
    expect(of()).not.toBe(calm);
    world.isFrozen = false;
    const seen = [calm];
    const orders = [
      () => world.observe({ kind: 'freeze', isFrozen: true }),
      () => world.observe({ kind: 'freeze', isFrozen: false }),
      () => world.observe({ kind: 'hold', count: 5, untilMs: world.nowMs + 1e9 }),
      () => world.apply(canary('v2')),
    ];
    for (const order of orders) {
      order();
      world.tick();
      expect(of()).not.toBe(seen.at(-1));
      seen.push(of());
    }
    // Frozen and not frozen any more: everything is as it was.
    expect(seen[2]).toBe(calm);
    world.until(() => rolloutOf(world).phase === 'paused');
    const waiting = of();
    world.run(60_000);
    expect(of()).toBe(waiting);
    world.say('promote');
    world.tick();
    expect(of()).not.toBe(waiting);
  });
});
