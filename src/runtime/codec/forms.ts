/**
 * What one payload looks like in bytes: its form. The form travels beside the bytes, in the kind of
 * the record that carries them, so that the smallest payloads need no byte of their own at all.
 * Encoder and decoder use it, and links put it into the record. Bytes are little-endian, as every
 * machine that the shared structures run on.
 */

/** No bytes: undefined. */
export const FORM_UNDEFINED = 0;
/** No bytes: null. */
export const FORM_NULL = 1;
/** No bytes: true. */
export const FORM_TRUE = 2;
/** No bytes: false. */
export const FORM_FALSE = 3;
/** Eight bytes: a number, every one of them exact, -0 and NaN included. */
export const FORM_F64 = 4;
/** UTF-8 of a well-formed text. */
export const FORM_TEXT = 5;
/** The bytes of a Uint8Array. */
export const FORM_BYTES = 6;
/** Packed, and what unpacks is the payload. */
export const FORM_PACKED = 7;
/** Packed, with marks for what the packing library does not carry exactly; see marks.ts. */
export const FORM_MARKED = 8;
/** Fields of a declared shape at fixed places; see shape-plan.ts. */
export const FORM_SHAPE = 9;
/** The highest form. Fits four bits. */
export const FORM_MAX = 9;
