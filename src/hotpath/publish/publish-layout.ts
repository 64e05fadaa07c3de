/**
 * Where every word of a published table lives: a few slots for immutable versions, one word that
 * names the current one, one word per reader that names the one it is on.
 * The only file that knows offsets. It computes; it never touches memory.
 *
 *   byte 0          128         256                    256 + 128 × readers
 *        ┌───────────┬───────────┬───────────┬─ ─┬───────────┬──────────┬──────────┬─ ─
 *        │ identity  │ current   │ epoch 0   │ … │ epoch n-1 │ slot 0   │ slot 1   │ …
 *        └───────────┴───────────┴───────────┴─ ─┴───────────┴──────────┴──────────┴─ ─
 *
 * | word     | written by  | read by | ordering                                                   |
 * | identity | creator     | all     | plain: the span is handed over after it is written         |
 * | writer   | openers     | openers | compare-and-swap: one writer                               |
 * | current  | writer      | readers | Atomics: the store publishes the slot's plain content      |
 * | epoch i  | reader i    | writer  | Atomics, sequentially consistent with `current`: a reader  |
 * |          |             |         | announces, then looks again; a writer publishes, then looks|
 * | slots    | writer      | readers | plain: writer's until published, readers' while announced  |
 *
 * `current` and the epochs hold a *stamp*: version (27 bits), slot (4 bits), and a low bit that is
 * always set, so that 0 means "none yet" in `current` and OFFLINE in an epoch. A reader pins by
 * slot, never by version: a wrapped version can at worst pin a slot for nothing.
 *
 * Invariant HOT-5: the content of a slot changes only while `current` names another slot and no
 * epoch names it.
 * Invariant HOT-6: a reader sees one version whole: all words it reads between pin and unpin were
 * written before that version was published.
 */
import { assert, RingmasterError } from '../errors.ts';
import { WORD_BYTES, WORD_GAP_BYTES } from '../mem.ts';

/** "RMP1" as the bytes of a little-endian word. */
export const PUBLISH_MAGIC = 0x31504d52;
/** Changes whenever a byte of this drawing moves. */
export const PUBLISH_VERSION = 1;

export const MAGIC_WORD = 0;
export const VERSION_WORD = 1;
export const SLOT_BYTES_WORD = 2;
export const SLOTS_WORD = 3;
export const READERS_WORD = 4;
export const WRITER_ROLE_WORD = 5;
/** One word per cache-line pair from here on: `current`, then the epochs. */
export const CURRENT_WORD: number = WORD_GAP_BYTES / WORD_BYTES;
const EPOCHS_WORD = 2 * (WORD_GAP_BYTES / WORD_BYTES);

/** In an epoch: this reader is on no version. In `current`: nothing was published yet. */
export const OFFLINE = 0;

const SLOT_SHIFT = 1;
const SLOT_BITS = 4;
const VERSION_SHIFT: number = SLOT_SHIFT + SLOT_BITS;

/** Versions count modulo this. No reader falls this far behind: `begin` answers NO_SLOT_FREE first. */
export const VERSIONS: number = 1 << (32 - VERSION_SHIFT);
/** Three: one current, one that readers still leave, one to write; fewer would make writers wait. */
export const SLOTS_MIN = 3;
/** What the stamp's slot field can name. */
export const SLOTS_MAX: number = 1 << SLOT_BITS;
/** A word each; a thread that reads takes one. */
export const READERS_MAX = 1024;
/** Slots start on a cache line. */
export const SLOT_ALIGN_BYTES = 64;
/** Bytes of all slots together; typed-array offsets stay below 2^31. */
export const SLOTS_BYTES_LIMIT: number = 1 << 30;

assert(VERSION_SHIFT < 32, 'a stamp leaves room for versions');

/** The sizes that fix the drawing. */
export type PublishSizes = {
  /** Bytes one version may take; a multiple of 64. */
  readonly slotBytes: number;
  readonly slots: number;
  readonly readers: number;
};

/** Word of a reader's epoch. */
export function epochWord(reader: number): number {
  return EPOCHS_WORD + reader * (WORD_GAP_BYTES / WORD_BYTES);
}

/** Byte where a slot's content starts. */
export function slotOffsetBytes(sizes: PublishSizes, slot: number): number {
  return epochWord(sizes.readers) * WORD_BYTES + slot * sizes.slotBytes;
}

/** Bytes of the whole span. */
export function spanBytes(sizes: PublishSizes): number {
  return slotOffsetBytes(sizes, sizes.slots);
}

/** The word that says "version v is in slot s"; never OFFLINE. */
export function stampOf(version: number, slot: number): number {
  return (version << VERSION_SHIFT) | (slot << SLOT_SHIFT) | 1;
}

/** Slot that a stamp names. */
export function stampSlot(stamp: number): number {
  return (stamp >>> SLOT_SHIFT) & (SLOTS_MAX - 1);
}

/** Version that a stamp names, 0 to VERSIONS - 1. */
export function stampVersion(stamp: number): number {
  return stamp >>> VERSION_SHIFT;
}

/** How many publications `version` lies behind `current`, 0 to VERSIONS - 1. */
export function versionsBehind(current: number, version: number): number {
  return (current - version) & (VERSIONS - 1);
}

/** @throws RM_PUBLISH_OPTION naming the first size that cannot be. */
export function checkSizes(sizes: PublishSizes): void {
  const { slotBytes, slots, readers } = sizes;
  checkRange('slots', slots, SLOTS_MIN, SLOTS_MAX);
  checkRange('readers', readers, 1, READERS_MAX);
  checkRange('slotBytes', slotBytes, SLOT_ALIGN_BYTES, SLOTS_BYTES_LIMIT);
  if (slotBytes % SLOT_ALIGN_BYTES !== 0 || slotBytes * slots > SLOTS_BYTES_LIMIT) {
    const expected = `a multiple of 64, at most ${SLOTS_BYTES_LIMIT} bytes in all slots together`;
    throw badOption('slotBytes', slotBytes, expected);
  }
}

function checkRange(name: string, got: number, min: number, max: number): void {
  if (!Number.isInteger(got) || got < min || got > max) {
    throw badOption(name, got, `an integer from ${min} to ${max}`);
  }
}

/** An option that cannot be: what was got and what was expected. */
export function badOption(name: string, got: number, expected: string): RingmasterError {
  const message = `${name} is ${got}; expected ${expected}.`;
  return new RingmasterError('RM_PUBLISH_OPTION', message, { name, got });
}
