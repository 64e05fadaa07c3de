/**
 * The 64-bit key of a series, as Thanos Receive computes it.
 * Routers call it once per series for ketama and Pantheon tables, on any thread. Labels are hashed
 * in the given order: sorting them is the caller's matter, and most senders did.
 *
 * Source: thanos-io/thanos `pkg/receive/hashring.go`: XXH64 of the tenant and of every label's name
 * and value, each followed by a byte 0xFF, which no UTF-8 text contains.
 */
import { encodeUtf8, UTF8_BYTES_PER_UNIT_MAX } from '../hash/utf8.ts';
import { xxh64 } from '../hash/xxh64.ts';

/** A label: name, value. */
export type SeriesLabel = readonly [name: string, value: string];

/** After the tenant and after every name and value. */
const SEPARATOR = 0xff;

/**
 * Bytes kept between calls, per thread; series take some hundred. A larger series (label values of
 * a mebibyte are legal) gets memory of its own that is dropped again.
 */
const SCRATCH_BYTES = 16_384;

const scratch = new Uint8Array(SCRATCH_BYTES);

/**
 * Writes the key's halves to `out[0]` (high) and `out[1]` (low). No labels hash the tenant alone.
 * Text is UTF-8; a lone surrogate counts as U+FFFD.
 */
export function seriesKey(tenant: string, labels: readonly SeriesLabel[], out: Uint32Array): void {
  let unitsTotal = tenant.length;
  for (const [name, value] of labels) unitsTotal += name.length + value.length;
  const bytesMax = unitsTotal * UTF8_BYTES_PER_UNIT_MAX + 1 + labels.length * 2;
  const bytes = bytesMax <= SCRATCH_BYTES ? scratch : new Uint8Array(bytesMax);
  let end = append(tenant, bytes, 0);
  for (const [name, value] of labels) end = append(value, bytes, append(name, bytes, end));
  xxh64(bytes, out, 0, end);
}

function append(text: string, bytes: Uint8Array, at: number): number {
  const end = encodeUtf8(text, bytes, at);
  bytes[end] = SEPARATOR;
  return end + 1;
}
