/** What operators say to a rollout, once each, and what is ignored. Blue and green on the way. */
import type { ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { FakeFleet } from './fake-fleet.ts';

type Rollout = NonNullable<ServiceInput['rollout']>;
type BlueGreen = Extract<Rollout, { strategy: 'blueGreen' }>;

function blueGreen(more: Partial<BlueGreen> = {}): FakeFleet {
  const rollout: BlueGreen = { strategy: 'blueGreen', ...more };
  return new FakeFleet({ kind: 'stateless', command: ['x'], instances: 4, rollout }, 4);
}

function sharded(): FakeFleet {
  const rollout: Rollout = { strategy: 'zones', comparison: { enabled: false } };
  return new FakeFleet({ kind: 'sharded', command: ['x'], shards: 2, rollout }, 2);
}

describe('blueGreen', () => {
  test('blueGreen - a preview without traffic, all of it at once, the old one for a while', () => {
    const fleet = blueGreen();
    fleet.apply('r2', { bootS: 5 });
    const seen: string[] = [];
    fleet.until(() => {
      const split = fleet.shares.map((one) => `${one.revision} ${one.count} ${one.weight}`).join();
      if (seen.at(-1) !== split) seen.push(split);
      return fleet.isDone('r2');
    });
    expect(seen).toEqual(['r1 4 null', 'r1 4 100,r2 4 0', 'r1 4 0,r2 4 100', 'r2 4 null']);
  });

  test('blueGreen - the old one stays for keepOld', () => {
    const fleet = blueGreen({ keepOld: '100s' });
    fleet.apply('r2');
    fleet.until(() => fleet.weightOf('r2') === 100);
    fleet.seconds(99);
    expect(fleet.countOf('r1')).toBe(4);
    fleet.until(() => fleet.isDone('r2'));
  });

  test('blueGreen - a small preview grows before it gets traffic', () => {
    const fleet = blueGreen({ preview: 1, autoPromote: false });
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'paused');
    expect(fleet.countOf('r2')).toBe(1);
    fleet.say('promote');
    fleet.until(() => {
      if (fleet.weightOf('r2') === 100) expect(fleet.countOf('r2')).toBe(4);
      return fleet.isDone('r2');
    });
  });

  test('blueGreen - thresholds that fail after the switch bring the old one back', () => {
    const fleet = blueGreen({ analysis: [{ metric: 'p99', max: '50ms' }] });
    fleet.apply('r2');
    fleet.until(() => fleet.weightOf('r2') === 100);
    fleet.measure('r2', 'bad');
    fleet.until(() => fleet.state.phase === 'aborted', 60);
    expect(fleet.countOf('r1')).toBe(4);
  });

  test.each(['notANumber', 'missing', 'stale', 'scarce'] as const)(
    'blueGreen - a preview of which all is %s waits for requests, and goes on when there are',
    (health) => {
      // Guards: A9.
      const fleet = blueGreen({ analysis: [{ metric: 'p99', max: '50ms' }] });
      fleet.apply('r2', { bootS: 2 }, health);
      fleet.until(() => fleet.state.phase === 'paused', 60);
      expect(fleet.state.status.pausedFor).toMatch(
        /p99 .*; send requests to the preview, or promote/,
      );
      fleet.seconds(5000);
      expect(fleet.weightOf('r2')).toBe(0);
      expect(fleet.state.phase).toBe('paused');
      fleet.measure('r2', 'good');
      fleet.until(() => fleet.isDone('r2'), 100);
    },
  );

  test('blueGreen - requests to the preview that go wrong turn it back, however late', () => {
    const fleet = blueGreen({ analysis: [{ metric: 'p99', max: '50ms' }] }); // Guards: A9.
    fleet.apply('r2', { bootS: 2 }, 'missing');
    fleet.seconds(1000);
    fleet.measure('r2', 'bad');
    fleet.until(() => fleet.state.phase === 'aborted', 30);
  });

  test('blueGreen - without requests to the preview somebody may promote it', () => {
    const fleet = blueGreen({ analysis: [{ metric: 'p99', max: '50ms' }], keepOld: '60s' });
    fleet.apply('r2', { bootS: 2 }, 'missing');
    fleet.until(() => fleet.state.phase === 'paused', 60);
    fleet.say('promote');
    fleet.until(() => fleet.weightOf('r2') === 100, 30);
    // From here on it has traffic: what is missing then is an error.
    fleet.until(() => fleet.state.phase === 'aborted', 200);
  });
});

describe('verbs', () => {
  test('verbs - abort turns back, applying again does nothing, retry begins again', () => {
    const fleet = blueGreen({ autoPromote: false });
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'paused');
    fleet.say('abort');
    fleet.until(() => fleet.state.phase === 'aborted', 30);
    expect(fleet.state.status.message).toBe('aborted: operator');
    fleet.apply('r2');
    fleet.seconds(50);
    expect(fleet.countOf('r2')).toBe(0);
    expect(fleet.intents).toEqual([]);
    fleet.say('retry');
    fleet.until(() => fleet.state.phase === 'paused', 30);
    expect(fleet.revisions.find(({ id }) => id === 'r2')?.isBlocked).toBe(false);
    fleet.say('promote');
    fleet.until(() => fleet.isDone('r2'));
  });

  test('verbs - undo in the middle goes back to stable and blocks nothing', () => {
    const fleet = blueGreen({ autoPromote: false });
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'paused');
    fleet.say('undo');
    fleet.until(() => fleet.state.phase === 'idle', 30);
    expect([fleet.target, fleet.countOf('r2')]).toEqual(['r1', 0]);
    expect(fleet.revisions.some(({ isBlocked }) => isBlocked)).toBe(false);
  });

  test('verbs - undo to a revision that is kept', () => {
    const fleet = blueGreen();
    fleet.apply('r2');
    fleet.until(() => fleet.isDone('r2'));
    fleet.apply('r3');
    fleet.until(() => fleet.isDone('r3'));
    fleet.say('undo', 'r1');
    fleet.until(() => fleet.isDone('r1'));
    fleet.say('undo', 'r9');
    fleet.seconds(2);
    expect(fleet.state.lastNote).toBe('undo ignored: no r9 is kept');
  });

  test.each(['promote', 'promoteFull', 'pause', 'resume', 'abort', 'retry'] as const)(
    'verbs - %s says nothing while nothing is rolled out',
    (verb) => {
      const fleet = blueGreen();
      fleet.say(verb);
      fleet.seconds(3);
      expect(fleet.state.lastNote).toContain(`${verb} ignored`);
      expect(fleet.state.phase).toBe('idle');
    },
  );

  test('verbs - a restart replaces everything once, with few missing', () => {
    const fleet = blueGreen();
    const before = fleet.instances.map(({ id }) => id);
    fleet.say('restart');
    fleet.until(() => {
      const ready = fleet.instances.filter(({ state }) => state === 'ready').length;
      expect(ready).toBeGreaterThanOrEqual(3);
      return fleet.state.lastNote === 'all instances were restarted';
    });
    expect(fleet.instances.some(({ id }) => before.includes(id))).toBe(false);
    expect(fleet.instances.length).toBe(4);
    fleet.seconds(20);
    expect(fleet.intents).toEqual([]);
  });

  test('verbs - a restart of shards goes by zones', () => {
    const fleet = sharded(); // Guards: A2.
    const before = fleet.instances.map(({ id }) => id);
    fleet.say('restart');
    fleet.until(() => {
      const zones = new Set(fleet.slots.filter((slot) => slot.isReplacing).map(({ zone }) => zone));
      expect(zones.size).toBeLessThanOrEqual(1);
      return fleet.state.lastNote === 'all instances were restarted';
    });
    expect(fleet.instances.some(({ id }) => before.includes(id))).toBe(false);
  });

  test('verbs - promote of shards passes the soak, and zone by zone stays', () => {
    const fleet = sharded();
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'analysing');
    fleet.say('promoteFull');
    const took = fleet.until(() => {
      const zones = new Set(fleet.slots.filter((slot) => slot.isReplacing).map(({ zone }) => zone));
      expect(zones.size).toBeLessThanOrEqual(1);
      return fleet.isDone('r2');
    });
    expect(took).toBeLessThan(60);
  });

  test('verbs - each is done once', () => {
    const fleet = blueGreen({ autoPromote: false });
    fleet.apply('r2');
    fleet.until(() => fleet.state.phase === 'paused');
    fleet.say('promote');
    fleet.seconds(40);
    expect(fleet.state.verbSeen).toBe(1);
    fleet.until(() => fleet.isDone('r2'));
    fleet.apply('r3');
    fleet.seconds(100);
    expect(fleet.state.phase).toBe('paused');
  });
});
