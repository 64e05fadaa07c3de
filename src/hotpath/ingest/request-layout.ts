/**
 * Where everything lies in the memory that write requests are decoded in. The only file that knows these
 * offsets, but for kernel/decode.ts, which repeats the first three. It computes; it never touches memory.
 *
 *   byte 0         16,512        16,640     16,768
 *        ┌──────────┬─────────────┬──────────┬──────── ─ ─ ┬─── ─ ─
 *        │ key of   │ key of      │ mask:    │ slot        │ slot …
 *        │ the hash │ its finish  │ 32 ones, │             │
 *        │          │ 4 × 4 × u64 │ 32 zeros │             │
 *        └──────────┴─────────────┴──────────┴──────── ─ ─ ┴─── ─ ─
 *   slot: head 128 │ body as it came │ request, decompressed │ series n × 36 │ times f64[m] │ values f64[m]
 *   series: u32 labelsAt, labelsBytes (in the request), firstSample, samples, owner, hash × 4
 *
 * | words              | written by | read by     | ordering                                        |
 * | key, mask          | creator    | all         | plain: before the memory is shared              |
 * | a slot             | receiver   | receiver    | plain: one thread                               |
 * | a decoded slot     | –          | aggregators | plain: nobody writes from the message that      |
 * |                    |            |             | names the slot until its answer; messages order |
 *
 * Invariant HOT-20: a slot is written only while no message about it is unanswered.
 */

/** Bytes of the labels of one series, as they are encoded. */
export const LABEL_BYTES_MAX = 16_384;
/** Block of the hash: two halves of four words each. */
export const BLOCK_BYTES = 32;
/** Sums that the hash keeps: words of its result. */
export const HASH_WORDS = 4;
/** Byte offset of the key: one block for each of a series and one more for each further sum. */
export const KEY_AT = 0;
export const KEY_BYTES: number = LABEL_BYTES_MAX + HASH_WORDS * BLOCK_BYTES;
export const FINISH_AT: number = KEY_AT + KEY_BYTES;
/** For each word of the result: an addend and factors of low, high and length; u64 each. */
export const FINISH_BYTES: number = HASH_WORDS * 4 * 8;
export const MASK_AT: number = FINISH_AT + FINISH_BYTES;
const SLOTS_AT: number = align(MASK_AT + 2 * BLOCK_BYTES);

const HEAD_BYTES = 128;
/** Beyond the end of body and request: what whole-vector accesses may touch. */
export const SLACK_BYTES = 64;
/** u32 indices in a slot's head. */
export const HEAD_WORD = {
  series: 0,
  samples: 1,
  exemplars: 2,
  histograms: 3,
  metadata: 4,
  /** Byte of the request where it could not be read further. */
  errorAt: 5,
  requestBytes: 6,
  /** First of four: added to each series' hash. */
  tenant: 8,
} as const;

/** u32 words of a record in the table of series, and the indices in it. */
export const SERIES_WORDS = 9;
export const SERIES_WORD = {
  labelsAt: 0,
  labelsBytes: 1,
  firstSample: 2,
  samples: 3,
  owner: 4,
  hash: 5,
} as const;

/** What a request may be; see docs/remote-write.md. */
export type RequestLimits = {
  /** Bytes of a body, compressed. */
  readonly bodyBytesMax: number;
  /** Bytes of a request, decompressed. */
  readonly requestBytesMax: number;
  readonly seriesMax: number;
  readonly samplesMax: number;
  /** Labels of one series. */
  readonly labelsMax: number;
};

/** A slot; offsets count bytes from the memory's start. */
export type SlotLayout = {
  readonly headAt: number;
  readonly bodyAt: number;
  readonly requestAt: number;
  readonly seriesAt: number;
  readonly timesAt: number;
  readonly valuesAt: number;
};

/** Everything. */
export type RequestLayout = {
  readonly limits: RequestLimits;
  readonly slots: readonly SlotLayout[];
  /** Of the whole memory, in whole Wasm pages. */
  readonly byteLength: number;
};

const WASM_PAGE_BYTES = 65_536;

/** The same limits give the same offsets on every thread. */
export function requestLayout(limits: RequestLimits, slotsCount: number): RequestLayout {
  const slots: SlotLayout[] = [];
  let at = SLOTS_AT;
  for (let i = 0; i < slotsCount; i += 1) {
    const headAt = at;
    const bodyAt = headAt + HEAD_BYTES;
    const requestAt = align(bodyAt + limits.bodyBytesMax + SLACK_BYTES);
    const seriesAt = align(requestAt + limits.requestBytesMax + SLACK_BYTES);
    const timesAt = align(seriesAt + 4 * SERIES_WORDS * limits.seriesMax);
    const valuesAt = align(timesAt + 8 * limits.samplesMax);
    at = align(valuesAt + 8 * limits.samplesMax);
    slots.push({ headAt, bodyAt, requestAt, seriesAt, timesAt, valuesAt });
  }
  return { limits, slots, byteLength: Math.ceil(at / WASM_PAGE_BYTES) * WASM_PAGE_BYTES };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 128) * 128;
}
