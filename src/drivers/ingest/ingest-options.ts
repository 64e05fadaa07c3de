/**
 * What remote write takes in, and the defaults of it. Read when a host starts; every limit has its own
 * answer to a sender, see docs/remote-write.md. Pure.
 */
import type { DropRule, RequestLimits } from '../../hotpath/index.ts';

/** All of it. */
export type IngestOptions = {
  /** Where senders write to, on 127.0.0.1; 0: any free one. */
  readonly port: number;
  /** Threads that add up. More than there are cores to spare gain nothing. */
  readonly aggregators?: number;
  /** Labels that sums lack, by metric or, with null, for all. */
  readonly rules?: readonly DropRule[];
  readonly limits?: Partial<IngestLimits>;
};

/** Numbers that bound what senders can take. */
export type IngestLimits = RequestLimits & {
  /** Requests that are decoded and added up at once; each has memory for the largest. */
  readonly slots: number;
  readonly connectionsMax: number;
  /** Of bodies that are being received, all together. */
  readonly bufferedBytesMax: number;
  /** For a request to arrive, first byte to last. */
  readonly requestMsMax: number;
  /** Of each aggregator: inputs in all, of one tenant, of one metric of a tenant. */
  readonly inputsMax: number;
  readonly inputsPerTenantMax: number;
  readonly inputsPerMetricMax: number;
  /** Of each aggregator: memory for the names of its sums. */
  readonly nameBytesMax: number;
  readonly forgetAfterMs: number;
  readonly gaugeStaleMs: number;
};

/** Sized for senders' defaults: a Prometheus sends 2,000 samples in some 50 KiB. */
export const INGEST_LIMITS_DEFAULT: IngestLimits = {
  bodyBytesMax: 4 * 2 ** 20,
  requestBytesMax: 16 * 2 ** 20,
  seriesMax: 65_536,
  samplesMax: 262_144,
  labelsMax: 64,
  slots: 4,
  connectionsMax: 256,
  bufferedBytesMax: 64 * 2 ** 20,
  requestMsMax: 10_000,
  inputsMax: 1_000_000,
  inputsPerTenantMax: 500_000,
  inputsPerMetricMax: 100_000,
  nameBytesMax: 512 * 2 ** 20,
  forgetAfterMs: 900_000,
  gaugeStaleMs: 300_000,
};
