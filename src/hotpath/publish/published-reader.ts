/**
 * A reader of a published table: pin the current version once per batch or actor turn, read it
 * plainly, unpin. Lock-free: it never waits for the writer, and the writer never waits for it.
 *
 *   offline ──pin──▶ pinned ──pin──▶ pinned (the newest)
 *      ◀────unpin─────┘
 *
 * No offset into a table may outlive `unpin`, and none may cross an `await`.
 */
import type { RingmasterError } from '../errors.ts';
import type { Mem } from '../mem.ts';
import { invalid, readSizes } from './publish-header.ts';
import {
  CURRENT_WORD,
  epochWord,
  OFFLINE,
  type PublishSizes,
  slotOffsetBytes,
  stampSlot,
  stampVersion,
} from './publish-layout.ts';
import { noSuchReader } from './publisher.ts';

/** `pin`: nothing was published yet. */
export const NOTHING_PUBLISHED = -1;
/** `pin`: the writer published faster than this reader could look; try in the next turn. */
export const PIN_CONTENDED = -2;

/**
 * Looks that one `pin` takes at most. Each repeat means that a whole version was published between
 * two adjacent loads, so that even 2 in a row are rare; the limit bounds a turn, not a workload.
 */
const PIN_LOOKS_MAX = 64;

/** Reads versions. Thread rule: one thread per reader number. */
export class PublishedReader {
  readonly sizes: PublishSizes;
  readonly reader: number;
  readonly #mem: Mem;
  readonly #epochWord: number;
  #pinned: number = OFFLINE;

  /**
   * @param reader number given out by the table's owner; 0 to `readers` - 1, one live thread each.
   * @throws RM_PUBLISH_INVALID when the span is no published table; RM_PUBLISH_OPTION for a reader
   *   number that it has no word for.
   */
  constructor(mem: Mem, reader: number) {
    this.sizes = readSizes(mem);
    if (!Number.isInteger(reader) || reader < 0 || reader >= this.sizes.readers) {
      throw noSuchReader(reader, this.sizes.readers);
    }
    this.reader = reader;
    this.#mem = mem;
    this.#epochWord = epochWord(reader);
  }

  /** Version that is pinned, 0 to 2^27 - 1, or -1 when offline. */
  get version(): number {
    return this.#pinned === OFFLINE ? -1 : stampVersion(this.#pinned);
  }

  /**
   * Pins the current version (again: moves on to the newest).
   * @returns the byte where its content starts, valid until `unpin` or the next `pin`;
   *   NOTHING_PUBLISHED or PIN_CONTENDED, both offline.
   * @throws RM_PUBLISH_INVALID when the memory names a slot that the table does not have.
   */
  pin(): number {
    const mem = this.#mem;
    let stamp = mem.load(CURRENT_WORD);
    if (stamp === this.#pinned && stamp !== OFFLINE) return this.#offset(stamp);
    if (stampSlot(stamp) >= this.sizes.slots) throw badStamp(stamp, this.sizes.slots);
    for (let look = 0; look < PIN_LOOKS_MAX && (stamp & 1) === 1; look++) {
      // Both must be atomic, in this order: a writer that published something else before it could
      // see the announcement is seen by the second look; one that looks later sees the announcement.
      mem.store(this.#epochWord, stamp);
      const again = mem.load(CURRENT_WORD);
      if (again === stamp) {
        this.#pinned = stamp;
        return this.#offset(stamp);
      }
      stamp = again;
    }
    this.unpin();
    return (stamp & 1) === 1 ? PIN_CONTENDED : NOTHING_PUBLISHED;
  }

  /** Goes offline, which also acknowledges every version published so far. */
  unpin(): void {
    this.#pinned = OFFLINE;
    // Must be atomic: it releases this thread's plain reads before the slot may be overwritten.
    this.#mem.store(this.#epochWord, OFFLINE);
  }

  #offset(stamp: number): number {
    return slotOffsetBytes(this.sizes, stampSlot(stamp));
  }
}

function badStamp(stamp: number, slots: number): RingmasterError {
  return invalid(`slot ${stampSlot(stamp)} as the current one`, `one of ${slots}`);
}
