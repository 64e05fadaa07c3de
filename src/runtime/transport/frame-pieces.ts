/**
 * What becomes of a frame that does not go into a ring as it is: one that is too large travels in
 * pieces, one that finds no room waits, in order. Used by the sending half of a link.
 */
import { CHUNK, CHUNKED, headerBytes, kindOf, TYPE_SHIFT } from './frame-layout.ts';

/** Takes a piece to a lane, or lets it wait. */
export type Send = (kind: number, bytes: Uint8Array) => void;

/** A frame, or a piece of one, that waits for room. */
export type WaitingFrame = { readonly kind: number; readonly bytes: Uint8Array };

/** One frame's header; more words than any type has. */
export type Header = Int32Array;

/**
 * Cuts a frame into pieces of at most `recordBytesMax` bytes; the last one has the header. What is
 * sent is a copy.
 */
export function cutFrame(
  kind: number,
  header: Header | null,
  bytes: Uint8Array,
  recordBytesMax: number,
  send: Send,
): void {
  const start = headerBytes(kind >> TYPE_SHIFT);
  const chunkBytes = recordBytesMax - start;
  let from = 0;
  while (bytes.length - from > chunkBytes) {
    // Not bytes.slice: the encoder's memory is a Buffer, whose slices are views, and a piece may
    // wait.
    const piece = new Uint8Array(chunkBytes);
    piece.set(bytes.subarray(from, from + chunkBytes));
    send(kindOf(CHUNK, 0), piece);
    from += chunkBytes;
  }
  const last = new Uint8Array(start + bytes.length - from);
  if (header !== null) last.set(new Uint8Array(header.buffer, header.byteOffset, start));
  last.set(bytes.subarray(from), start);
  send(from > 0 ? kind | CHUNKED : kind, last);
}

/** Moves what waits to a lane, as far as it takes it. */
export function moveIn(
  waiting: WaitingFrame[],
  write: (kind: number, bytes: Uint8Array) => boolean,
): void {
  let moved = 0;
  for (const { kind, bytes } of waiting) {
    if (!write(kind, bytes)) break;
    moved++;
  }
  waiting.splice(0, moved);
}
