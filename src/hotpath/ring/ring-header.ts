/**
 * A ring's identity: written once when a span becomes a ring, checked before anything in it is
 * believed. Called by the openers; knows nothing about records.
 */
import type { Mem } from '../mem.ts';
import {
  badOption,
  CONSUMER_ROLE_WORD,
  CONTROL_BYTES_WORD,
  CONTROL_HEAD_WORD,
  CONTROL_TAIL_WORD,
  checkSizes,
  DATA_BYTES_WORD,
  DATA_HEAD_WORD,
  DATA_TAIL_WORD,
  FLAG_PAYLOAD_CHECK,
  FLAGS_WORD,
  FRAME_ALIGN_BYTES,
  frameOverheadBytes,
  GENERATION_WORD,
  IDENTITY_CHECK_WORD,
  identityCheck,
  invalid,
  MAGIC_WORD,
  PRODUCER_ROLE_WORD,
  RECORD_BYTES_LIMIT,
  RECORD_BYTES_MAX_WORD,
  RING_MAGIC,
  RING_VERSION,
  type RingSizes,
  spanBytes,
  VERSION_WORD,
} from './ring-layout.ts';

/**
 * Bytes of records in flight before a producer must wait. Range: 64 B..1 GiB, a power of two.
 * Larger: longer bursts pass without back-pressure, and more of the cache is walked through.
 * Smaller: back-pressure reaches the sender sooner. 64..256 KiB stay inside a core's L2 cache.
 * Source: bench/results, rows of id RING.
 */
export const DATA_BYTES_DEFAULT: number = 256 * 1024;
/** Room for a few hundred system messages (definitions, stop, down) beside a full data lane. */
export const CONTROL_BYTES_DEFAULT: number = 16 * 1024;

/** How to lay out a ring. Every field has a default; sizes are bytes. */
export type RingOptions = {
  /** Data lane; a power of two from 64 to 2^30. Default 256 KiB. */
  readonly dataBytes?: number;
  /** Control lane; a power of two from 64 to 2^30. Default 16 KiB. */
  readonly controlBytes?: number;
  /** Largest payload; 0 to 65,536 and smaller than the data lane. Default: as large as both allow. */
  readonly recordBytesMax?: number;
  /** Which ring between these two threads this is; 0 to 2^31 - 1. Default 0. */
  readonly generation?: number;
  /** A checksum with every payload: for tests and for finding who scribbles. Default false. */
  readonly payloadCheck?: boolean;
  /** Position of the first record; a multiple of 8, any 32-bit value. For tests of wrap-around. */
  readonly firstPosition?: number;
};

/** What a valid header says. */
export type RingHeader = RingSizes & { readonly generation: number };

/** Sizes with every default filled in. @throws RM_RING_OPTION */
export function ringSizes(options: RingOptions): RingSizes {
  const dataBytes = options.dataBytes ?? DATA_BYTES_DEFAULT;
  const payloadCheck = options.payloadCheck ?? false;
  const largest = Math.min(RECORD_BYTES_LIMIT, dataBytes - frameOverheadBytes(payloadCheck));
  const sizes = {
    dataBytes,
    controlBytes: options.controlBytes ?? CONTROL_BYTES_DEFAULT,
    recordBytesMax: options.recordBytesMax ?? Math.max(0, largest),
    payloadCheck,
  };
  checkSizes(sizes);
  return sizes;
}

/**
 * Turns a span into an empty ring. Thread rule: before any other thread knows the span.
 * @throws RM_RING_OPTION for sizes no ring can have; RM_RING_INVALID when the span is too small.
 */
export function formatRing(mem: Mem, options: RingOptions = {}): void {
  const sizes = ringSizes(options);
  const generation = options.generation ?? 0;
  const position = options.firstPosition ?? 0;
  if (!Number.isInteger(generation) || generation < 0 || generation > 0x7fffffff) {
    throw badOption('generation', generation, 'an integer from 0 to 2^31 - 1');
  }
  if ((position | 0) !== position || position % FRAME_ALIGN_BYTES !== 0) {
    throw badOption('firstPosition', position, 'a signed 32-bit multiple of 8');
  }
  const needed = spanBytes(sizes);
  if (mem.byteLength < needed) {
    throw invalid(`span of ${mem.byteLength} bytes`, `at least ${needed} for these sizes`);
  }
  mem.set(MAGIC_WORD, RING_MAGIC);
  mem.set(VERSION_WORD, RING_VERSION);
  mem.set(DATA_BYTES_WORD, sizes.dataBytes);
  mem.set(CONTROL_BYTES_WORD, sizes.controlBytes);
  mem.set(RECORD_BYTES_MAX_WORD, sizes.recordBytesMax);
  mem.set(GENERATION_WORD, generation);
  mem.set(FLAGS_WORD, sizes.payloadCheck ? FLAG_PAYLOAD_CHECK : 0);
  mem.set(IDENTITY_CHECK_WORD, identityCheck(readIdentity(mem)));
  mem.store(PRODUCER_ROLE_WORD, 0);
  mem.store(CONSUMER_ROLE_WORD, 0);
  for (const word of [DATA_TAIL_WORD, DATA_HEAD_WORD, CONTROL_TAIL_WORD, CONTROL_HEAD_WORD]) {
    mem.store(word, position);
  }
}

/** Checks every identity word before one is used. @throws RM_RING_INVALID saying which is wrong. */
export function readHeader(mem: Mem): RingHeader {
  const magic = mem.byteLength > CONTROL_HEAD_WORD * 4 ? mem.get(MAGIC_WORD) : 0;
  if (magic !== RING_MAGIC) {
    throw invalid(`magic ${hex(magic)}`, `${hex(RING_MAGIC)}; format the span with formatRing()`);
  }
  const version = mem.get(VERSION_WORD);
  if (version !== RING_VERSION) {
    throw invalid(`layout version ${version}`, `${RING_VERSION}; both sides need one release`);
  }
  if (mem.get(IDENTITY_CHECK_WORD) !== identityCheck(readIdentity(mem))) {
    throw invalid('a header that does not match its check', 'one that formatRing() wrote');
  }
  const header = {
    dataBytes: mem.get(DATA_BYTES_WORD),
    controlBytes: mem.get(CONTROL_BYTES_WORD),
    recordBytesMax: mem.get(RECORD_BYTES_MAX_WORD),
    generation: mem.get(GENERATION_WORD),
    payloadCheck: (mem.get(FLAGS_WORD) & FLAG_PAYLOAD_CHECK) !== 0,
  };
  checkSizes(header);
  const needed = spanBytes(header);
  if (mem.byteLength < needed) {
    throw invalid(`span of ${mem.byteLength} bytes`, `the ${needed} that its header describes`);
  }
  return header;
}

function readIdentity(mem: Mem): number[] {
  const words = [VERSION_WORD, DATA_BYTES_WORD, CONTROL_BYTES_WORD];
  words.push(RECORD_BYTES_MAX_WORD, GENERATION_WORD, FLAGS_WORD);
  return words.map((word) => mem.get(word));
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, '0')}`;
}
