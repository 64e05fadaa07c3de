/**
 * Figures for Prometheus, published as `ringmaster/prometheus`: metrics that are read when they are scraped
 * and cost nothing in between. The only file that knows prom-client, which writes the text; what a metric is
 * read from says its family.
 */
import { type Metric, Registry } from 'prom-client';
import type { MetricFamily } from './metric-family.ts';
import type { System } from './system.ts';
import { ACTOR_FAMILIES, type NamedFigures, SYSTEM_FAMILIES } from './system-families.ts';

export {
  counter,
  type FamilyReading,
  familiesOf,
  gauge,
  histogram,
  type MetricBuckets,
  type MetricFamily,
  type MetricLabels,
  type MetricSample,
  readFamilies,
} from './metric-family.ts';
export { SYSTEM_FAMILIES } from './system-families.ts';

/** Where metrics go: prom-client's own Registry is one. */
export interface MetricRegistry {
  /** Called once for each metric. */
  registerMetric(metric: never): void;
}

/** Where to, and as what. */
export type RegistryOptions = {
  /** A registry of the program's own; default: a new one. */
  readonly registry?: MetricRegistry;
  /** What a new registry writes: OpenMetrics, or the older text. Default false: text. */
  readonly openMetrics?: boolean;
};

/** How to export. */
export type MetricOptions = RegistryOptions & {
  /** Also figures of each named actor, by path; one series an actor. Default false. */
  readonly actors?: boolean;
};

/** The text that a scrape gets. */
export interface MetricsText {
  readonly contentType: string;
  /** @throws (rejects) what prom-client throws, and what the figures reject with */
  text(): Promise<string>;
}

/**
 * Registers the system's metrics. Thread rule: the thread that started the system.
 * @throws what prom-client throws, when the registry has one of that name
 */
export function exportMetrics(system: System, options: MetricOptions = {}): MetricsText {
  const registry = registryOf(options);
  const text = exportFamilies(SYSTEM_FAMILIES, () => system.figures(), { registry });
  if (options.actors === true) {
    exportFamilies(ACTOR_FAMILIES, () => namedFigures(system), { registry });
  }
  return text;
}

/**
 * Registers metrics whose figures are looked at when the registry is asked, once for all of them. Thread
 * rule: that of `look`. @throws what prom-client throws, when the registry has one of that name
 */
export function exportFamilies<F>(
  families: readonly MetricFamily<F>[],
  look: () => F | Promise<F>,
  options: RegistryOptions = {},
): MetricsText {
  const registry = registryOf(options);
  const shared = sharedLook(look);
  for (const family of families) registry.registerMetric(readMetric(family, shared));
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

function registryOf({ registry, openMetrics = false }: RegistryOptions): Registry {
  if (registry !== undefined) return registry as Registry;
  const made = new Registry();
  if (openMetrics) made.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  return made;
}

/** Whoever asks while a look is under way gets what it comes to: a registry asks all metrics at once. */
function sharedLook<F>(look: () => F | Promise<F>): () => Promise<F> {
  let underWay: Promise<F> | null = null;
  return () => {
    underWay ??= (async () => await look())().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}

/**
 * As prom-client's registry takes one: it asks `get` for the samples, and writes names and escapes. It takes
 * the `_total` off the name itself where the format wants that, so `get` tells the name as it is by then.
 */
function readMetric<F>(
  { name, kind, help, read }: MetricFamily<F>,
  look: () => Promise<F>,
): Metric {
  const metric = {
    name,
    help,
    type: kind,
    get: async () => ({
      name: metric.name,
      help,
      type: kind,
      aggregator: 'sum',
      values: read(await look()).map(([labels, value, suffix]) => ({
        labels,
        value,
        ...(suffix === undefined ? {} : { metricName: `${name}${suffix}` }),
      })),
    }),
    // What is read cannot be set back.
    reset: () => undefined,
  };
  return metric as never;
}

function namedFigures(system: System): readonly NamedFigures[] {
  return system.paths().flatMap((path) => {
    const ref = system.lookup(path);
    const figures = ref === null ? null : system.figuresOf(ref);
    return figures === null ? [] : [{ path, figures }];
  });
}
