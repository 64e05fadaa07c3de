/**
 * The writer of a published table: take a free slot, write a version into it, publish it.
 * It never waits for a reader: when every slot is pinned it says so, and the caller goes on with
 * the current version or allocates a larger table.
 *
 *   idle ──begin──▶ writing ──publish──▶ idle
 *                      └─────abort────▶ idle
 *
 * No writing → writing: the slot in hand would be forgotten half-written.
 */
import { RingmasterError } from '../errors.ts';
import type { Mem } from '../mem.ts';
import { releaseRole, takeRole } from '../role.ts';
import { invalid, readSizes } from './publish-header.ts';
import {
  badOption,
  CURRENT_WORD,
  epochWord,
  OFFLINE,
  type PublishSizes,
  slotOffsetBytes,
  stampOf,
  stampSlot,
  stampVersion,
  VERSIONS,
  versionsBehind,
  WRITER_ROLE_WORD,
} from './publish-layout.ts';

/** `begin`: every slot but the current one is pinned by a reader. */
export const NO_SLOT_FREE = -1;

/** How to open the writing side. */
export type PublisherOptions = {
  /** Take over from a writer whose thread has ended. Default false. */
  readonly takeOver?: boolean;
};

/** Writes versions. Thread rule: one thread at a time. */
export class Publisher {
  readonly sizes: PublishSizes;
  readonly #mem: Mem;
  #current: number;
  #isClosed = false;
  /** Slot being written, or -1. */
  #writing = -1;

  /** @throws RM_PUBLISH_INVALID when the span is no published table or has a writer already. */
  constructor(mem: Mem, options: PublisherOptions = {}) {
    this.sizes = readSizes(mem);
    this.#mem = mem;
    if (!takeRole(mem, WRITER_ROLE_WORD, options.takeOver === true)) {
      throw invalid('a table whose writer is open', 'a free role; takeOver only if it has ended');
    }
    this.#current = mem.load(CURRENT_WORD);
  }

  /** Version last published, 0 to 2^27 - 1; before the first: the one it will follow. */
  get version(): number {
    return stampVersion(this.#current);
  }

  /**
   * Takes a slot that nobody reads.
   * @returns the byte where `sizes.slotBytes` of content may be written, or NO_SLOT_FREE.
   * @throws RM_PUBLISH_STATE when a slot is being written already.
   */
  begin(): number {
    if (this.#writing !== -1) throw wrongState('begin() while a version is being written');
    let taken = (this.#current & 1) === 0 ? 0 : 1 << stampSlot(this.#current);
    for (let reader = 0; reader < this.sizes.readers; reader++) {
      // Must be atomic: it acquires the reader's last plain reads of the slot that it left, and it
      // stands after the store to `current` that made readers leave, in the one order of atomics.
      const epoch = this.#mem.load(epochWord(reader));
      if (epoch === OFFLINE) continue;
      taken |= 1 << stampSlot(epoch);
      // One more, and the number that it is on would come round and seem new.
      if (versionsBehind(this.version, stampVersion(epoch)) >= VERSIONS - 2) return NO_SLOT_FREE;
    }
    for (let slot = 0; slot < this.sizes.slots; slot++) {
      if ((taken & (1 << slot)) !== 0) continue;
      this.#writing = slot;
      return slotOffsetBytes(this.sizes, slot);
    }
    return NO_SLOT_FREE;
  }

  /**
   * Makes the written slot the current version. @returns its version number.
   * @throws RM_PUBLISH_STATE without `begin`.
   */
  publish(): number {
    if (this.#writing === -1) throw wrongState('publish() without begin()');
    const version = (this.version + 1) & (VERSIONS - 1);
    this.#current = stampOf(version, this.#writing);
    this.#writing = -1;
    // Must be atomic: it releases the slot's plain stores, and `begin`'s loads must follow it.
    this.#mem.store(CURRENT_WORD, this.#current);
    return version;
  }

  /** Gives the slot back unpublished. */
  abort(): void {
    this.#writing = -1;
  }

  /**
   * Whether reader `reader` can no longer be on a version before `version`. A reader that is
   * offline has: it will look at `current` before it reads again.
   * @throws RM_PUBLISH_OPTION for a reader or version that does not exist.
   */
  hasReached(reader: number, version: number): boolean {
    const behindMax = this.#behind(version);
    const epoch = this.#mem.load(this.#epochWordOf(reader));
    return epoch === OFFLINE || versionsBehind(this.version, stampVersion(epoch)) <= behindMax;
  }

  /** Whether every reader has reached `version`: what a control plane waits for. */
  allReached(version: number): boolean {
    for (let reader = 0; reader < this.sizes.readers; reader++) {
      if (!this.hasReached(reader, version)) return false;
    }
    return true;
  }

  /**
   * Unpins what a reader held. Only after that reader's thread has ended: a live reader would go on
   * reading a slot that is being overwritten.
   */
  evict(reader: number): void {
    this.#mem.store(this.#epochWordOf(reader), OFFLINE);
  }

  /** Gives the writing role up, once; the object must not be used afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.abort();
    releaseRole(this.#mem, WRITER_ROLE_WORD);
  }

  /** Publications since `version`, which must have been made by now. */
  #behind(version: number): number {
    if (!Number.isInteger(version) || version < 0 || version >= VERSIONS) {
      throw badOption('version', version, `a version that publish() returned, below ${VERSIONS}`);
    }
    const behind = versionsBehind(this.version, version);
    // Half the numbers lie in the past and half in the future: those were not published yet.
    if (behind >= VERSIONS / 2) {
      throw badOption('version', version, `one already published; the last is ${this.version}`);
    }
    return behind;
  }

  #epochWordOf(reader: number): number {
    if (!Number.isInteger(reader) || reader < 0 || reader >= this.sizes.readers) {
      throw noSuchReader(reader, this.sizes.readers);
    }
    return epochWord(reader);
  }
}

function wrongState(got: string): RingmasterError {
  const cure = 'expected begin(), then publish() or abort()';
  return new RingmasterError('RM_PUBLISH_STATE', `got ${got}; ${cure}.`);
}

/** A reader number that the table has no epoch word for. */
export function noSuchReader(reader: number, readers: number): RingmasterError {
  return new RingmasterError(
    'RM_PUBLISH_OPTION',
    `reader is ${reader}; expected an integer from 0 to ${readers - 1}; create with more readers.`,
    { reader, readers },
  );
}
