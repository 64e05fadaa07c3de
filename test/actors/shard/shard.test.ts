/** A shard is whole, degraded or lost, and says so to whoever wants to hear it. */
import { type AnyRef, actor } from 'ringmaster';
import { Shard, shardViews } from 'ringmaster/control-plane';
import { SimSystem } from 'ringmaster/testkit';
import { describe, expect, test } from 'vitest';
import { ringView, shardedView, statelessView } from '../service-view.ts';

describe('shard', () => {
  test('shard - what its replicas are together', () => {
    const view = shardedView(3);
    expect(shardViews(view).map(({ state }) => state)).toEqual(['whole', 'whole', 'whole']);
    const without = (...slots: readonly string[]) => ({
      ...view,
      instances: view.instances.filter(({ slot }) => !slots.includes(slot)),
      ring: ringView(1, ['shop/eu/a/1', 'shop/eu/b/1', 'shop/eu/c/1']),
    });
    const some = shardViews(without('shop/eu/a/1', 'shop/eu/a/2', 'shop/eu/b/2'));
    expect(some.map(({ state }) => state)).toEqual(['whole', 'degraded', 'lost']);
    expect(some[1]).toMatchObject({ serving: ['b', 'c'], quorum: 2, replicas: 3, isInRing: true });
    expect(some[0]?.isInRing).toBe(false);
    expect(shardViews(statelessView(3))).toEqual([]);
  });

  test('shard - whoever subscribes hears the state now, and each change once', async () => {
    const system = await SimSystem.start({ seed: 1, threads: 0 });
    const heard: string[] = [];
    const Ear = actor(import.meta.url, {
      name: 'Ear',
      setup: () => ({ shard: ({ state }: { readonly state: string }) => void heard.push(state) }),
    });
    const family = system.supervisor({});
    const ear = await system.until(family.spawn(Ear, { id: 'ear' }));
    const shard = await system.until(family.spawn(Shard, { id: 'shard' }));
    const [whole] = shardViews(shardedView(1));
    if (whole === undefined) throw new Error('there is no shard');
    expect(await system.until(shard.ask('status'))).toBeNull();
    shard.tell('seen', whole);
    shard.tell('subscribe', { to: ear as unknown as AnyRef, name: 'shard' });
    shard.tell('seen', whole);
    shard.tell('seen', { ...whole, state: 'lost', serving: [] });
    await system.run('1s');
    expect(heard).toEqual(['whole', 'lost']);
    // A crash costs neither what it has seen nor who listens.
    await expect(system.until(shard.ask('subscribe', null as never))).rejects.toMatchObject({
      code: 'RM_ACTOR_CRASHED',
    });
    expect(await system.until(shard.ask('status'))).toMatchObject({ state: 'lost' });
    shard.tell('seen', whole);
    await system.run('1s');
    expect(heard).toEqual(['whole', 'lost', 'whole']);
    await system.close();
  });
});
