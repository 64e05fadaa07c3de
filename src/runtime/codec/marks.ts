/**
 * Marks: how a value that the packing library would change is spelled in values that it keeps. A
 * mark is an array that begins with undefined, followed by a code and its parts. An array of the
 * user's that begins with undefined is itself marked (ARRAY), so no payload can be mistaken for
 * one. The outbound copy writes marks, the inbound copy reads them.
 *
 * Every container is numbered in order of first visit, root first; both sides walk the same tree in
 * the same order, so a number names the same object on both (BACK).
 */

/** An array whose first item is undefined: the items. */
export const MARK_ARRAY = 0;
/** A container that stands elsewhere in the payload: its number. */
export const MARK_BACK = 1;
/** Minus zero, which packs as zero. */
export const MARK_NEGATIVE_ZERO = 2;
/** Text that UTF-8 or its decoder would change: its UTF-16 code units as bytes. */
export const MARK_TEXT = 3;
/** An object with a key that the packing library or UTF-8 would change: key, value, key, value. */
export const MARK_ENTRIES = 4;
/** A date: milliseconds, NaN when invalid. */
export const MARK_DATE = 5;
/** A regular expression: source, flags, lastIndex. */
export const MARK_REGEXP = 6;
/** A Map: key, value, key, value. */
export const MARK_MAP = 7;
/** A Set: its values. */
export const MARK_SET = 8;
/** An ArrayBuffer: its bytes. */
export const MARK_BUFFER = 9;
/** A typed array or DataView: its name, its bytes. */
export const MARK_VIEW = 10;
/** An error: its record. */
export const MARK_ERROR = 11;
/** A reference to an actor: the parts that the RefCodec wrote. */
export const MARK_REF = 12;

/** Containers may be nested this deep; deeper is an error at the sender, not a stack overflow. */
export const DEPTH_MAX = 256;

/** What a reference is written as; the link's owner decides what the parts mean. */
export type RefParts = readonly (number | string)[];

/**
 * How references to actors travel. A reference must be an instance of a class: `isRef` is not asked
 * about plain objects. Called on the thread that encodes or decodes; must not encode by itself.
 */
export interface RefCodec {
  isRef(value: object): boolean;
  write(ref: object): RefParts;
  /** @throws whatever it likes for parts that it did not write; the decoder calls that corrupt. */
  read(parts: RefParts): object;
}
