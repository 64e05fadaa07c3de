/** What outlives a brain beside the records: a hold by an invariant, and what operators have reserved. */
import type { Intent, ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { intentOf } from '../service-view.ts';
import { type Region, Stage } from '../world/stage.ts';

const service = (instances: number): ServiceInput => ({
  kind: 'stateless',
  command: ['x'],
  instances,
  health: { readiness: { http: '/ready', period: '1s' } },
});

async function heldBy({ system }: Stage, { arbiter }: Region): Promise<string | null> {
  const status = await system.until(arbiter.ask('status', 'shop', { timeout: '60s' }));
  return (status as { readonly heldBy: string | null }).heldBy;
}

describe('failover', () => {
  test('failover - a hold by an invariant stays until somebody says release', async () => {
    const stage = await Stage.start(5);
    const first = await stage.region('eu');
    const ringed = (instances: number) => ({ ...service(instances), ring: {} }) as ServiceInput;
    await stage.apply(first, ringed(3));
    await stage.system.run(60_000);
    const { ring } = await stage.record(first);
    if (ring === null) throw new Error('three members serve');
    // A generation that changes nothing: nobody but an operator gets that far.
    const { generation, members, weights, overrides } = ring;
    const tables = { generation: generation + 1, members, weights, overrides };
    const more: Partial<Intent> = { who: 'operator', priority: 'safety', expiresMs: 1e12 };
    first.arbiter.tell('want', intentOf({ kind: 'publishRing', ...tables }, more));
    for (let ms = 0; ms < 1000 && (await heldBy(stage, first)) === null; ms++) {
      await stage.system.run(1);
    }
    // It was stored with the pass that found it, and not by a later one.
    const stored = await stage.system.until(stage.store.list('fleet/eu/.held/'));
    expect(stored.entries.map(({ key }) => key)).toEqual(['fleet/eu/.held/shop']);
    expect(await heldBy(stage, first)).toMatch(/^A5: generation \d+ changes nothing/);

    const second = await stage.region('eu');
    await stage.system.run(20_000);
    expect(await heldBy(stage, second)).toMatch(/^A5: generation \d+ changes nothing/);
    second.arbiter.tell('release', 'shop');
    await stage.system.run(5000);
    expect(await heldBy(stage, second)).toBeNull();
    const third = await stage.region('eu');
    await stage.system.run(5000);
    expect(await heldBy(stage, third)).toBeNull();
    const { entries } = await stage.system.until(stage.store.list('fleet/eu/.held/'));
    expect(entries).toEqual([]);
    await stage.system.close();
  });

  test('failover - what operators have reserved is reserved for the next brain', async () => {
    const stage = await Stage.start(6);
    const first = await stage.region('eu');
    await stage.apply(first, service(4));
    await stage.system.run(30_000);
    // Several regions, and nothing is reserved for this one.
    await stage.system.until(first.arbiter.ask('reserve', []));
    const demandOf = async (region: Region): Promise<number> =>
      (await stage.record(region)).goal.demand;
    const shrink = (region: Region): void => {
      const act = { kind: 'setDemand', count: 2 } as const;
      const more: Partial<Intent> = { who: 'region', priority: 'shrink', expiresMs: 1e12 };
      region.arbiter.tell('want', intentOf(act, more));
    };
    const second = await stage.region('eu');
    await stage.system.run(5000);
    shrink(second);
    await stage.system.run(5000);
    expect(await demandOf(second)).toBe(4);
    // What is applied is asked as well: it needs a reservation, or to be said.
    const refused = await stage.apply(second, service(3)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ data: { reason: 'NEEDS_TOKEN' } });
    const allow = [/shrink-\w+/.exec(String(refused))?.[0] ?? ''];
    await stage.apply(second, service(3), allow);
    expect(await demandOf(second)).toBe(3);
    const untilMs = 1e12;
    await stage.system.until(second.arbiter.ask('reserve', [{ kind: 'shrink', untilMs }]));
    const third = await stage.region('eu');
    await stage.system.run(5000);
    shrink(third);
    await stage.system.run(5000);
    expect(await demandOf(third)).toBe(2);
    await stage.system.close();
  });
});
