/**
 * What finding the owner of a key costs when its hash is known: how a router looks up a batch.
 * Answers: rendezvous and maglev slot tables, exact ketama through its bucket index, jump; against
 * ketama as libraries write it, a binary search over sorted points in a typed array. Does not
 * answer: what hashing a key costs (B15), or what a cold table costs after a publish. Slots as
 * `slotBitsFor` advises, 2^16 for 100 members and 2^18 for 1,000, unless a row says otherwise.
 * Hashes are fixed, 262,144 different ones in batches of 4,096, so that the whole table is in use.
 * Checksum: the sum of all owners found.
 */
import {
  buildJump,
  buildKetama,
  buildMaglev,
  type Member,
  murmur3Text,
  openTable,
  RendezvousBuilder,
  type RingTable,
  type TableImage,
  xxh64,
} from 'ringmaster/hotpath';
import type { BenchContender, BenchRow, BenchTask } from './harness/row.ts';

const BATCH_KEYS = 4096;
const BATCHES = 64;
const REPLICAS = 3;

/** Thanos' default, and 40 × 4 of the original ketama. */
const SECTIONS_PER_MEMBER = 1000;
const POINTS_PER_MEMBER = 160;

function membersOf(count: number): Member[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `node-${index}.cluster.local:10901`,
    zone: `zone-${index % 3}`,
    shard: index,
  }));
}

function open(image: TableImage): RingTable {
  const buffer = new SharedArrayBuffer(image.byteLength);
  image.writeTo({ buffer, generation: 1 });
  return openTable(buffer);
}

function tableOf<K extends RingTable['kind']>(
  kind: K,
  image: TableImage,
): Extract<RingTable, { kind: K }> {
  const table = open(image);
  if (table.kind !== kind) throw new Error(`got a ${table.kind} table, expected ${kind}`);
  return table as Extract<RingTable, { kind: K }>;
}

/** Fixed pseudo-random words, `words` per batch: Weyl steps through a mixer. */
function batchesOf(words: number): Uint32Array[] {
  let state = 42;
  return Array.from({ length: BATCHES }, () => {
    const batch = new Uint32Array(words);
    for (let at = 0; at < words; at += 1) {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      batch[at] = mixed ^ (mixed >>> 16);
    }
    return batch;
  });
}

type LookUp = (keys: Uint32Array, owners: Uint16Array) => void;

/** A task over all batches. The sum reads two owners at a time: it costs every contender alike. */
function batchTask(
  lookUp: LookUp,
  shape: { readonly wordsPerKey?: 1 | 2; readonly ownersPerKey?: number } = {},
): BenchTask {
  const { wordsPerKey = 1, ownersPerKey = 1 } = shape;
  const batches = batchesOf(BATCH_KEYS * wordsPerKey);
  const owners = new Uint16Array(BATCH_KEYS * ownersPerKey);
  const pairs = new Uint32Array(owners.buffer);
  return {
    opsPerCall: BATCHES * BATCH_KEYS,
    call: () => {
      let sum = 0;
      for (const batch of batches) {
        lookUp(batch, owners);
        for (let at = 0; at < pairs.length; at += 1) sum = (sum + (pairs[at] as number)) | 0;
      }
      return sum;
    },
  };
}

function rendezvous(members: number, slotBits: number): BenchContender {
  return {
    prepare: ({ quick }) => {
      // A large table takes seconds to build; a quick look at the loop can do with a small one.
      const options = { slotBits: quick ? 16 : slotBits };
      const image = new RendezvousBuilder(membersOf(members), options).image();
      const table = tableOf('rendezvous', image);
      return batchTask((hashes, owners) => table.primaries(hashes, owners));
    },
  };
}

const rendezvousSets: BenchContender = {
  prepare: () => {
    const table = tableOf('rendezvous', new RendezvousBuilder(membersOf(100)).image());
    const lookUp: LookUp = (hashes, owners) => table.replicaSets(hashes, owners);
    return batchTask(lookUp, { ownersPerKey: REPLICAS });
  },
};

const rendezvousSingly: BenchContender = {
  prepare: () => {
    const table = tableOf('rendezvous', new RendezvousBuilder(membersOf(100)).image());
    return batchTask((hashes, owners) => {
      for (let at = 0; at < hashes.length; at += 1)
        owners[at] = table.primary(hashes[at] as number);
    });
  },
};

const maglev: BenchContender = {
  prepare: () => {
    const table = tableOf('maglev', buildMaglev(membersOf(100)));
    return batchTask((hashes, owners) => table.primaries(hashes, owners));
  },
};

const ketamaIndex: BenchContender = {
  prepare: () => {
    const table = tableOf('ketama', buildKetama(membersOf(100)));
    return batchTask((keys, owners) => table.primaries(keys, owners), { wordsPerKey: 2 });
  },
};

const ketamaIndexSets: BenchContender = {
  prepare: () => {
    const table = tableOf('ketama', buildKetama(membersOf(100)));
    const lookUp: LookUp = (keys, owners) => table.replicaSets(keys, owners);
    return batchTask(lookUp, { wordsPerKey: 2, ownersPerKey: REPLICAS });
  },
};

const jump: BenchContender = {
  prepare: () => {
    const table = tableOf('jump', buildJump(membersOf(100)));
    return batchTask((keys, owners) => table.primaries(keys, owners), { wordsPerKey: 2 });
  },
};

/** Ketama as libraries write it: sorted 32-bit points, the owner beside each, a binary search. */
function binarySearch(members: number, pointsPerMember: number): BenchContender {
  return {
    prepare: () => {
      const { points, owners: pointOwners } = sortedPoints(membersOf(members), pointsPerMember);
      return batchTask((hashes, owners) => {
        for (let at = 0; at < hashes.length; at += 1) {
          const hash = hashes[at] as number;
          let low = 0;
          let high = points.length;
          while (low < high) {
            const middle = (low + high) >>> 1;
            if ((points[middle] as number) < hash) low = middle + 1;
            else high = middle;
          }
          owners[at] = pointOwners[low === points.length ? 0 : low] as number;
        }
      });
    },
  };
}

function sortedPoints(
  members: readonly Member[],
  pointsPerMember: number,
): { points: Uint32Array; owners: Uint16Array } {
  // Point and owner in one number, so that the engine's own sort of doubles moves both.
  const keyed = new Float64Array(members.length * pointsPerMember);
  for (const [owner, { name }] of members.entries()) {
    for (let point = 0; point < pointsPerMember; point += 1) {
      keyed[owner * pointsPerMember + point] = murmur3Text(`${name}:${point}`) * 65_536 + owner;
    }
  }
  keyed.sort();
  return {
    points: Uint32Array.from(keyed, (key) => Math.floor(key / 65_536)),
    owners: Uint16Array.from(keyed, (key) => key % 65_536),
  };
}

/** The same search over 64-bit sections, which is what agreeing with Thanos takes. */
const binarySearch64: BenchContender = {
  prepare: () => {
    const { hashes, owners: sectionOwners } = sortedSections64(membersOf(100));
    const lookUp: LookUp = (keys, owners) => {
      for (let at = 0; at < owners.length; at += 1) {
        const keyHigh = keys[2 * at] as number;
        const keyLow = keys[2 * at + 1] as number;
        let low = 0;
        let high = sectionOwners.length;
        while (low < high) {
          const middle = (low + high) >>> 1;
          const section = hashes[2 * middle] as number;
          const isBefore =
            section < keyHigh ||
            (section === keyHigh && (hashes[2 * middle + 1] as number) < keyLow);
          if (isBefore) low = middle + 1;
          else high = middle;
        }
        owners[at] = sectionOwners[low === sectionOwners.length ? 0 : low] as number;
      }
    };
    return batchTask(lookUp, { wordsPerKey: 2 });
  },
};

function sortedSections64(members: readonly Member[]): {
  hashes: Uint32Array;
  owners: Uint16Array;
} {
  const hash = new Uint32Array(2);
  const utf8 = new TextEncoder();
  const sections = members.flatMap(({ name }, owner) =>
    Array.from({ length: SECTIONS_PER_MEMBER }, (_, index) => {
      xxh64(utf8.encode(`${name}:${index + 1}`), hash);
      return { high: hash[0] as number, low: hash[1] as number, owner };
    }),
  );
  sections.sort((a, b) => a.high - b.high || a.low - b.low);
  return {
    hashes: Uint32Array.from(sections.flatMap(({ high, low }) => [high, low])),
    owners: Uint16Array.from(sections, ({ owner }) => owner),
  };
}

const BINARY = 'ketama binary search';
const BINARY_160 = 'ketama binary search, 160 points';

export const rows: readonly BenchRow[] = [
  {
    id: 'B14',
    name: '100 members, batches of 4,096',
    unit: 'ns/op',
    ours: rendezvous(100, 16),
    peers: {
      [BINARY]: binarySearch(100, SECTIONS_PER_MEMBER),
      [BINARY_160]: binarySearch(100, POINTS_PER_MEMBER),
    },
    target: { nsAtMost: 3, ratioAtLeast: { [BINARY]: 30 } },
  },
  {
    id: 'B14',
    name: '1,000 members, batches of 4,096',
    unit: 'ns/op',
    ours: rendezvous(1000, 18),
    peers: {
      [BINARY]: binarySearch(1000, SECTIONS_PER_MEMBER),
      [BINARY_160]: binarySearch(1000, POINTS_PER_MEMBER),
    },
    target: { nsAtMost: 7, ratioAtLeast: { [BINARY]: 30 } },
  },
  {
    id: 'B14',
    name: '1,000 members, 2^20 slots',
    unit: 'ns/op',
    ours: rendezvous(1000, 20),
    peers: {},
    target: { nsAtMost: 7 },
  },
  {
    id: 'B14',
    name: '100 members, three replicas',
    unit: 'ns/op',
    ours: rendezvousSets,
    peers: { 'ketama bucket index': ketamaIndexSets },
    target: {},
  },
  {
    id: 'B14',
    name: '100 members, one call per look-up',
    unit: 'ns/op',
    ours: rendezvousSingly,
    peers: {},
    target: {},
  },
  {
    id: 'B14',
    name: '100 members, maglev',
    unit: 'ns/op',
    ours: maglev,
    peers: { [BINARY]: binarySearch(100, SECTIONS_PER_MEMBER) },
    target: {},
  },
  {
    id: 'B14',
    name: '100 members, exact ketama by bucket index',
    unit: 'ns/op',
    ours: ketamaIndex,
    peers: { 'binary search, 64 bits': binarySearch64 },
    target: { ratioAtLeast: { 'binary search, 64 bits': 5 } },
  },
  {
    id: 'B14',
    name: '100 members, jump',
    unit: 'ns/op',
    ours: jump,
    peers: {},
    target: {},
  },
];
