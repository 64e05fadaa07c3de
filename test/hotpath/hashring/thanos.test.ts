/**
 * Conformance with Thanos Receive: every row of vectors/thanos_hashring.json.
 */
import { describe, expect, test } from 'vitest';
import { buildKetama } from '../../../src/hotpath/hashring/ketama-builder.ts';
import type { KetamaTable } from '../../../src/hotpath/hashring/ketama-table.ts';
import type { Member } from '../../../src/hotpath/hashring/member.ts';
import type { SeriesLabel } from '../../../src/hotpath/hashring/series-key.ts';
import { ShuffleSharder } from '../../../src/hotpath/hashring/shuffle-shard.ts';
import { matchTenant } from '../../../src/hotpath/hashring/tenant-match.ts';
import { keyOf, publishAs, vectors } from './ring-fixtures.ts';

type Endpoint = string | { Address: string; AZ?: string };
type Matcher = 'glob' | { $id: string };

interface ThanosVectors {
  hashVectors: {
    input?: string;
    series?: { tenant: string; labels: SeriesLabel[] };
    xxh64: string;
  }[];
  multiHashringGet: {
    name: string;
    tenant: string;
    hashrings: { Endpoints: Endpoint[]; Tenants?: string[]; TenantMatcherType?: Matcher }[] | null;
    expect: { oneOf?: string[]; error?: boolean };
  }[];
  ketamaGet: {
    name: string;
    endpoints: Endpoint[];
    labels: SeriesLabel[];
    tenant: string;
    sectionsPerNode: number;
    replicationFactor: number;
    n: number;
    expect: string;
  }[];
  azSpread: { nodes: Endpoint[]; replicas: number }[];
  nodeSpread: { nodes: Endpoint[]; replicas: number; numSeries: number }[];
  azConsistency: { initialRing: Endpoint[]; resizedRing: Endpoint[]; replicas: number }[];
  growth: { initial: Endpoint[]; resized: Endpoint[]; replicas: number }[];
  shuffleShard: {
    name: string;
    endpoints: Endpoint[];
    tenant: string;
    usedNodes?: number;
    err?: string;
    shuffleShardCfg: {
      ShardSize: number;
      ZoneAwarenessDisabled?: boolean;
      Overrides: { Tenants: string[]; ShardSize: number; TenantMatcherType?: Matcher }[];
    };
  }[];
  shuffleStability: {
    name: string;
    initialNodes: number;
    scaledNodes: number;
    shardSize: number;
    numTenants: number;
    maxAllowedDiff: number;
  }[];
}

const table = vectors<ThanosVectors>('thanos_hashring.json');

function membersOf(endpoints: readonly Endpoint[]): Member[] {
  return endpoints.map((endpoint) =>
    typeof endpoint === 'string'
      ? { name: endpoint }
      : { name: endpoint.Address, zone: endpoint.AZ ?? '' },
  );
}

function ketama(list: readonly Member[], replicas: number, sectionsPerMember = 1000): KetamaTable {
  return publishAs('ketama', buildKetama(list, { replicas, sectionsPerMember }));
}

function matcherOf(matcher: Matcher | undefined): 'exact' | 'glob' {
  return matcher === undefined ? 'exact' : 'glob';
}

function holders(ring: KetamaTable, tenant: string, labels: readonly SeriesLabel[]): string[] {
  const [high, low] = keyOf(tenant, labels);
  return Array.from({ length: ring.header.replicas }, (_, rank) =>
    ring.members.name(ring.owner(high, low, rank)),
  );
}

describe('thanos', () => {
  // Guards: HOT-18
  test('thanos - the table has rows of every kind', () => {
    const rows = Object.values(table).filter((rows) => Array.isArray(rows));
    expect(rows.length).toBe(9);
    for (const list of rows) expect(list.length).toBeGreaterThan(0);
  });

  test.each(table.hashVectors.filter((row) => row.series !== undefined))(
    'thanos - the series key of $series is $xxh64',
    ({ series, xxh64 }) => {
      const [high, low] = keyOf(series?.tenant ?? '', series?.labels ?? []);
      expect(String((BigInt(high) << 32n) | BigInt(low))).toBe(xxh64);
    },
  );

  test.each(table.multiHashringGet)(
    'thanos - multi hashring: $name',
    ({ tenant, hashrings, expect: want }) => {
      const rules = (hashrings ?? []).map((ring) => ({
        tenants: ring.Tenants ?? [],
        matcher: matcherOf(ring.TenantMatcherType),
      }));
      const at = matchTenant(rules, tenant);
      if (want.error === true) {
        expect(at).toBe(-1);
        return;
      }
      const ring = ketama(membersOf(hashrings?.[at]?.Endpoints ?? []), 1);
      expect(want.oneOf).toContain(holders(ring, tenant, [['foo', 'bar']])[0]);
    },
  );

  test.each(table.ketamaGet)('thanos - ketama: $name', (row) => {
    const ring = ketama(membersOf(row.endpoints), row.replicationFactor, row.sectionsPerNode);
    expect(holders(ring, row.tenant, row.labels)[row.n]).toBe(row.expect);
  });

  test.each(table.azSpread)(
    'thanos - replicas spread over zones, $replicas replicas',
    ({ nodes, replicas }) => {
      const list = membersOf(nodes);
      const zoneOf = new Map(list.map((member) => [member.name, member.zone ?? '']));
      const counts = new Map([...zoneOf.values()].map((zone) => [zone, 0]));
      for (const name of holders(ketama(list, replicas), 'default-tenant', [['foo', 'bar']])) {
        const zone = zoneOf.get(name) as string;
        counts.set(zone, (counts.get(zone) as number) + 1);
      }
      const used = [...counts.values()].filter((count) => count > 0);
      expect(used.length).toBe(Math.min(replicas, counts.size));
      expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
    },
  );

  test.each(table.nodeSpread)(
    'thanos - $numSeries series spread over nodes',
    ({ nodes, replicas, numSeries }) => {
      const list = membersOf(nodes);
      const ring = ketama(list, replicas);
      const counts = new Map(list.map((member) => [member.name, 0]));
      for (let index = 0; index < numSeries; index += 1) {
        for (const name of holders(ring, 'default-tenant', [['foo', `${index}`]])) {
          counts.set(name, (counts.get(name) as number) + 1);
        }
      }
      const share = (numSeries * replicas) / list.length;
      for (const count of counts.values())
        expect(Math.abs(count - share) / share).toBeLessThan(0.1);
    },
  );

  const growing = [
    ...table.azConsistency.map((row) => ({ ...row, kind: 'azConsistency' })),
    ...table.growth.map(({ initial, resized, replicas }, at) => ({
      kind: `growth ${at}`,
      initialRing: initial,
      resizedRing: resized,
      replicas,
    })),
  ];
  test.each(growing)(
    'thanos - $kind: growing gives old nodes no new series',
    ({ initialRing, resizedRing, replicas }) => {
      const before = ketama(membersOf(initialRing), replicas);
      const after = ketama(membersOf(resizedRing), replicas);
      const old = new Set(membersOf(initialRing).map((member) => member.name));
      let intruders = 0;
      for (let index = 0; index < 10_000; index += 1) {
        const labels: SeriesLabel[] = [['pod', `nginx-${index}`]];
        const held = holders(before, 'tenant', labels);
        for (const name of holders(after, 'tenant', labels)) {
          if (old.has(name) && !held.includes(name)) intruders += 1;
        }
      }
      expect(intruders).toBe(0);
    },
  );

  test.each(table.shuffleShard)('thanos - shuffle sharding: $name', (row) => {
    const { ShardSize, Overrides, ZoneAwarenessDisabled = false } = row.shuffleShardCfg;
    const sharder = new ShuffleSharder(membersOf(row.endpoints), {
      shardSize: ShardSize,
      zoneAware: !ZoneAwarenessDisabled,
      overrides: Overrides.map((override) => ({
        tenants: override.Tenants,
        shardSize: override.ShardSize,
        matcher: matcherOf(override.TenantMatcherType),
      })),
    });
    if (row.err !== undefined) {
      expect(() => sharder.pick(row.tenant)).toThrow(row.err);
      return;
    }
    const ring = ketama(sharder.pick(row.tenant), 2);
    const used = (label: string): string[] => {
      const names = Array.from({ length: 100 }, (_, index) => {
        return holders(ring, row.tenant, [[label, `${index}`]])[0] as string;
      });
      return [...new Set(names)].sort();
    };
    expect(used('iteration').length).toBe(row.usedNodes);
    expect(used('other')).toEqual(used('iteration'));
    expect(sharder.pick(row.tenant)).toEqual(sharder.pick(row.tenant));
  });

  test.each(table.shuffleStability)('thanos - shuffle stability: $name', (row) => {
    const nodes = (count: number): Member[] =>
      Array.from({ length: count }, (_, index) => ({ name: `node-${index}` }));
    const options = { shardSize: row.shardSize, zoneAware: false };
    const before = new ShuffleSharder(nodes(row.initialNodes), options);
    const after = new ShuffleSharder(nodes(row.scaledNodes), options);
    for (let index = 0; index < row.numTenants; index += 1) {
      const old = before.pick(`tenant-${index}`).map((member) => member.name);
      const now = after.pick(`tenant-${index}`).map((member) => member.name);
      expect([old.length, now.length]).toEqual([row.shardSize, row.shardSize]);
      const added = now.filter((name) => !old.includes(name)).length;
      const removed = old.filter((name) => !now.includes(name)).length;
      expect(Math.max(added, removed)).toBeLessThanOrEqual(row.maxAllowedDiff);
    }
  });
});
