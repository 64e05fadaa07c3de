/**
 * May one more member of a zone be disrupted? Only while every other zone of the service is whole: a
 * zone is one replica of everything, so two zones that miss something may miss the same. As the
 * zone-aware disruption budget of Grafana's rollout-operator. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';

/** Members of one zone that do not serve. */
export type ZoneLoss = {
  readonly zone: string;
  readonly notReady: number;
  /** Members that should be there and are not seen at all. */
  readonly unknown: number;
};

/** Whether it may, and if not, because of which zone. */
export type ZoneVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly loss: ZoneLoss };

/**
 * `losses`: all zones, those of the member's own zone without the member itself. `maxUnavailable`:
 * members of one zone that may be missing at once.
 */
export function zoneVerdict(
  ownZone: string,
  losses: readonly ZoneLoss[],
  maxUnavailable: number,
): ZoneVerdict {
  const sorted = losses.toSorted((a, b) => compareText(a.zone, b.zone));
  const others = sorted.filter(({ zone }) => zone !== ownZone);
  const broken = others.find((loss) => loss.notReady + loss.unknown > 0);
  if (broken !== undefined) return { kind: 'denied', loss: broken };
  const own = sorted.find(({ zone }) => zone === ownZone);
  if (own === undefined || own.notReady + own.unknown < maxUnavailable) return { kind: 'allowed' };
  return { kind: 'denied', loss: own };
}
