/**
 * What a ring's table is like, measured on the table itself: who owns how much, and what moved when it
 * followed another one. Run by `System.offload` on a thread for computing, since tables take up to a tenth
 * of a second to build. Pure; plain data in and out.
 */
import { openedTable, type RingTableInput, ringTable, slotsByMember } from '../../actors/index.ts';
import { movement, ownership } from '../../hotpath/index.ts';

/** What is measured. `before`: the ring that it followed; null: none that is known. */
export type RingQuestion = {
  readonly now: RingTableInput;
  readonly before: RingTableInput | null;
};

/** Of all keys; shares of 1. */
export type RingMoved = {
  readonly movedShare: number;
  /** What any ring would have to move to give each member its new share. */
  readonly minimumShare: number;
  /** False: over some ten thousand fixed keys. */
  readonly isExact: boolean;
  /** Members of the table (shards, or slots), the largest part first. */
  readonly flows: readonly {
    readonly from: string;
    readonly to: string;
    readonly share: number;
  }[];
  /** Of all, with those that are left out. */
  readonly flowsCount: number;
};

/** The answer. */
export type RingMeasures = {
  /** By slot: share of the keys that it, or its shard, owns as the first. */
  readonly owned: Readonly<Record<string, number>>;
  /** Largest share of a member of the table, by the mean of its weight's; 1 is ideal. */
  readonly imbalance: number;
  readonly isExact: boolean;
  readonly moved: RingMoved | null;
};

/** Parts that changed hands which are told; more are counted. */
const FLOWS_MAX = 12;

/** @throws as `ringTable` and `movement` */
export function measureRing({ now, before }: RingQuestion): RingMeasures {
  const table = openedTable(ringTable(now));
  const { shares, samples } = ownership(table);
  const names = Array.from({ length: table.members.count }, (_, i) => table.members.name(i));
  const slots = slotsByMember(now);
  const weightOf = new Map(now.members.map((slot, i) => [slot, now.weights[i] ?? 1]));
  const weights = names.map((name) => weightOf.get(slots.get(name)?.[0] ?? '') ?? 1);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const owned: Record<string, number> = {};
  let imbalance = 0;
  for (const [i, name] of names.entries()) {
    const share = shares[i] as number;
    for (const slot of slots.get(name) ?? []) owned[slot] = share;
    imbalance = Math.max(imbalance, (share * all) / (weights[i] as number));
  }
  const moved = before === null ? null : movedOf(before, table);
  return { owned, imbalance, isExact: samples === 0, moved };
}

function movedOf(before: RingTableInput, table: ReturnType<typeof openedTable>): RingMoved {
  const report = movement(openedTable(ringTable(before)), table);
  const { movedShare, minimumShare, method, flows } = report;
  return {
    movedShare,
    minimumShare,
    isExact: method === 'exact',
    flows: flows.slice(0, FLOWS_MAX),
    flowsCount: flows.length,
  };
}
