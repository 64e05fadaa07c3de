/** The brain with metrics from real shards: a router counts, the source reads, a canary is judged. */
import { type AnyRef, actor, type Context } from 'ringmaster';
import {
  MetricFeed,
  Metrics,
  type ServiceInput,
  type ServiceStatus,
  slotParts,
} from 'ringmaster/control-plane';
import { expect, test } from 'vitest';
import { type Region, Stage } from '../world/stage.ts';

type RouterArgs = {
  readonly feed: MetricFeed;
  readonly metrics: AnyRef;
  readonly arbiter: () => AnyRef | null;
  /** Of a version's requests so many of hundred fail. */
  readonly percentOf: (version: string) => number;
};

/** Sends a hundred requests a second where the routes say, and counts what came of them. */
const Router = actor<RouterArgs, { second(): Promise<void> }>(import.meta.url, {
  name: 'Router',
  setup: ({ feed, metrics, arbiter, percentOf }, ctx: Context) => {
    ctx.timers.every('second', 1000, 'second');
    return {
      second: async () => {
        const asked = arbiter();
        const status = asked && ((await ctx.ask(asked, 'status', 'shop')) as ServiceStatus | null);
        if (status) route(feed, status.record, percentOf, ctx);
        ctx.tell(metrics, 'attach', feed.attachment());
        feed.flip();
      },
    };
  },
});

function route(
  feed: MetricFeed,
  { routes, revisions }: ServiceStatus['record'],
  percentOf: RouterArgs['percentOf'],
  ctx: Context,
): void {
  for (const { instance, slot, revision, isBaseline } of routes.routes) {
    const version = revisions.find(({ id }) => id === revision)?.version ?? '';
    const zone = slotParts(slot)?.zone ?? '';
    const by = { service: 'shop', revision, zone, instance, isBaseline };
    for (let i = 0; i < 100 / routes.routes.length; i++) {
      const isError = ctx.random(100) < percentOf(version);
      feed.record(by, (5 + ctx.random(10)) / 1000, isError);
    }
  }
}

const SERVICE: ServiceInput = {
  kind: 'stateless',
  command: ['x'],
  instances: 4,
  version: 'v1',
  health: { readiness: { http: '/ready', period: '1s' } },
  rollout: {
    strategy: 'canary',
    traffic: 'instances',
    steps: [{ weight: 25 }, { analyze: '60s' }],
    comparison: { enabled: false },
    analysis: [{ metric: 'error_ratio', max: '5%', interval: '10s' }],
  },
};

async function serving(seed: number, percentOf: (version: string) => number) {
  const stage = await Stage.start(seed);
  const metrics = await stage.spawn(Metrics, 'metrics', {
    interval: 1000,
    stale: 15_000,
    kept: 128,
  });
  let region: Region | null = null;
  const feed = new MetricFeed('router', { instancesMax: 64 });
  await stage.spawn(Router, 'router', {
    feed,
    metrics,
    arbiter: () => region?.arbiter ?? null,
    percentOf,
  });
  region = await stage.region('eu', { metrics });
  await stage.apply(region, SERVICE);
  await stage.system.run(60_000);
  return { stage, region, metrics };
}

test('metrics - a canary that fails requests is found in the windows and taken back', async () => {
  // Guards: A9.
  const { stage, region, metrics } = await serving(1, (version) => (version === 'v2' ? 30 : 1));
  const before = await stage.record(region);
  expect(before.routes.routes).toHaveLength(4);
  const bad = await stage.apply(region, { ...SERVICE, version: 'v2' });
  await stage.system.run(15_000);
  const query = {
    name: 'error_ratio',
    scope: { service: 'shop', revision: bad },
    windowMs: 10_000,
  };
  const [reading] = (await stage.system.until(metrics.ask('read', [query]))) as unknown[];
  expect(reading).toMatchObject({ kind: 'value' });
  await stage.system.run(200_000);
  const after = await stage.record(region);
  expect(after.revisions.find(({ id }) => id === bad)?.blocked).toContain('error_ratio');
  expect(after.goal.stable).toBe(before.goal.stable);
  expect(new Set(after.routes.routes.map(({ revision }) => revision))).toEqual(
    new Set([before.goal.stable]),
  );
  await stage.system.close();
});

test('metrics - a canary that is as good as the others gets there', async () => {
  const { stage, region } = await serving(2, () => 1);
  const good = await stage.apply(region, { ...SERVICE, version: 'v2' });
  await stage.system.run(300_000);
  const after = await stage.record(region);
  expect(after.goal.stable).toBe(good);
  await stage.system.close();
});

test('metrics - a feed that is gone counts again only when it has started anew', async () => {
  const stage = await Stage.start(3);
  const args = { interval: 1000, stale: 5000, kept: 60 };
  const metrics = await stage.spawn(Metrics, 'metrics', args);
  const by = { service: 'shop', revision: 'r', zone: 'a', instance: 'i', isBaseline: false };
  const query = { name: 'requests', scope: { service: 'shop' }, windowMs: 60_000 };
  const read = async () =>
    ((await stage.system.until(metrics.ask('read', [query]))) as unknown[])[0];
  const feeds = async () => await stage.system.until(metrics.ask('feeds'));
  const count = async (feed: MetricFeed, requests: number) => {
    for (let i = 0; i < requests; i++) feed.record(by, 0.01, false);
    metrics.tell('attach', feed.attachment());
    feed.flip();
    await stage.system.run(1000);
  };
  const [one, two] = [new MetricFeed('one'), new MetricFeed('two')];
  await count(one, 1);
  await count(two, 10);
  // Who else counts has not said so yet, maybe.
  expect(await read()).toEqual({ kind: 'missing', why: 'starting' });
  for (let i = 0; i < 8; i++) await count(one, 1);
  expect(await read()).toMatchObject({ kind: 'stale' });
  expect(await feeds()).toMatchObject([
    { source: 'one', incarnation: 0 },
    { source: 'two', incarnation: 0, silentMs: expect.any(Number) },
  ]);
  metrics.tell('detach', 'two');
  expect(await read()).toMatchObject({ kind: 'value', value: 19 });
  // It speaks late.
  await count(two, 100);
  expect(await read()).toMatchObject({ kind: 'value', value: 19 });
  expect(await feeds()).toMatchObject([{ source: 'one' }]);
  await count(new MetricFeed('two', { incarnation: 1 }), 5);
  await count(one, 0);
  expect(await read()).toMatchObject({ kind: 'value', value: 24 });
  // Another start, without a word of the end of the one before.
  await count(new MetricFeed('two', { incarnation: 2 }), 6);
  await count(one, 0);
  expect(await read()).toMatchObject({ kind: 'value', value: 30 });
  expect(await feeds()).toMatchObject([{ source: 'one' }, { source: 'two', incarnation: 2 }]);
  await stage.system.close();
});
