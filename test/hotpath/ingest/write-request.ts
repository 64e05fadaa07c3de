/**
 * Write requests as tests build them: protobuf by hand, so that what is wrong can be written, too, and a
 * slot to decode them in. The compressor is a library's; `literalBlock` is a valid block without any.
 */
import { compress } from 'snappyjs';
import { RequestDecoder } from '../../../src/hotpath/ingest/request-decoder.ts';
import type { RequestLimits } from '../../../src/hotpath/ingest/request-layout.ts';
import {
  RequestMemory,
  SECRET_BYTES,
  type SlotViews,
} from '../../../src/hotpath/ingest/request-memory.ts';

export type TestSample = readonly [time: number, value: number | typeof STALE];
export type TestLabels = readonly (readonly [string, string])[];
export type TestSeries = { readonly labels: TestLabels; readonly samples: readonly TestSample[] };

export const LIMITS: RequestLimits = {
  bodyBytesMax: 262_144,
  requestBytesMax: 524_288,
  seriesMax: 2_000,
  samplesMax: 8_000,
  labelsMax: 32,
};

export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** A field that counts its bytes. */
export function field(number: number, content: ArrayLike<number>): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length), ...Array.from(content)];
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function label([name, value]: readonly [string, string]): number[] {
  return field(1, [...field(1, utf8(name)), ...field(2, utf8(value))]);
}

export function double(value: number | typeof STALE): number[] {
  if (value === STALE) return [2, 0, 0, 0, 0, 0, 0xf0, 0x7f];
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

export function sample([time, value]: TestSample): number[] {
  return field(2, [0x09, ...double(value), 0x10, ...varint(time)]);
}

export function series({ labels, samples }: TestSeries): number[] {
  return field(1, [...labels.flatMap(label), ...samples.flatMap(sample)]);
}

export function request(list: readonly TestSeries[]): Uint8Array {
  return Uint8Array.from(list.flatMap(series));
}

export const snappy = (bytes: Uint8Array): Uint8Array => compress(bytes);

/** The bytes as literals of at most 60. */
export function literalBlock(bytes: Uint8Array): Uint8Array {
  const block = varint(bytes.length);
  for (let at = 0; at < bytes.length; at += 60) {
    const piece = bytes.subarray(at, at + 60);
    block.push((piece.length - 1) << 2, ...piece);
  }
  return Uint8Array.from(block);
}

/** The staleness marker: not any NaN, and only bytes keep it what it is. */
export const STALE: 'stale' = 'stale';

/** Not random: the same in every run. Independent words, as from a system's source of chance. */
export function secret(seed = 1): Uint8Array {
  const words = new BigUint64Array(SECRET_BYTES / 8);
  let state = BigInt(seed);
  for (let i = 0; i < words.length; i += 1) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let word = state;
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
    words[i] = word ^ (word >> 31n);
  }
  return new Uint8Array(words.buffer);
}

export type Bench = {
  readonly memory: RequestMemory;
  readonly decoder: RequestDecoder;
  readonly slot: SlotViews;
};

export function bench(use: 'wasm' | 'plain'): Bench {
  const memory = RequestMemory.create({ limits: LIMITS, slots: 1, secret: secret() });
  const slot = memory.slots[0] as SlotViews;
  return { memory, decoder: new RequestDecoder(memory, use), slot };
}

/** Decodes a body in the slot. */
export function decode({ decoder, slot }: Bench, body: Uint8Array, tenant = '') {
  slot.body.set(body);
  decoder.setTenant(slot, tenant);
  return decoder.decode(slot, body.length);
}
