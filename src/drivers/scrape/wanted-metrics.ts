/**
 * Which metrics of an instance are kept: those that its service scales by and those that its rollouts are
 * analysed by, but for what comes from elsewhere. An instance may expose a million series, and nobody has
 * to say which are meant. Pure.
 */
import { exposedMetrics, type ServiceSpec, writtenMetrics } from '../../actors/index.ts';

/** Names, each once, in the order of the specification. */
export function wantedMetrics(spec: ServiceSpec): readonly string[] {
  const written = writtenMetrics(spec);
  return exposedMetrics(spec).filter((name) => !written.includes(name));
}
