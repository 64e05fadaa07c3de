/**
 * A published table's identity: written once, checked before a writer or reader believes anything.
 */
import { RingmasterError } from '../errors.ts';
import type { Mem } from '../mem.ts';
import {
  badOption,
  CURRENT_WORD,
  checkSizes,
  epochWord,
  MAGIC_WORD,
  OFFLINE,
  PUBLISH_MAGIC,
  PUBLISH_VERSION,
  type PublishSizes,
  READERS_WORD,
  SLOT_BYTES_WORD,
  SLOTS_WORD,
  spanBytes,
  stampOf,
  VERSION_WORD,
  VERSIONS,
  WRITER_ROLE_WORD,
} from './publish-layout.ts';

/** How to lay a published table out. */
export type PublishOptions = PublishSizes & {
  /**
   * Version that the first publication follows; 0 to 2^27 - 1. For tests of wrap-around.
   * Default 0.
   */
  readonly firstVersion?: number;
};

/** Bytes of shared memory for these sizes. @throws RM_PUBLISH_OPTION */
export function publishBytes(sizes: PublishSizes): number {
  checkSizes(sizes);
  return spanBytes(sizes);
}

/**
 * Turns a span into a table with nothing published. Thread rule: before another thread knows it.
 * @throws RM_PUBLISH_OPTION; RM_PUBLISH_INVALID when the span is too small.
 */
export function formatPublished(mem: Mem, options: PublishOptions): void {
  checkSizes(options);
  const version = options.firstVersion ?? 0;
  if (!Number.isInteger(version) || version < 0 || version >= VERSIONS) {
    throw badOption('firstVersion', version, `an integer from 0 to ${VERSIONS - 1}`);
  }
  const needed = spanBytes(options);
  if (mem.byteLength < needed) {
    throw invalid(`span of ${mem.byteLength} bytes`, `at least ${needed} for these sizes`);
  }
  mem.set(MAGIC_WORD, PUBLISH_MAGIC);
  mem.set(VERSION_WORD, PUBLISH_VERSION);
  mem.set(SLOT_BYTES_WORD, options.slotBytes);
  mem.set(SLOTS_WORD, options.slots);
  mem.set(READERS_WORD, options.readers);
  mem.store(WRITER_ROLE_WORD, 0);
  // Without its low bit the stamp names no version: readers see "nothing published yet".
  mem.store(CURRENT_WORD, stampOf(version, 0) & ~1);
  for (let reader = 0; reader < options.readers; reader++) mem.store(epochWord(reader), OFFLINE);
}

/** Checks the identity words before one is used. @throws RM_PUBLISH_INVALID, RM_PUBLISH_OPTION */
export function readSizes(mem: Mem): PublishSizes {
  const magic = mem.byteLength >= CURRENT_WORD * 4 ? mem.get(MAGIC_WORD) : 0;
  if (magic !== PUBLISH_MAGIC) {
    throw invalid(`magic ${magic}`, `${PUBLISH_MAGIC}; format the span with formatPublished()`);
  }
  const version = mem.get(VERSION_WORD);
  if (version !== PUBLISH_VERSION) {
    throw invalid(`layout version ${version}`, `${PUBLISH_VERSION}; both sides need one release`);
  }
  const sizes = {
    slotBytes: mem.get(SLOT_BYTES_WORD),
    slots: mem.get(SLOTS_WORD),
    readers: mem.get(READERS_WORD),
  };
  checkSizes(sizes);
  if (mem.byteLength < spanBytes(sizes)) {
    throw invalid(`span of ${mem.byteLength} bytes`, `${spanBytes(sizes)}, as its header says`);
  }
  return sizes;
}

/** A span that is no published table. */
export function invalid(got: string, expected: string): RingmasterError {
  return new RingmasterError('RM_PUBLISH_INVALID', `got ${got}; expected ${expected}.`, { got });
}
