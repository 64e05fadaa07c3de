/** Leadership in sentences: how its lease stands, how often it changed, for how long each one led. Pure. */
import type { ResultOf } from '../../protocol/schema.ts';
import { ago, lasting, plural } from './format.ts';

/** Who leads. */
export type Leader = ResultOf<'Fleet.leader'>;
/** One region. */
export type Region = ResultOf<'Region.list'>['regions'][number];
/** What this region may do for a while. */
export type Reservation = NonNullable<ResultOf<'Region.list'>['reservations']>[number];

/** Share of a lease that is left, below which its renewals have begun to fail. */
const RENEWED_LATE = 1 / 3;
const HOUR_MS = 3_600_000;

/** How its lease stands. `isLate`: renewals fail, and nobody leads when it ends. */
export function leaseOf({ ttlMs, leftMs, renewedAgoMs }: Leader): {
  readonly share: number;
  readonly isLate: boolean;
  readonly text: string;
} {
  const share = ttlMs === 0 ? 0 : leftMs / ttlMs;
  const isLate = share < RENEWED_LATE;
  const end = isLate ? 'it was not renewed in time, and ends' : 'unless it is renewed, it ends';
  const text = `renewed ${lasting(renewedAgoMs)} ago; ${end} in ${lasting(leftMs)} of ${lasting(ttlMs)}`;
  return { share, isLate, text };
}

/** Since when it is so, and how often it was otherwise. */
export function changesText({ leaders, leadersCount }: Leader): string {
  const [now] = leaders;
  if (leadersCount <= 1 || now === undefined) return 'It is the first one that was written down.';
  // The very first one has followed nobody.
  const changes = leaders.slice(0, leadersCount - 1);
  const hour = changes.filter(({ agoMs }) => agoMs < HOUR_MS).length;
  const late = hour === 0 ? 'none in the last hour' : `${plural(hour, 'change')} in the last hour`;
  return `${plural(leadersCount, 'leader')} so far; ${late}, the last ${ago(now.agoMs)}.`;
}

/** Each with how long it has led, or was the last that had: until the next one did. */
export function tenuresOf({ leaders }: Leader) {
  return leaders.map((one, index) => ({
    ...one,
    ms: one.agoMs - (leaders[index - 1]?.agoMs ?? 0),
  }));
}

/** Of a region that needs leave of others, or needs none. */
export function leaveText(regions: number, reservations: readonly Reservation[] | null): string {
  if (regions === 1) return 'The fleet has one region: it needs no leave of others.';
  if (reservations === null) {
    return 'No coordinator is heard here: this region goes by itself, and others by themselves.';
  }
  return reservations.length === 0
    ? 'Nothing is reserved: this region may grow, and neither shrinks nor takes up new policies.'
    : reservations.map(reservationText).join(' ');
}

function reservationText({ kind, leftMs, floors }: Reservation): string {
  const time = `for ${lasting(leftMs)} more`;
  if (kind === 'wave') return `It may take up new policies ${time}.`;
  const downs = floors.map(({ service, count }) => `${service} to ${count}`).join(', ');
  return `It may shrink ${time}: ${downs === '' ? 'wherever it wants' : downs}.`;
}

/** Units of a service that serve. */
export function servingText({
  serving,
  needed,
  unit,
}: NonNullable<Region['services']>[number]): string {
  return `${serving} of ${plural(needed, unit)}`;
}
