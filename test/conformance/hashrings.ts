/** Tables of Thanos Receive's hashrings and of Pantheon's rendezvous, over our own ring tables. */
import {
  buildKetama,
  buildPantheon,
  type KetamaTable,
  type Member,
  matchTenant,
  openTable,
  type PantheonTable,
  type RingTable,
  type SeriesLabel,
  ShuffleSharder,
  seriesKey,
  type TableImage,
} from 'ringmaster/hotpath';
import xxhash from 'xxhash-wasm';
import { type Expression, evaluated } from './expression.ts';
import { compared, holds, type Outcome, type Runners } from './table.ts';

type Endpoint = string | { readonly Address: string; readonly AZ?: string };
type Override = {
  readonly Tenants: readonly string[];
  readonly ShardSize: number;
  readonly TenantMatcherType?: Expression;
};

const { h64 } = await xxhash();
const GROWTH_SERIES = 10_000;
const SHUFFLE_SERIES = 100;

function membersOf(endpoints: readonly Endpoint[]): Member[] {
  return endpoints.map((endpoint) =>
    typeof endpoint === 'string'
      ? { name: endpoint }
      : { name: endpoint.Address, zone: endpoint.AZ ?? '' },
  );
}

function opened(image: TableImage): RingTable {
  const buffer = new SharedArrayBuffer(image.byteLength);
  image.writeTo({ buffer, generation: 1 });
  return openTable(buffer);
}

function ketama(list: readonly Member[], replicas: number, sectionsPerMember = 1000): KetamaTable {
  return opened(buildKetama(list, { replicas, sectionsPerMember })) as KetamaTable;
}

function keyOf(tenant: string, labels: readonly SeriesLabel[]): readonly [number, number] {
  const out = new Uint32Array(2);
  seriesKey(tenant, labels, out);
  return [out[0] as number, out[1] as number];
}

/** Who holds a series, by replica. */
function holders(ring: KetamaTable, tenant: string, labels: readonly SeriesLabel[]): string[] {
  const [high, low] = keyOf(tenant, labels);
  return Array.from({ length: ring.header.replicas }, (_, rank) =>
    ring.members.name(ring.owner(high, low, rank)),
  );
}

function matcherOf(matcher: Expression | undefined): 'exact' | 'glob' {
  return matcher !== undefined && evaluated(matcher) === 'glob' ? 'glob' : 'exact';
}

function hashVector(row: {
  readonly input?: string;
  readonly series?: { readonly tenant: string; readonly labels: readonly SeriesLabel[] };
  readonly xxh64: string;
}): Outcome {
  if (row.series === undefined) return compared(row.xxh64, String(h64(row.input ?? '')));
  const [high, low] = keyOf(row.series.tenant, row.series.labels);
  return compared(row.xxh64, String((BigInt(high) << 32n) | BigInt(low)));
}

function multiHashring(row: {
  readonly tenant: string;
  readonly hashrings:
    | readonly {
        readonly Endpoints: readonly Endpoint[];
        readonly Tenants?: readonly string[];
        readonly TenantMatcherType?: Expression;
      }[]
    | null;
  readonly expect: { readonly oneOf?: readonly string[]; readonly error?: boolean };
}): Outcome {
  const rings = row.hashrings ?? [];
  const rules = rings.map(({ Tenants = [], TenantMatcherType }) => ({
    tenants: Tenants,
    matcher: matcherOf(TenantMatcherType),
  }));
  const at = matchTenant(rules, row.tenant);
  if (row.expect.error === true) return holds('no ring', at === -1, at);
  const ring = rings[at];
  if (ring === undefined) return { isEqual: false, expected: row.expect, got: 'no ring' };
  const [got = ''] = holders(ketama(membersOf(ring.Endpoints), 1), row.tenant, [['foo', 'bar']]);
  return { isEqual: row.expect.oneOf?.includes(got) ?? false, expected: row.expect, got };
}

function ketamaGet(row: {
  readonly endpoints: readonly Endpoint[];
  readonly labels: readonly SeriesLabel[];
  readonly tenant: string;
  readonly sectionsPerNode: number;
  readonly replicationFactor: number;
  readonly n: number;
  readonly expect: string;
}): Outcome {
  const ring = ketama(membersOf(row.endpoints), row.replicationFactor, row.sectionsPerNode);
  return compared(row.expect, holders(ring, row.tenant, row.labels)[row.n]);
}

function azSpread({ nodes, replicas }: { nodes: readonly Endpoint[]; replicas: number }): Outcome {
  const list = membersOf(nodes);
  const zoneOf = new Map(list.map(({ name, zone = '' }) => [name, zone]));
  const counts = new Map([...zoneOf.values()].map((zone) => [zone, 0]));
  for (const name of holders(ketama(list, replicas), 'default-tenant', [['foo', 'bar']])) {
    const zone = zoneOf.get(name) ?? '';
    counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  const used = [...counts.values()].filter((count) => count > 0).length;
  const spread = Math.max(...counts.values()) - Math.min(...counts.values());
  const isEven = used === Math.min(replicas, counts.size) && spread <= 1;
  return holds('as many zones as replicas, even', isEven, Object.fromEntries(counts));
}

function nodeSpread(row: {
  readonly nodes: readonly Endpoint[];
  readonly replicas: number;
  readonly numSeries: number;
}): Outcome {
  const list = membersOf(row.nodes);
  const ring = ketama(list, row.replicas);
  const counts = new Map(list.map(({ name }) => [name, 0]));
  for (let i = 0; i < row.numSeries; i++) {
    for (const name of holders(ring, 'default-tenant', [['foo', `${i}`]])) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const share = (row.numSeries * row.replicas) / list.length;
  const isEven = [...counts.values()].every((count) => Math.abs(count - share) / share < 0.1);
  return holds('shares within 10 %', isEven, Object.fromEntries(counts));
}

/** Series that a node of the first ring holds in the second one and did not before. */
function intruders(
  initial: readonly Endpoint[],
  resized: readonly Endpoint[],
  replicas: number,
): Outcome {
  const [before, after] = [
    ketama(membersOf(initial), replicas),
    ketama(membersOf(resized), replicas),
  ];
  const old = new Set(membersOf(initial).map(({ name }) => name));
  let count = 0;
  for (let i = 0; i < GROWTH_SERIES; i++) {
    const labels: SeriesLabel[] = [['pod', `nginx-${i}`]];
    const held = holders(before, 'tenant', labels);
    for (const name of holders(after, 'tenant', labels)) {
      if (old.has(name) && !held.includes(name)) count++;
    }
  }
  return compared(0, count);
}

function shuffleShard(row: {
  readonly endpoints: readonly Endpoint[];
  readonly tenant: string;
  readonly usedNodes?: number;
  readonly err?: string;
  readonly shuffleShardCfg: {
    readonly ShardSize: number;
    readonly ZoneAwarenessDisabled?: boolean;
    readonly Overrides?: readonly Override[] | null;
  };
}): Outcome {
  const { ShardSize, Overrides, ZoneAwarenessDisabled = false } = row.shuffleShardCfg;
  const sharder = new ShuffleSharder(membersOf(row.endpoints), {
    shardSize: ShardSize,
    zoneAware: !ZoneAwarenessDisabled,
    overrides: (Overrides ?? []).map((override) => ({
      tenants: override.Tenants,
      shardSize: override.ShardSize,
      matcher: matcherOf(override.TenantMatcherType),
    })),
  });
  let ring: KetamaTable;
  try {
    ring = ketama(sharder.pick(row.tenant), 2);
  } catch (error) {
    const { message } = error as Error;
    const isEqual = row.err !== undefined && message.includes(row.err);
    return { isEqual, expected: row.err ?? row.usedNodes, got: message };
  }
  const used = (label: string): string[] => {
    const names = Array.from(
      { length: SHUFFLE_SERIES },
      (_, i) => holders(ring, row.tenant, [[label, `${i}`]])[0] ?? '',
    );
    return [...new Set(names)].sort();
  };
  const [some, others] = [used('iteration'), used('other')];
  const isEqual = row.err === undefined && some.length === row.usedNodes;
  return {
    isEqual: isEqual && compared(some, others).isEqual,
    expected: row.err ?? row.usedNodes,
    got: some.length,
  };
}

function shuffleStability(row: {
  readonly initialNodes: number;
  readonly scaledNodes: number;
  readonly shardSize: number;
  readonly numTenants: number;
  readonly maxAllowedDiff: number;
}): Outcome {
  const sharder = (count: number): ShuffleSharder =>
    new ShuffleSharder(
      Array.from({ length: count }, (_, i) => ({ name: `node-${i}` })),
      { shardSize: row.shardSize, zoneAware: false },
    );
  const [before, after] = [sharder(row.initialNodes), sharder(row.scaledNodes)];
  let most = 0;
  for (let i = 0; i < row.numTenants; i++) {
    const old = before.pick(`tenant-${i}`).map(({ name }) => name);
    const now = after.pick(`tenant-${i}`).map(({ name }) => name);
    if (old.length !== row.shardSize || now.length !== row.shardSize) {
      return { isEqual: false, expected: row.shardSize, got: [old.length, now.length] };
    }
    const missing = (from: readonly string[], to: readonly string[]): number =>
      from.filter((name) => !to.includes(name)).length;
    most = Math.max(most, missing(now, old), missing(old, now));
  }
  return holds(`at most ${row.maxAllowedDiff}`, most <= row.maxAllowedDiff, most);
}

function pantheonVector(row: {
  readonly tenant: string;
  readonly labels: readonly SeriesLabel[];
  readonly numShards: number;
  readonly expectShard: number;
}): Outcome {
  const shards = ['zone-0', 'zone-1'].flatMap((zone) =>
    Array.from({ length: row.numShards }, (_, shard) => ({
      name: `${zone}-${shard}`,
      zone,
      shard,
    })),
  );
  const ring = opened(buildPantheon(shards)) as PantheonTable;
  return compared(row.expectShard, ring.shardOf(...keyOf(row.tenant, row.labels)));
}

/** Runners of the files about hash rings. */
export const hashrings: Runners = {
  'thanos_hashring.json': {
    hashVectors: hashVector,
    multiHashringGet: multiHashring,
    ketamaGet,
    azSpread,
    nodeSpread,
    azConsistency: (row: {
      readonly initialRing: readonly Endpoint[];
      readonly resizedRing: readonly Endpoint[];
      readonly replicas: number;
    }) => intruders(row.initialRing, row.resizedRing, row.replicas),
    growth: (row: {
      readonly initial: readonly Endpoint[];
      readonly resized: readonly Endpoint[];
      readonly replicas: number;
    }) => intruders(row.initial, row.resized, row.replicas),
    shuffleShard,
    shuffleStability,
  },
  'pantheon_rendezvous.json': { vectors: pantheonVector },
};
