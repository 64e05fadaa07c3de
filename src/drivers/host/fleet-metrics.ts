/**
 * A fleet's metrics in the registry of a program that embeds it, beside the program's own and those of its
 * system (`exportMetrics`). Those of the process are the program's to show. Knows no number itself.
 */
import {
  exportFamilies,
  type MetricsText,
  type RegistryOptions,
} from '../../runtime/system/prometheus.ts';
import { FLEET_FAMILIES, type FleetFigures } from './metric-families.ts';

/** What tells figures: an embedded fleet, or a host. */
export type FleetShown = {
  /** As they are now. */
  figures(): Promise<FleetFigures>;
};

/**
 * Registers them; they are read when the registry is asked, and a scrape fails while the fleet cannot
 * answer. Thread rule: the fleet's. @throws what prom-client throws, when the registry has one of that name
 */
export function exportFleetMetrics(fleet: FleetShown, options: RegistryOptions = {}): MetricsText {
  return exportFamilies(FLEET_FAMILIES, () => fleet.figures(), options);
}
