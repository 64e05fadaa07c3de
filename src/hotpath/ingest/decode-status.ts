/**
 * What decoding a request can come to, as numbers that kernels and fallback return. Whole requests only:
 * one that cannot be decoded is refused before anything of it is counted.
 */

/** 0 or more: decompressed or decoded. */
export const DECODE_STATUS = {
  /** The declared length is above the limit. */
  tooLarge: -2,
  /** No snappy block: it ends early, refers to what is not there, or has another length than it says. */
  corrupt: -1,
  decoded: 0,
  /** No protobuf message of the kind. */
  malformed: 1,
  tooManySeries: 2,
  tooManySamples: 3,
  /** Of one series. */
  tooManyLabels: 4,
  labelsTooLong: 5,
  /** The labels of a series do not lie together. */
  labelsApart: 6,
} as const;

/** The words for the numbers below 0 and above. */
export type DecodeFault = Exclude<keyof typeof DECODE_STATUS, 'decoded'>;

const FAULTS: ReadonlyMap<number, DecodeFault> = new Map(
  Object.entries(DECODE_STATUS)
    .filter(([name]) => name !== 'decoded')
    .map(([name, status]) => [status, name as DecodeFault]),
);

/** The word for a number; `malformed` for one that no decoder returns. */
export function faultOf(status: number): DecodeFault {
  return FAULTS.get(status) ?? 'malformed';
}
