/**
 * How much of each service there is in all regions, at worst, and how far down one region may go: with
 * two regions or more, what is left without the largest has to carry the forecast of all. What was
 * granted counts as done, and what is not heard of as lost. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { ServiceCapacity } from './region-report.ts';

/** One region, as far as it is known. */
export type LedgerRegion = {
  readonly name: string;
  /** Operators' forecast for the whole region, in units of its services; null: from its peaks. */
  readonly forecast: number | null;
  /** Not heard from: it has no capacity. Its load is still there. */
  readonly isLost: boolean;
  readonly services: readonly ServiceCapacity[];
  /** How far down reservations that may still be used let each service go. */
  readonly floors: Readonly<Record<string, number>>;
};

/** What is kept above the peak of the last hour when nobody has given a forecast. */
export const PEAK_HEADROOM = 1.2;

/** Regions, and whether the loss of the largest is to be borne. */
export type Ledger = { readonly regions: readonly LedgerRegion[]; readonly isLossKept: boolean };

/**
 * The least that one region's share of a service may be; infinite while even all that there is would not
 * be enough. What one region has above the largest of the others never helps: it is the one that is lost.
 */
export function leastCount(
  { regions, isLossKept }: Ledger,
  region: string,
  service: string,
): number {
  const others = regions
    .filter(({ name }) => name !== region)
    .map((one) => worstCapacity(one, service));
  const sum = others.reduce((total, one) => total + one, 0);
  const forecast = forecastOf(regions, service);
  if (!isLossKept || regions.length < 2) return Math.max(0, forecast - sum);
  const largest = Math.max(0, ...others);
  return sum >= forecast ? Math.max(0, forecast - sum + largest) : Number.POSITIVE_INFINITY;
}

/** Whether a service is carried by what is left without the largest region. */
export function isCarried({ regions, isLossKept }: Ledger, service: string): boolean {
  const all = regions.map((one) => worstCapacity(one, service));
  const sum = all.reduce((total, one) => total + one, 0);
  const lost = isLossKept && regions.length > 1 ? Math.max(0, ...all) : 0;
  return sum - lost >= forecastOf(regions, service);
}

/** What a region has for certain. */
export function worstCapacity({ isLost, services, floors }: LedgerRegion, service: string): number {
  const known = services.find(({ name }) => name === service);
  if (isLost || known === undefined) return 0;
  return Math.min(known.capacity, floors[service] ?? Number.POSITIVE_INFINITY);
}

/** What all regions together have to carry of a service. */
export function forecastOf(regions: readonly LedgerRegion[], service: string): number {
  let total = 0;
  for (const region of regions.toSorted((a, b) => compareText(a.name, b.name))) {
    total += regionForecast(region, service);
  }
  return total;
}

/** An operator's number is divided among services as their peaks are. */
function regionForecast({ forecast, services }: LedgerRegion, service: string): number {
  const peak = services.find(({ name }) => name === service)?.peak ?? 0;
  if (forecast === null) return peak * PEAK_HEADROOM;
  const peaks = services.reduce((sum, one) => sum + one.peak, 0);
  if (services.length === 1) return services[0]?.name === service ? forecast : 0;
  return peaks === 0 ? forecast : (forecast * peak) / peaks;
}
