/**
 * Which slices of the keys get other owners, so that nobody bears much more than the others. The hottest
 * slice of the hottest member goes to the coolest one that can bear it; one that nobody could bear alone
 * is divided among several. Pure arithmetic on loads: it knows neither rings nor zones, and it never
 * makes the most loaded member worse.
 */
import { compareText } from '../arithmetic/compare-text.ts';

/** A slice's load and who bears it now. */
export type SliceLoad = {
  readonly slice: number;
  /** In any unit; requests in a second. */
  readonly load: number;
  /** Shares of it; together 1. */
  readonly owners: readonly { readonly member: string; readonly share: number }[];
};

/** What is asked. */
export type HotSliceInput = {
  readonly loads: readonly SliceLoad[];
  readonly members: readonly string[];
  /** Load above the mean that is borne; a share of it. */
  readonly tolerance: number;
  /** Slices that may still move. */
  readonly slicesMax: number;
};

/** A slice gets other owners; several share its load evenly. */
export type SliceMove = { readonly slice: number; readonly owners: readonly string[] };

type Bearing = Map<string, number>;

/** The moves, the most useful first. None: everybody is within the tolerance, or nothing would help. */
export function hotSlices({
  loads,
  members,
  tolerance,
  slicesMax,
}: HotSliceInput): readonly SliceMove[] {
  const names = members.toSorted(compareText);
  const bearing = memberLoads(loads, names);
  const mean = [...bearing.values()].reduce((sum, load) => sum + load, 0) / names.length;
  if (!(mean > 0)) return [];
  const cap = mean * (1 + tolerance);
  const moves: SliceMove[] = [];
  const moved = new Set<number>();
  const stuck = new Set<string>();
  while (moves.length < slicesMax) {
    const hottest = hottestOf(
      names.filter((name) => !stuck.has(name)),
      bearing,
    );
    if (hottest === null || (bearing.get(hottest) ?? 0) <= cap) break;
    const candidates = borneBy(hottest, loads, moved);
    const found = firstHelpful(candidates, { hottest, bearing, names, mean, cap });
    if (found === null) {
      stuck.add(hottest);
      continue;
    }
    moved.add(found.slice.slice);
    shift(bearing, found.slice, found.owners);
    moves.push({ slice: found.slice.slice, owners: found.owners });
  }
  return moves;
}

/** What each member bears. Who is no member bears nothing that can be given away. */
export function memberLoads(loads: readonly SliceLoad[], members: readonly string[]): Bearing {
  const bearing: Bearing = new Map(members.map((name) => [name, 0]));
  for (const { load, owners } of loads) {
    for (const { member, share } of owners) {
      const before = bearing.get(member);
      if (before !== undefined) bearing.set(member, before + load * share);
    }
  }
  return bearing;
}

/** Slices that a member bears a part of, the heaviest part first. */
function borneBy(
  member: string,
  loads: readonly SliceLoad[],
  moved: ReadonlySet<number>,
): readonly SliceLoad[] {
  const part = ({ load, owners }: SliceLoad): number =>
    load * owners.reduce((sum, one) => sum + (one.member === member ? one.share : 0), 0);
  return loads
    .filter((one) => part(one) > 0 && !moved.has(one.slice))
    .toSorted((a, b) => part(b) - part(a) || a.slice - b.slice);
}

type Search = {
  readonly hottest: string;
  readonly bearing: Bearing;
  readonly names: readonly string[];
  readonly mean: number;
  readonly cap: number;
};

function firstHelpful(
  candidates: readonly SliceLoad[],
  search: Search,
): { readonly slice: SliceLoad; readonly owners: readonly string[] } | null {
  const worst = search.bearing.get(search.hottest) ?? 0;
  for (const slice of candidates) {
    const owners = ownersFor(slice, search);
    if (owners === null) continue;
    const after = new Map(search.bearing);
    shift(after, slice, owners);
    const isHelpful = [search.hottest, ...owners].every((name) => (after.get(name) ?? 0) < worst);
    if (isHelpful) return { slice, owners };
  }
  return null;
}

/** The coolest one that can bear it whole; for one that is too hot for anybody as many as it takes. */
function ownersFor(slice: SliceLoad, { bearing, names, mean, cap }: Search): string[] | null {
  const without = new Map(bearing);
  shift(without, slice, []);
  const coolest = names.toSorted(
    (a, b) => (without.get(a) ?? 0) - (without.get(b) ?? 0) || compareText(a, b),
  );
  const [first] = coolest;
  if (first === undefined) return null;
  if ((without.get(first) ?? 0) + slice.load <= cap) return [first];
  if (slice.load <= mean) return null;
  const count = Math.min(names.length, Math.ceil(slice.load / mean) + 1);
  return coolest.slice(0, count).toSorted(compareText);
}

/** Takes a slice from those who bear it and gives it to others. */
function shift(bearing: Bearing, { load, owners }: SliceLoad, to: readonly string[]): void {
  for (const { member, share } of owners) {
    const before = bearing.get(member);
    if (before !== undefined) bearing.set(member, before - load * share);
  }
  for (const member of to) bearing.set(member, (bearing.get(member) ?? 0) + load / to.length);
}

function hottestOf(names: readonly string[], bearing: Bearing): string | null {
  let best: string | null = null;
  for (const name of names) {
    if (best === null || (bearing.get(name) ?? 0) > (bearing.get(best) ?? 0)) best = name;
  }
  return best;
}
