/**
 * Whatever happens, in whatever order: no invariant breaks, and when it stops, what is wanted comes to
 * be. A failing run prints its seed and its shrunk list of events.
 */
import { fc, test as property } from '@fast-check/vitest';
import { isGone, recordChanges, runPass } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import type { Crash } from '../world/fleet-world.ts';
import { Watched } from '../world/watched.ts';
import { KNOWN } from './known-storms.ts';
import { behave, calm, event, happen, KINDS, service, shapeOf } from './storm-events.ts';

/** Nothing is left of what was to go, and every router has heard. */
function expectGone(world: Watched): void {
  const hasGone = world.until(() => isGone(world.record), 1_500_000);
  world.expectSound();
  if (!hasGone) expect(shapeOf(world.record)).toBe('gone');
  expect(world.record.routes.isRemoved).toBe(true);
  expect([...world.processes.values()].filter(({ isZombie }) => !isZombie)).toEqual([]);
  const routes = world.routers.map((router) => router.routes);
  expect(routes).toEqual(routes.map(() => world.record.routes.number));
}

describe('storms', () => {
  for (const kind of KINDS) {
    property.prop([fc.array(event, { maxLength: 25 }), fc.nat()], {
      numRuns: 60,
      examples: KNOWN[kind],
    })(`storms - ${kind}: nothing breaks, and calm brings what is wanted`, (events, seed) => {
      // Guards: A1, A2, A3, A4, A5, A6, A8, A9, A13, A14, A15, A16, A18.
      const world = new Watched(service(kind, 'v1', 3), { seed });
      behave(world);
      world.run(25_000);
      for (const one of events) happen(world, kind, one);
      calm(world);
      world.say('resume');
      world.run(2000);
      if (world.record.removal) {
        expectGone(world);
        return;
      }
      // As wanted, and so for a minute: before that, something may only be about to begin.
      let calmTicks = 0;
      const isCalm = world.until(() => {
        const isSettled = world.monitor.unsettledForMs(world.nowMs) === 0;
        calmTicks = isSettled && world.record.operations.size === 0 ? calmTicks + 1 : 0;
        return calmTicks > 60;
      }, 1_500_000);
      world.expectSound();
      if (!isCalm) expect(shapeOf(world.record)).toBe('settled');
      expect(isCalm).toBe(true);
      // Nothing waits for a second ring, and routers go by what is specified.
      expect(world.record.dual ?? null).toBeNull();
      const { ring, spec } = world.record;
      if (ring?.layout !== undefined) {
        expect(ring.layout.algorithm).toBe(spec.ring?.algorithm);
      }
      // Run again, it decides nothing and changes nothing.
      const input = { observations: [], intents: [], around: world.around() };
      const again = runPass(world.record, input);
      expect(again.decisions.filter(({ verdict }) => verdict.kind === 'admitted')).toEqual([]);
      expect(again.effects).toEqual([]);
      const { put, delete: gone } = recordChanges(world.record, again.record);
      const keys = [...put.map(([key]) => key), ...gone];
      expect(keys.filter((key) => !key.startsWith('controller/'))).toEqual([]);
      const { stable } = world.record.goal;
      const version = world.record.revisions.find(({ id }) => id === stable)?.version;
      expect(version).not.toBe('v4');
    });
  }

  test.each(KINDS)(
    'storms - %s: a brain that dies before or after any effect ends in the same place',
    (kind) => {
      // Guards: A14.
      const walk = (crashTick: number, crash: Crash | null): Watched => {
        const world = new Watched(service(kind, 'v1', 2), { seed: 7 });
        world.run(25_000);
        world.apply(service(kind, 'v2', 3));
        for (let tick = 0; tick < 240; tick++) world.tick(tick === crashTick ? crash : null);
        return world;
      };
      const plain = walk(-1, null);
      plain.expectSound();
      expect(plain.versions()).toEqual({ v2: kind.startsWith('zones') ? 9 : 3 });
      const effects: number[] = [];
      const counting = new Watched(service(kind, 'v1', 2), { seed: 7 });
      counting.run(25_000);
      counting.apply(service(kind, 'v2', 3));
      for (let tick = 0; tick < 240; tick++) {
        counting.tick();
        effects.push(counting.last?.effects.length ?? 0);
      }
      for (const [tick, count] of effects.entries()) {
        if (count === 0) continue;
        const points: Crash[] = [{ at: 'beforeCommit' }, { at: 'afterCommit' }];
        for (let i = 1; i <= Math.min(count, 3); i++) points.push({ at: 'effect', count: i });
        for (const crash of points) {
          const world = walk(tick, crash);
          world.expectSound();
          expect({ tick, crash, shape: shapeOf(world.record) }).toEqual({
            tick,
            crash,
            shape: shapeOf(plain.record),
          });
        }
      }
    },
  );
});
