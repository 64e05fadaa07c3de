/** What people are told of healing is what the healer does: the same members, limits and waits. */
import { type HealingPicture, healingPicture } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { NOW_MS } from '../service-view.ts';
import { HealWorld } from './heal-world.ts';

const slotOf = (ordinal: number): string => `shop/eu/${'abc'[ordinal % 3]}/${ordinal}`;
/** After one more pass. */
function pictureOf(world: HealWorld, more: object = {}): HealingPicture {
  world.look();
  return healingPicture(world.view(more), world.state);
}
const treatments = ({ unwell }: HealingPicture) =>
  Object.fromEntries(unwell.map(({ slot, treatment }) => [slot, treatment]));

describe('healing picture', () => {
  test('healing picture - of a calm service: nobody is unwell, and no limit is used', () => {
    const world = new HealWorld(5);
    expect(healingPicture(world.view(), null)).toMatchObject({ mode: 'healthy', unwell: [] });
    expect(pictureOf(world)).toMatchObject({
      mode: 'healthy',
      status: 'healthy',
      unwell: [],
      counts: { members: 5, unwell: 0, unwellMax: 1, remedied: 0, remediedMax: 1, ejectedMax: 1 },
      spare: { count: 1, why: '4 of 5 instances serve, and 4 have to' },
      ejections: [],
      keys: [],
      keysCount: 0,
    });
  });

  test('healing picture - whose turn it is, and who waits for it', () => {
    const world = new HealWorld(20, { maxUnhealthy: '50%', remedyMax: '5%' });
    for (const i of [3, 6]) world.change(i, { isFailing: true });
    const before = pictureOf(world);
    expect(treatments(before)).toEqual({ [slotOf(3)]: 'next', [slotOf(6)]: 'queued' });
    expect(before.unwell[0]).toMatchObject({ times: 0, waitMs: null, forMs: 60_000, zone: 'a' });
    world.pass();
    const after = pictureOf(world);
    expect(treatments(after)).toEqual({ [slotOf(3)]: 'replacing', [slotOf(6)]: 'queued' });
    expect(after.counts).toMatchObject({ unwell: 2, remedied: 1, remediedMax: 1 });
  });

  test('healing picture - how long a slot waits for its next replacement, and for its restart', () => {
    const world = new HealWorld(5, { maxUnhealthy: '100%', remedyMax: '100%' });
    world.change(0, { isFailing: true });
    world.pass();
    world.finishReplacements();
    world.look();
    world.change(0, { isFailing: true });
    world.nowMs += 4000;
    world.slots = world.slots.map((slot) =>
      slot.ordinal === 1 ? { ...slot, ends: 3, notBeforeMs: world.nowMs + 12_000 } : slot,
    );
    world.end(1, 'exit 1');
    const [again, ended] = pictureOf(world).unwell;
    expect(again).toMatchObject({ slot: slotOf(0), treatment: 'backoff', times: 1 });
    expect(again?.waitMs).toBeGreaterThan(0);
    world.nowMs += again?.waitMs ?? 0;
    expect(treatments(pictureOf(world))[slotOf(0)]).toBe('next');
    expect(ended).toMatchObject({
      ...{ slot: slotOf(1), treatment: 'restarting', times: 4, waitMs: 12_000, instance: null },
    });
  });

  test('healing picture - nobody is touched in panic, while it is frozen, or unseen', () => {
    const world = new HealWorld(5);
    for (const i of [0, 1]) world.change(i, { isFailing: true });
    const panic = pictureOf(world);
    expect(panic).toMatchObject({ mode: 'panic', counts: { unwell: 2, unwellMax: 1 } });
    expect(Object.values(treatments(panic))).toEqual(['spared', 'spared']);
    world.change(1, { isFailing: false });
    expect(treatments(pictureOf(world, { isFrozen: true }))).toEqual({ [slotOf(0)]: 'spared' });
    world.unseen.add(world.at(0).id);
    expect(treatments(pictureOf(world))).toEqual({ [slotOf(0)]: 'asking' });
    for (const i of [1, 2, 3]) world.unseen.add(world.at(i).id);
    expect(pictureOf(world).mode).toBe('blind');
  });

  test('healing picture - whoever is given time is told until when', () => {
    const world = new HealWorld(5);
    world.change(2, { state: 'unready', sinceMs: NOW_MS });
    world.nowMs += 20_000;
    const { unwell, counts } = pictureOf(world);
    expect(unwell).toMatchObject([
      { slot: slotOf(2), treatment: 'watched', cause: 'it is unready', waitMs: 100_000 },
    ]);
    expect(counts.unwell).toBe(0);
  });

  test('healing picture - a revision that was given up is not started again', () => {
    const world = new HealWorld(5);
    world.revisions = [{ id: 'r1', version: 'v1', isBlocked: true, stableMs: 0 }];
    world.change(0, { isFailing: true });
    expect(treatments(pictureOf(world))).toEqual({ [slotOf(0)]: 'blocked' });
  });

  test('healing picture - who is out, until when, and why; keys that were given up, with their ends', () => {
    const world = new HealWorld(5);
    world.change(3, { isEjected: true });
    world.quarantinedKeys = ['tenant-7'];
    const { id, slot, zone, revision } = world.at(1);
    world.failures = [0, 1].map(() => ({
      ...{ instance: id, slot, zone, revision, atMs: NOW_MS - 1000 },
      ...{ signature: 'exit 134', key: 'tenant-7' },
    }));
    world.look();
    world.nowMs += 5000;
    const { ejections, keys, counts } = pictureOf(world);
    expect(ejections).toEqual([
      { instance: world.at(3).id, why: 'it was out already', times: 1, leftMs: 25_000 },
    ]);
    expect(counts.ejected).toBe(1);
    expect(keys).toEqual([
      { key: 'tenant-7', forMs: 5000, triedMs: 86_395_000, ends: 2, signature: 'exit 134' },
    ]);
  });

  test('healing picture - lists are bounded, counts are of all', () => {
    const world = new HealWorld(300, { maxUnhealthy: '100%' });
    for (let i = 0; i < 200; i++) world.change(i, { isFailing: true });
    const { unwell, counts } = pictureOf(world);
    expect([unwell.length, counts.unwell]).toEqual([100, 200]);
  });
});
