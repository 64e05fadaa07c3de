/** Two brains and their coordinator on one simulated system: scaled down, never both at once. */
import { type AnyRef, actor } from 'ringmaster';
import {
  Coordinator,
  type CoordinatorState,
  type DecisionEntry,
  type MetricQuery,
  type MetricReading,
  type ServiceInput,
  type ServiceStatus,
} from 'ringmaster/control-plane';
import { expect, test } from 'vitest';
import { type Region, Stage } from '../world/stage.ts';

/** What every instance says of itself. */
const Loads = actor<
  { readonly load: { each: number } },
  { read(q: readonly MetricQuery[]): MetricReading[] }
>(import.meta.url, {
  name: 'Loads',
  setup: ({ load }) => ({
    read: (queries) =>
      queries.map(({ name }) =>
        name === 'concurrency'
          ? { kind: 'value', value: load.each, samples: 100, ageMs: 0 }
          : { kind: 'missing' },
      ),
  }),
});

const SERVICE: ServiceInput = {
  kind: 'stateless',
  command: ['x'],
  instances: 8,
  health: { readiness: { http: '/ready', period: '1s' } },
  autoscale: {
    min: 1,
    max: 20,
    metric: { name: 'concurrency', target: 100 },
    down: { window: '0s' },
    settle: '0s',
  },
};

type Fleet = {
  readonly stage: Stage;
  readonly regions: readonly Region[];
  readonly load: { each: number };
  readonly coordinator: AnyRef;
};

async function twoRegions(seed: number, forecast: number): Promise<Fleet> {
  const stage = await Stage.start(seed);
  const load = { each: 100 };
  const metrics = await stage.spawn(Loads, 'loads', { load });
  const coordinator = await stage.spawn(Coordinator, 'coordinator', {
    regions: ['eu', 'us'].map((name) => ({ name, forecast })),
    isLossKept: true,
    reservationMs: 60_000,
    waveMs: 600_000,
    silenceMs: 10_000,
  });
  const regions: Region[] = [];
  for (const name of ['eu', 'us']) {
    const region = await stage.region(name, { metrics, coordinator });
    await stage.apply(region, SERVICE);
    regions.push(region);
  }
  return { stage, regions, load, coordinator };
}

const demands = async ({ stage, regions }: Fleet): Promise<number[]> => {
  const records = [];
  for (const region of regions) records.push(await stage.record(region));
  return records.map(({ goal }) => goal.demand);
};

test('regions - two brains scale down one after the other, and keep what one of them may lose', async () => {
  const fleet = await twoRegions(1, 2);
  const { stage, load, regions, coordinator } = fleet;
  await stage.system.run(90_000);
  expect(await demands(fleet)).toEqual([8, 8]);
  load.each = 40;
  const seen: string[] = [];
  for (let i = 0; i < 300; i++) {
    await stage.system.run(1000);
    const both = await demands(fleet);
    // The larger one may be lost, and the forecast of both is 4.
    expect(Math.min(...both)).toBeGreaterThanOrEqual(4);
    const status = await stage.system.until(coordinator.ask('status'));
    const held = (status as CoordinatorState).reservations.filter(({ isOver }) => !isOver);
    expect(held.length).toBeLessThanOrEqual(1);
    for (const { region } of held) if (seen.at(-1) !== region) seen.push(region);
  }
  expect(new Set(seen)).toEqual(new Set(['eu', 'us']));
  expect(await demands(fleet)).toEqual([4, 4]);
  expect(regions.map(({ outside }) => outside.processes.size)).toEqual([4, 4]);
  const why = await stage.system.until(
    (regions[0] as Region).arbiter.ask('why', { about: 'demand' }),
  );
  expect(JSON.stringify(why)).toContain('without a reservation');
  await stage.system.close();
});

test('regions - without their coordinator two brains grow, and nothing is taken away', async () => {
  const fleet = await twoRegions(2, 2);
  const { stage, load, coordinator } = fleet;
  await stage.system.run(90_000);
  await stage.system.until(stage.system.stop(coordinator));
  load.each = 10;
  await stage.system.run(300_000);
  expect(await demands(fleet)).toEqual([8, 8]);
  load.each = 150;
  await stage.system.run(20_000);
  for (const demand of await demands(fleet)) expect(demand).toBeGreaterThan(8);
  await stage.system.close();
});

const REMEDY = (remedyMax: string): ServiceInput => ({ ...SERVICE, heal: { remedyMax } });

const remedies = async ({ stage, regions }: Fleet): Promise<number[]> => {
  const found = [];
  for (const region of regions) found.push((await stage.record(region)).spec.heal.remedyMax);
  return found;
};

test('regions - a change of policy goes from brain to brain, and stops where one is ill', async () => {
  const fleet = await twoRegions(3, 2);
  const { stage, regions, coordinator } = fleet;
  const [eu, us] = regions as readonly [Region, Region];
  // Its first wave is `wave` after the coordinator's start: it does not know when the last one was.
  await stage.system.run(610_000);
  for (const region of regions) await stage.apply(region, REMEDY('5%'));
  expect(await remedies(fleet)).toEqual([0.1, 0.1]);
  const status = await stage.system.until(us.arbiter.ask('status', 'shop'));
  expect((status as ServiceStatus).waits.join()).toMatch(/^heal were applied .* wave-\w+ allowed$/);
  await stage.system.run(5000);
  expect((await remedies(fleet)).toSorted()).toEqual([0.05, 0.1]);
  const isFirst = (await remedies(fleet))[0] === 0.05;
  const [first, second] = isFirst ? [eu, us] : [us, eu];

  // The first one falls ill: nobody follows, however long that takes.
  first.outside.bootMs = 1e9;
  for (const one of first.outside.processes.values()) one.endsMs = 0;
  await stage.system.run(900_000);
  expect((await stage.record(second)).spec.heal.remedyMax).toBe(0.1);
  // A new brain of the second one waits on, and reservations that were used are given back.
  const state = (await stage.system.until(coordinator.ask('status'))) as CoordinatorState;
  expect(state.reservations.filter(({ grant }) => grant.kind === 'wave')).toEqual([]);
  first.outside.bootMs = 2000;
  await stage.system.run(600_000);
  expect(await remedies(fleet)).toEqual([0.05, 0.05]);
  const why = await stage.system.until(second.arbiter.ask('why', { about: 'policy' }));
  expect((why as DecisionEntry[]).map(({ verdict }) => verdict.kind)).toEqual([
    'delayed',
    'admitted',
  ]);
  await stage.system.close();
});

test('regions - between two of them lies `wave`; who was first mends its own at once', async () => {
  const fleet = await twoRegions(4, 2);
  const { stage, regions } = fleet;
  await stage.system.run(610_000);
  for (const region of regions) await stage.apply(region, REMEDY('5%'));
  await stage.system.run(5000);
  const now = await remedies(fleet);
  const first = regions[now.indexOf(0.05)] as Region;
  const second = regions[now.indexOf(0.1)] as Region;
  await stage.system.run(560_000);
  expect((await stage.record(second)).spec.heal.remedyMax).toBe(0.1);
  await stage.apply(first, REMEDY('7%'));
  await stage.system.run(5000);
  expect((await stage.record(first)).spec.heal.remedyMax).toBe(0.07);
  // Its own is new again: the other one waits for as long as after any.
  await stage.system.run(590_000);
  expect((await stage.record(second)).spec.heal.remedyMax).toBe(0.1);
  const later = await stage.region(second.name, { coordinator: fleet.coordinator });
  await stage.system.run(30_000);
  expect((await stage.record(later)).spec.heal.remedyMax).toBe(0.05);
  await stage.system.close();
});
