/**
 * Hot keys of a ring: who bears which slice today, what would even it out, and how many slices may still
 * get other owners within this hour. It asks the very table that routers ask, at some points of each
 * slice. Pure; called by the machine now and then, since it builds a table.
 */

import { NO_MEMBER, type RingTable } from '../../hotpath/index.ts';
import { compareText } from '../arithmetic/compare-text.ts';
import type { RingView, ServiceView } from '../protocol/fleet-view.ts';
import type { SlotId } from '../protocol/identity.ts';
import type { SliceOverride } from '../protocol/intent.ts';
import type { SliceReading } from '../protocol/slice-load.ts';
import { hotSlices, type SliceLoad } from './hot-slices.ts';
import { openedTable, type RingSpec, ringTable, slotsByMember } from './ring-table.ts';
import { pointOf, SLICES } from './slices.ts';

/**
 * Points of a slice that are looked up, to see who bears it. Range: 1 to 256. More: shares of a slice are
 * known better (1/16 is fine: a slice is a thousandth of the keys), and a look takes longer.
 */
const POINTS = 16;

/** Overrides that would make the ring even, and how many slices that moves; null: nothing to do. */
export function hotKeyOverrides(
  view: ServiceView,
  spec: RingSpec,
  ring: RingView,
  slicesMax: number,
): { readonly overrides: readonly SliceOverride[]; readonly moved: number } | null {
  if (view.sliceLoads === null || slicesMax < 1) return null;
  const input = {
    kind: view.spec.kind,
    ring: spec,
    members: ring.members,
    weights: ring.weights,
    replicas: 1,
    addresses: null,
  };
  const slots = slotsByMember(input);
  const { tolerance } = spec.hotKeys;
  const table = openedTable(ringTable(input));
  const loads = sliceLoads(view.sliceLoads, { table, overrides: ring.overrides, slots });
  const moves = hotSlices({ loads, members: [...slots.keys()], tolerance, slicesMax });
  if (moves.length === 0) return null;
  const moved = new Set(moves.map(({ slice }) => slice));
  const overrides = [
    ...ring.overrides.filter(({ slice }) => !moved.has(slice)),
    ...moves.map(({ slice, owners }) => ({
      slice,
      owners: owners.flatMap((owner) => slots.get(owner) ?? []).toSorted(compareText),
    })),
  ];
  return { overrides: overrides.toSorted((a, b) => a.slice - b.slice), moved: moves.length };
}

type Owners = {
  readonly table: RingTable;
  readonly overrides: readonly SliceOverride[];
  readonly slots: ReadonlyMap<string, readonly SlotId[]>;
};

/**
 * Who bears how much of each slice. An ordinary slice is many keys, and its load is divided as its points
 * are; a hot one is a key or two, and whoever was seen to bear most of it has what is surely his.
 */
function sliceLoads(measured: readonly SliceReading[], owners: Owners): readonly SliceLoad[] {
  const { table, overrides, slots } = owners;
  const memberBySlot = new Map(
    [...slots].flatMap(([member, list]) => list.map((slot) => [slot, member] as const)),
  );
  const overridden = new Map(overrides.map((one) => [one.slice, one.owners]));
  return measured.slice(0, SLICES).map(({ load, holder, share }, slice) => {
    const given = overridden.get(slice);
    if (given !== undefined) {
      const members = new Set(given.flatMap((slot) => memberBySlot.get(slot) ?? []));
      return { slice, load, owners: shares([...members]) };
    }
    const points = shares(
      Array.from({ length: POINTS }, (_, i) => primaryOf(table, pointOf(slice, i, POINTS))),
    );
    if (holder === null || !slots.has(holder)) return { slice, load, owners: points };
    const rest = points.map((one) => ({ member: one.member, share: one.share * (1 - share) }));
    return { slice, load, owners: [{ member: holder, share }, ...rest] };
  });
}

/** Who is named how often, the most often first. */
function shares(names: readonly string[]): SliceLoad['owners'] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([member, count]) => ({ member, share: count / names.length }))
    .toSorted((a, b) => b.share - a.share || compareText(a.member, b.member));
}

/** First owner of a point; a short hash is looked up whole, of a long one these are the first bits. */
function primaryOf(table: RingTable, high: number): string {
  const member =
    table.kind === 'rendezvous' || table.kind === 'maglev'
      ? table.primary(high)
      : table.primary(high, 0x8000_0000);
  return member === NO_MEMBER ? '' : table.members.name(member);
}
