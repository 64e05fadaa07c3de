/**
 * A table that remembers when each row changed. Whoever knows it as of one change is told what is newer, in
 * parts of bounded size: nothing is kept for a reader but three numbers, however slow it is.
 */

/** How far one reader is. */
export type Sweep = {
  /** It knows all changes up to here; 0: nothing. */
  from: number;
  /** It will when the sweep that is under way is over. */
  to: number;
  /** Where the next part begins; 0: at the beginning. */
  cursor: number;
};

/** What a part of a sweep is called by. */
export type FrameHead = { readonly sub: number; readonly frame: number };

/** One part. */
export type Part = {
  readonly data: string | Uint8Array;
  /** Where the next one begins; null: this was the last. */
  readonly cursor: number | null;
};

/** Thread rule: the inspector's thread. */
export interface Topic {
  /** Number of the last change. */
  readonly last: number;
  /** Changes up to here are not known one by one any more: who knows less needs a snapshot. */
  readonly floor: number;
  /** The next part of a sweep, of about `bytes`. */
  read(sweep: Sweep, head: FrameHead, bytes: number): Part;
}
