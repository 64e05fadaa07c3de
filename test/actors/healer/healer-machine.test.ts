/** The healer as a whole: whom it replaces and ejects, whom it blames, and when it keeps its hands off. */
import { admit, type Intent, poisonBlame } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { HealWorld, type Readings } from './heal-world.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const kinds = (intents: readonly Intent[]): string[] => intents.map(({ act }) => act.kind);
const slotOf = (ordinal: number): string => `shop/eu/${'abc'[ordinal % 3]}/${ordinal}`;
const WELL: Readings = { requests: 1000, errors: 2, consecutive_errors: 0, p50: 10, p99: 40 };

describe('remedies', () => {
  test('remedies - whoever fails its liveness is replaced by the same revision', () => {
    const world = new HealWorld(5);
    expect(world.look()).toEqual([]);
    expect(world.state.status).toBe('healthy');
    world.change(2, { isFailing: true });
    const [intent] = world.look();
    const id = `${slotOf(2)}#1`;
    expect(intent).toMatchObject({
      who: 'healer',
      priority: 'heal',
      act: { kind: 'replace', slot: slotOf(2), instance: id, revision: 'r1' },
      why: `${id}: its liveness or its start has failed`,
    });
    expect(world.state.status).toBe('remedying 1; 1 of 5 are ill');
    expect(admit(world.view(), world.look())).toMatchObject([{ verdict: { kind: 'admitted' } }]);
  });

  test('remedies - unready is borne for heal.unreadyFor', () => {
    const world = new HealWorld(5);
    world.change(2, { state: 'unready' });
    world.nowMs += 119_999;
    expect(world.look()).toEqual([]);
    world.nowMs += 1;
    expect(kinds(world.look())).toEqual(['replace']);
  });

  test('remedies - nobody is stopped whom nobody sees, and who ended by itself is restarted', () => {
    const world = new HealWorld(10);
    world.unseen.add(world.at(1).id);
    world.end(2, 'exit 1');
    expect(world.look()).toEqual([]);
    expect(world.state.status).toBe('watching 2 that cannot be helped here');
    world.change(3, { isFailing: true });
    expect(world.look()).toEqual([]);
    expect(world.state.status).toMatch(/^panic: 3 of 10 are unhealthy, more than 2/);
  });

  // Guards: A10.
  test('remedies - as many at once as heal.remedyMax allows, those that can be helped first', () => {
    const world = new HealWorld(20, { maxUnhealthy: '50%' });
    for (const i of [3, 6, 9, 12]) world.change(i, { isFailing: true });
    world.end(0, 'exit 1');
    expect(kinds(world.pass())).toEqual(['replace', 'replace']);
    expect(world.pass()).toEqual([]);
    expect(world.state.status).toBe('remedying 2; 5 of 20 are ill');
    world.finishReplacements();
    expect(kinds(world.pass())).toEqual(['replace', 'replace']);
  });

  // Guards: A10.
  test('remedies - a zone that has failed as a whole is left alone, and others are helped', () => {
    const world = new HealWorld(12);
    for (const i of [0, 3, 6]) world.change(i, { isFailing: true });
    world.change(1, { isFailing: true });
    expect(world.look().map(({ act }) => act)).toMatchObject([{ slot: slotOf(1) }]);
    expect(world.state.status).toMatch(/a has failed as a whole and is left alone$/);
  });

  // Guards: A10.
  test('remedies - nobody is replaced while the healer is blind', () => {
    const world = new HealWorld(6);
    world.change(1, { isFailing: true });
    for (const i of [0, 2, 3, 4]) world.unseen.add(world.at(i).id);
    expect(world.look()).toEqual([]);
    expect(world.state.status).toBe('blind: 4 of 6 instances were not seen for 15000 ms');
    world.unseen.clear();
    expect(kinds(world.look())).toEqual(['replace']);
  });

  test('remedies - a slot that is being updated, or is blocked, is the rollout’s', () => {
    const world = new HealWorld(5);
    world.change(1, { isFailing: true });
    const slots = world.slots.map((slot) =>
      slot.ordinal === 1 ? { ...slot, revision: 'r2', isReplacing: true } : slot,
    );
    expect(world.look({ slots })).toEqual([]);
    const revisions = world.revisions.map((one) => ({ ...one, isBlocked: true }));
    expect(world.look({ revisions })).toEqual([]);
    expect(kinds(world.look())).toEqual(['replace']);
  });

  test('remedies - of one slot they are apart by its backoff, which doubles', () => {
    const world = new HealWorld(5);
    for (const _ of range(400)) {
      world.finishReplacements();
      world.change(2, { isFailing: true });
      world.pass();
      world.nowMs += 1000;
    }
    const gaps = world.replaced.map(({ atMs }, i) => atMs - (world.replaced[i - 1]?.atMs ?? atMs));
    expect(gaps.slice(1).map((ms) => Math.floor(ms / 1000))).toEqual([11, 21, 41, 81, 161]);
  });

  test('remedies - a replacement that fails, too, is replaced after its backoff', () => {
    const world = new HealWorld(5);
    world.change(2, { isFailing: true });
    world.pass();
    world.change(2, { isFailing: true });
    expect(world.pass()).toEqual([]);
    world.nowMs += 11_000;
    expect(kinds(world.pass())).toEqual(['replace']);
  });

  test('remedies - the slot of one that is gone stays in the budget until the next one serves', () => {
    const world = new HealWorld(9);
    for (const i of [2, 4]) world.change(i, { isFailing: true });
    world.pass();
    world.pass();
    world.instances = world.instances.filter(({ isGoing }) => !isGoing);
    expect(world.look().map(({ act }) => act.kind)).toEqual([]);
    expect(world.state.status).toMatch(/^remedying 1; 2 of 9 are ill/);
    world.finishReplacements();
    expect(kinds(world.look())).toEqual(['replace']);
  });

  test('remedies - one that flaps is replaced once, and then not before its backoff', () => {
    const world = new HealWorld(5);
    world.pass();
    const flap = (): void => {
      world.change(2, { state: 'unready' });
      world.pass();
      world.nowMs += 1000;
      world.change(2, { state: 'ready' });
      world.pass();
      world.nowMs += 1000;
    };
    range(5).forEach(flap);
    expect(world.replaced).toHaveLength(1);
    world.finishReplacements();
    range(5).forEach(flap);
    expect(world.replaced).toHaveLength(1);
  });

  test('zombies - are fenced, whatever else is wrong', () => {
    const world = new HealWorld(5);
    for (const { id } of world.instances) world.unseen.add(id);
    world.zombies = ['shop/eu/a/9#4', 'shop/eu/a/9#3'];
    expect(world.look()).toMatchObject([
      { priority: 'safety', act: { kind: 'fence', instance: 'shop/eu/a/9#3' } },
      { priority: 'safety', act: { kind: 'fence', instance: 'shop/eu/a/9#4' } },
    ]);
  });
});

describe('traffic', () => {
  test('traffic - errors in a row eject, and the time over readmits', () => {
    const world = new HealWorld(6);
    world.everybodyReads(WELL);
    expect(world.pass()).toEqual([]);
    world.readings.set(world.at(3).id, { ...WELL, consecutive_errors: 5 });
    expect(world.pass()).toMatchObject([{ act: { kind: 'eject' }, why: '5 errors in a row' }]);
    expect(world.pass()).toEqual([]);
    world.readings.set(world.at(3).id, WELL);
    world.nowMs += 30_000;
    expect(world.pass()).toMatchObject([{ act: { kind: 'readmit' }, priority: 'safety' }]);
    expect(world.pass()).toEqual([]);
  });

  // Guards: A10
  test('traffic - who is out and not seen keeps its place, so that nobody else is ejected', () => {
    const world = new HealWorld(3);
    world.everybodyReads(WELL);
    world.readings.set(world.at(0).id, { ...WELL, consecutive_errors: 5 });
    expect(kinds(world.pass())).toEqual(['eject']);
    world.readings.set(world.at(1).id, { ...WELL, consecutive_errors: 5 });
    expect(kinds(world.pass())).toEqual([]);
    // One in three of which nothing is known is not yet blindness.
    world.change(0, { state: 'unknown' });
    expect(kinds(world.pass())).toEqual([]);
    world.change(0, { state: 'ready' });
    const out = world.instances.filter(({ isEjected }) => isEjected);
    expect(out.map(({ id }) => id)).toEqual([world.at(0).id]);
  });

  test('traffic - what was not admitted is judged by what is seen now', () => {
    const world = new HealWorld(6);
    world.everybodyReads({ ...WELL, consecutive_errors: 0 });
    world.readings.set(world.at(3).id, { ...WELL, consecutive_errors: 5 });
    expect(kinds(world.pass(() => true))).toEqual(['eject']);
    world.nowMs += 1000;
    expect(kinds(world.pass(() => true))).toEqual(['eject']);
    world.readings.set(world.at(3).id, { ...WELL, consecutive_errors: 'stale' });
    expect(world.pass()).toEqual([]);
  });

  test('traffic - nobody is ejected on missing or old readings, or as the only one there is', () => {
    for (const nothing of ['missing', 'stale'] as const) {
      const world = new HealWorld(6);
      world.everybodyReads(WELL);
      const readings = { requests: nothing, errors: 900, consecutive_errors: nothing };
      world.readings.set(world.at(3).id, { ...readings, p50: nothing, p99: 9000 });
      expect(world.pass()).toEqual([]);
    }
    const alone = new HealWorld(1);
    alone.everybodyReads({ ...WELL, consecutive_errors: 50 });
    expect(alone.pass()).toEqual([]);
  });

  test('traffic - who is out without the healer’s doing comes back after the first time out', () => {
    const world = new HealWorld(6);
    world.change(2, { isEjected: true });
    expect(world.pass()).toEqual([]);
    world.nowMs += 30_000;
    expect(kinds(world.pass())).toEqual(['readmit']);
  });

  test('traffic - a value that is too old is no reading', () => {
    const world = new HealWorld(6);
    const metric = () => ({ kind: 'value', value: 900, samples: 900, ageMs: 20_000 }) as const;
    expect(world.look({ metric })).toEqual([]);
  });

  // Guards: A10.
  test('traffic - nobody is ejected in panic', () => {
    const world = new HealWorld(10);
    world.everybodyReads(WELL);
    world.readings.set(world.at(9).id, { ...WELL, consecutive_errors: 9 });
    for (const i of [0, 1, 2]) world.change(i, { isFailing: true });
    expect(world.look()).toEqual([]);
    expect(world.state.status).toMatch(/^panic/);
    world.change(0, { isFailing: false });
    expect(kinds(world.look())).toContain('eject');
  });

  test('slow - for long enough, it is ejected; slow again after that, it is replaced', () => {
    const world = new HealWorld(6);
    world.everybodyReads(WELL);
    const { id } = world.at(4);
    const slow = { ...WELL, p99: 200 };
    world.readings.set(id, slow);
    world.pass();
    world.nowMs += 59_000;
    expect(world.pass()).toEqual([]);
    world.nowMs += 1000;
    expect(world.pass()).toMatchObject([
      {
        act: { kind: 'eject', instance: id },
        why: "p99 is 200.0 ms; its peers' median is 40.0 ms, at most 3 times that",
      },
    ]);
    world.readings.set(id, {});
    world.pass();
    world.nowMs += 30_000;
    expect(kinds(world.pass())).toEqual(['readmit']);
    world.readings.set(id, slow);
    world.pass();
    world.nowMs += 60_000;
    const [intent] = world.pass();
    expect(intent).toMatchObject({ act: { kind: 'replace', instance: id } });
    expect(intent?.why).toMatch(/it is slow again: p99 is 200.0 ms/);
  });

  test('slow - a pause, all alike, or too few to compare are no slowness', () => {
    const world = new HealWorld(6);
    world.everybodyReads(WELL);
    const { id } = world.at(4);
    for (const p99 of [200, 40, 200, 'missing', 200] as const) {
      world.readings.set(id, { ...WELL, p99 });
      expect(world.pass()).toEqual([]);
      world.nowMs += 40_000;
    }
    const few = new HealWorld(4);
    few.everybodyReads(WELL);
    few.readings.set(few.at(1).id, { ...WELL, p99: 900 });
    few.pass();
    few.nowMs += 120_000;
    expect(few.pass()).toEqual([]);
  });
});

describe('blame', () => {
  test('blame - the same key on two members is frozen in place', () => {
    const world = new HealWorld(6);
    world.end(1, 'sig', 'cart-7');
    expect(world.pass()).toEqual([]);
    world.end(2, 'sig', 'cart-7');
    expect(world.pass()).toMatchObject([
      {
        act: { kind: 'quarantineKey', key: 'cart-7' },
        priority: 'safety',
        why: 'shop/eu/b/1 and shop/eu/c/2 ended working on it, and 2 of 2 ends like these were on it',
      },
    ]);
    expect(world.pass()).toEqual([]);
  });

  test('blame - a key that is merely popular is not', () => {
    const world = new HealWorld(20);
    world.end(1, 'sig', 'popular');
    world.end(2, 'sig', 'popular');
    for (const i of [3, 4, 5]) world.end(i, 'sig', `other-${i}`);
    expect(kinds(world.pass())).not.toContain('quarantineKey');
  });

  test('blame - a frozen key is tried again after a day; who released it earlier is believed', () => {
    const world = new HealWorld(6);
    world.end(1, 'sig', 'k');
    world.end(2, 'sig', 'k');
    world.restart();
    world.pass();
    world.pass();
    world.quarantinedKeys = [];
    expect(world.pass(), 'an operator has released it').toEqual([]);
    world.nowMs += 1000;
    world.end(3, 'sig', 'k');
    expect(world.pass(), 'what was before counts no more').toEqual([]);
    world.end(4, 'sig', 'k');
    expect(kinds(world.pass())).toEqual(['quarantineKey']);
    world.pass();
    world.quarantinedKeys = [];
    expect(world.pass(), 'he has released it again').toEqual([]);
    world.nowMs += 1000;
    world.restart();
    for (const i of [1, 2]) world.end(i, 'sig', 'k');
    world.pass();
    world.pass();
    world.restart();
    world.nowMs += 86_400_000;
    expect(kinds(world.pass())).toEqual(['releaseKey']);
  });

  test('blame - a revision whose members end alike while others run well is blocked', () => {
    const world = new HealWorld(12);
    const r2 = { id: 'r2', version: 'v2', isBlocked: false, stableMs: null };
    world.revisions = [...world.revisions, r2];
    world.slots = world.slots.map((slot, i) => (i < 3 ? { ...slot, revision: 'r2' } : slot));
    world.instances = world.instances.map((one, i) => (i < 3 ? { ...one, revision: 'r2' } : one));
    for (const i of [0, 1]) world.end(i, 'TypeError at cart.js');
    expect(world.pass()).toEqual([]);
    world.end(2, 'TypeError at cart.js');
    expect(world.pass()).toMatchObject([
      {
        act: { kind: 'blockRevision', revision: 'r2' },
        why: '3 of its members ended with TypeError at cart.js, and others run well',
      },
    ]);
    expect(kinds(world.pass())).toEqual([]);
    world.revisions = world.revisions.map((one) => ({ ...one, isBlocked: false }));
    expect(world.pass(), 'somebody retries it: what was before counts no more').toEqual([]);
  });

  test('blame - neither the stable revision nor one that has nobody to compare it with', () => {
    const slots = range(12).map((i) => ({ id: slotOf(i), revision: i < 11 ? 'r2' : 'r1' }));
    const failures = range(3).map((i) => ({
      instance: `${slotOf(i)}#1`,
      slot: slotOf(i),
      zone: 'a',
      revision: 'r2',
      atMs: 0,
      signature: 'sig',
      key: null,
    }));
    const input = { failures, slots, stable: 'r1', many: 9, nowMs: 0 };
    expect(poisonBlame(input)).toEqual([]);
    const half = slots.map((slot, i) => ({ ...slot, revision: i < 6 ? 'r2' : 'r1' }));
    const [blame] = poisonBlame({ ...input, slots: half });
    expect(blame).toMatchObject({ kind: 'revision', revision: 'r2' });
    expect(poisonBlame({ ...input, slots: half, stable: 'r2' })).toEqual([]);
    const many = poisonBlame({ ...input, slots: half, stable: 'r2', many: 3 });
    expect(many).toMatchObject([{ kind: 'common' }]);
  });

  test('blame - what all revisions share, or the only one has, stops remedies and says so', () => {
    const world = new HealWorld(12);
    world.change(11, { isFailing: true });
    for (const i of [0, 1, 2, 3]) {
      world.end(i, 'ECONNREFUSED db');
      world.restart();
    }
    expect(world.look()).toEqual([]);
    expect(world.state.status).toBe(
      'panic: 4 members ended with ECONNREFUSED db, and there is one revision, and none to compare it with',
    );
    world.nowMs += 120_001;
    expect(kinds(world.look())).toEqual(['replace']);
    const two = new HealWorld(12);
    const r2 = { id: 'r2', version: 'v2', isBlocked: false, stableMs: null };
    two.revisions = [...two.revisions, r2];
    two.slots = two.slots.map((slot, i) => (i % 2 === 0 ? { ...slot, revision: 'r2' } : slot));
    two.instances = two.instances.map((one, i) => (i % 2 === 0 ? { ...one, revision: 'r2' } : one));
    for (const i of [0, 1, 2, 3, 4, 5]) {
      two.end(i, 'ECONNREFUSED db');
      two.restart();
    }
    expect(two.look()).toEqual([]);
    expect(two.state.status).toMatch(/and no revision stands out$/);
  });
});
