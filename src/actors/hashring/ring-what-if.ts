/**
 * What a change of a ring would move, before anybody proposes it: the question behind
 * `ringmaster ring --what-if +1`. Two tables are built and compared; nothing is published. Pure, and
 * slow: it walks whole tables.
 */

import { type MovementReport, movement } from '../../hotpath/index.ts';
import { compareText } from '../arithmetic/compare-text.ts';
import { type SlotId, slotId, slotParts } from '../protocol/identity.ts';
import { openedTable, type RingTableInput, ringTable } from './ring-table.ts';

/** What would come of it. Shares of all keys, 0 to 1. */
export type RingWhatIf = {
  /** Shards, or members of a stateless service. */
  readonly before: number;
  readonly after: number;
  /** What an even ring has to move: 1/(n + 1) for one more. */
  readonly expectedShare: number;
  /** It moves no more than that and a tenth. */
  readonly isWithin: boolean;
  /** How much moves, from whom to whom. */
  readonly report: MovementReport;
};

/** Above what is expected by so much: sections are thrown, not measured. */
const SLACK = 1.1;

/** `change`: how many join (above 0) or leave (below 0), always at the end. Null: nobody would be left. */
export function ringWhatIf(input: RingTableInput, change: number): RingWhatIf | null {
  const units = unitsOf(input);
  const before = units.length;
  const after = before + change;
  if (after < 1 || before < 1) return null;
  const members =
    change < 0
      ? units.slice(0, after).flatMap(({ slots }) => slots)
      : [...input.members, ...newcomers(input, change)];
  const changed = { ...input, members, weights: weightsOf(input, members) };
  const report = movement(openedTable(ringTable(input)), openedTable(ringTable(changed)));
  const expectedShare = Math.abs(change) / Math.max(before, after);
  const isWithin = report.movedShare <= expectedShare * SLACK;
  return { before, after, expectedShare, isWithin, report };
}

type Unit = { readonly ordinal: number; readonly slots: readonly SlotId[] };

/** Shards by number; of a stateless service the slots, by number too: the last one leaves first. */
function unitsOf({ members, kind }: RingTableInput): readonly Unit[] {
  const units = new Map<string, Unit>();
  for (const slot of members.toSorted(compareText)) {
    const ordinal = slotParts(slot)?.ordinal ?? 0;
    const name = kind === 'sharded' ? String(ordinal) : slot;
    units.set(name, { ordinal, slots: [...(units.get(name)?.slots ?? []), slot] });
  }
  return [...units.values()].toSorted((a, b) => a.ordinal - b.ordinal);
}

function newcomers({ members, kind }: RingTableInput, count: number): readonly SlotId[] {
  const parts = members.flatMap((slot) => slotParts(slot) ?? []);
  const [first] = parts;
  if (first === undefined) return [];
  const { service, region } = first;
  const next = Math.max(...parts.map(({ ordinal }) => ordinal)) + 1;
  const sizes = new Map<string, number>();
  for (const { zone } of parts) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
  const zones = [...sizes.keys()].toSorted(compareText);
  return Array.from({ length: count }, (_, i) => next + i).flatMap((ordinal) => {
    const emptiest = zones.reduce((least, zone) =>
      (sizes.get(zone) ?? 0) < (sizes.get(least) ?? 0) ? zone : least,
    );
    const used = kind === 'sharded' ? zones : [emptiest];
    for (const zone of used) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
    return used.map((zone) => slotId({ service, region, zone, ordinal }));
  });
}

/** A newcomer weighs as much as the others of its zone. */
function weightsOf({ members, weights }: RingTableInput, wanted: readonly SlotId[]): number[] {
  const bySlot = new Map(members.map((slot, i) => [slot, weights[i] ?? 1]));
  const byZone = new Map(members.map((slot, i) => [slotParts(slot)?.zone, weights[i] ?? 1]));
  return wanted.map((slot) => bySlot.get(slot) ?? byZone.get(slotParts(slot)?.zone) ?? 1);
}
