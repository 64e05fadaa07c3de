/**
 * A sharded service is updated one zone at a time: which slots may be replaced next. A zone is one
 * replica of every shard, so many slots of one zone may go together while the others stay whole. The
 * order and the guards are those of Grafana's rollout-operator. Pure; one pass.
 */
import { compareText } from '../arithmetic/compare-text.ts';

/** A slot of a zone, as it is seen. */
export type WaveSlot = {
  readonly name: string;
  readonly revision: string;
  readonly isLeaving: boolean;
  readonly isReady: boolean;
};

/** A zone. */
export type WaveZone = {
  readonly name: string;
  /** The revision that it is to have. */
  readonly revision: string;
  /** The revision that all of it is known to have; it advances when the last slot is ready. */
  readonly reachedRevision: string;
  /** Slots that there should be and slots that say they are ready. */
  readonly slotsCount: number;
  readonly readyCount: number;
  readonly slots: readonly WaveSlot[];
  /** Slots that may be unavailable in this zone while it is updated. From 1. */
  readonly maxUnavailable: number;
  readonly isPaused: boolean;
};

/** What to do in this pass. */
export type WaveStep = {
  /** To be replaced, in order. */
  readonly replace: readonly string[];
  /** Zones whose last slot has reached the revision. */
  readonly reached: readonly string[];
  /** Why it goes no further. */
  readonly waitsFor: 'nothing' | 'several zones not ready' | 'this zone';
};

/** `mayReplace`: asks the disruption budget, slot by slot, in order. */
export function waveStep(
  zones: readonly WaveZone[],
  mayReplace: (slot: string) => boolean,
): WaveStep {
  const byName = zones.toSorted((a, b) => compareText(a.name, b.name));
  const broken = byName.filter((zone) => !isWhole(zone));
  if (broken.length > 1) return { replace: [], reached: [], waitsFor: 'several zones not ready' };
  const reached: string[] = [];
  // The zone that is not whole goes first: no other one may be touched before it is.
  for (const zone of [...broken, ...byName.filter((one) => !broken.includes(one))]) {
    if (zone.isPaused) continue;
    const outdated = zone.slots
      .filter(({ revision }) => revision !== zone.revision)
      .toSorted((a, b) => compareNatural(a.name, b.name));
    if (outdated.length > 0) {
      const replace = replaceable(zone, outdated).filter(mayReplace);
      return { replace, reached, waitsFor: 'this zone' };
    }
    if (broken.includes(zone)) return { replace: [], reached, waitsFor: 'this zone' };
    if (zone.reachedRevision !== zone.revision) reached.push(zone.name);
  }
  return { replace: [], reached, waitsFor: 'nothing' };
}

/** All of its slots are there and ready. */
function isWhole({ slotsCount, readyCount, slots }: WaveZone): boolean {
  return (
    slotsCount === readyCount &&
    slots.length >= slotsCount &&
    slots.every(({ isLeaving, isReady }) => isReady && !isLeaving)
  );
}

/** As many as the zone may miss, those that leave already included. */
function replaceable(zone: WaveZone, outdated: readonly WaveSlot[]): string[] {
  const missing = zone.slotsCount - zone.readyCount;
  const count = Math.max(0, Math.min(zone.maxUnavailable - missing, outdated.length));
  return outdated
    .slice(0, count)
    .filter(({ isLeaving }) => !isLeaving)
    .map(({ name }) => name);
}

/** Runs of digits as numbers: x-9 before x-10. */
function compareNatural(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [one, other] = [left[i] as string, right[i] as string];
    const isNumeric = isDigits(one) && isDigits(other);
    const difference = isNumeric ? Number(one) - Number(other) : compareText(one, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length || compareText(a, b);
}

function partsOf(text: string): readonly string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

function isDigits(text: string): boolean {
  return /^\d/.test(text);
}
