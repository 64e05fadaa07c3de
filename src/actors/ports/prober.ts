/** The port to whoever asks instances whether they are well: an actor, so that it may be anywhere. */
import type { ServiceSpec } from '../spec/fleet-schema.ts';

/** One question; how it is asked stands in the specification. */
export type ProbeQuestion = {
  readonly instance: string;
  readonly probe: 'startup' | 'liveness' | 'readiness';
  readonly spec: NonNullable<ServiceSpec['health']['liveness']>;
};

/** What a prober understands. It answers within the probe's own timeout, or `false`. */
export type Prober = {
  /** Whether it is well. */
  probe(question: ProbeQuestion): boolean | Promise<boolean>;
};
