/**
 * Who owns which of two windows: the handshake between the one writer and the one reader of a
 * shard. Built on `Mem` alone, so that the model checker runs this very file.
 * It moves no samples and clears nothing: the writer's and the reader's callers do, in between.
 *
 *   epoch      written by the writer; number of the window that is open
 *   released   written by the reader; last epoch whose closed window came back
 *
 *     nothing closed  ──── tryFlip, by the writer ───▶  one window closed
 *    epoch = released ◀─── release, by the reader ────  epoch = released + 1
 *
 * No second flip while one is closed: its window could only go where the reader is.
 *
 * The open window lies in buffer `epoch & 1`, the closed one in the other buffer. Both words wrap
 * at 32 bits and are only ever compared for equality, so any start is as good as 0; the parity
 * survives the wrap because 2^32 is even.
 *
 * Why the plain accesses to a window may be plain: the writer's stores into it come before its
 * `store(epoch)`, which the reader's `load(epoch)` sees before it looks; the reader's clearing
 * comes before its `store(released)`, which the writer's `load(released)` sees before the next
 * flip opens that buffer again. Each side reads its own word plainly: no one else writes it.
 *
 * Invariant HOT-10: epoch - released is 0 or 1, in wrapping 32-bit arithmetic: a closed window is
 * acquired and released before the next one closes.
 * Invariant HOT-11: a window has one owner; the writer never touches a buffer between its flip and the
 * reader's release of it, the reader never outside of that.
 */
import { RingmasterError } from '../errors.ts';
import type { Mem } from '../mem.ts';
import { EPOCH_WORD, RELEASED_WORD } from './shard-layout.ts';

/** One of the two buffers of a double-buffered window. */
export type WindowBuffer = 0 | 1;

/** Writes the first epoch into both words. Before the memory is shared; any 32-bit number. */
export function startWindowFlip(mem: Mem, epoch: number): void {
  mem.set(EPOCH_WORD, epoch | 0);
  mem.set(RELEASED_WORD, epoch | 0);
}

/** The writer's side: exactly one thread, or one successor of a thread that has ended. */
export class WindowFlipWriter {
  readonly #mem: Mem;

  constructor(mem: Mem) {
    this.#mem = mem;
  }

  /** The buffer that is open: samples go there until the next flip that succeeds. */
  get open(): WindowBuffer {
    return (this.#mem.get(EPOCH_WORD) & 1) as WindowBuffer;
  }

  /**
   * Closes the open window and opens the other buffer. False while the reader still has the
   * window before: the open one then simply gets longer, and nothing is lost.
   */
  tryFlip(): boolean {
    const epoch = this.#mem.get(EPOCH_WORD);
    if (this.#mem.load(RELEASED_WORD) !== epoch) return false;
    this.#mem.store(EPOCH_WORD, (epoch + 1) | 0);
    return true;
  }
}

/** The reader's side: exactly one thread, or one successor of a thread that has ended. */
export class WindowFlipReader {
  readonly #mem: Mem;
  /** The epoch that closed the window in hand; undefined between `release` and `acquire`. */
  #held: number | undefined = undefined;

  constructor(mem: Mem) {
    this.#mem = mem;
  }

  /**
   * The buffer of the closed window, or undefined when none is closed. It stays the reader's until
   * `release`; asking again before that gives the same answer, also to a successor.
   */
  acquire(): WindowBuffer | undefined {
    const epoch = this.#mem.load(EPOCH_WORD);
    if (epoch === this.#mem.get(RELEASED_WORD)) return undefined;
    this.#held = epoch;
    return ((epoch & 1) ^ 1) as WindowBuffer;
  }

  /**
   * Gives the closed window back; the caller has cleared it.
   * @throws RM_METRICS_STATE when no window was acquired: it would hand back one not yet read.
   */
  release(): void {
    if (this.#held === undefined) {
      throw new RingmasterError(
        'RM_METRICS_STATE',
        'release of a window that is not held; call acquire first and release once.',
      );
    }
    this.#mem.store(RELEASED_WORD, this.#held);
    this.#held = undefined;
  }
}
