/**
 * The records of a ring litmus run: length and bytes follow from the sequence number, so that the
 * consumer knows every byte that must arrive. Both sides compute them; nothing is shared.
 */

/**
 * Three in four records are short, so that most of a run is about framing and not about copying.
 */
export function payloadBytes(sequence: number, seed: number, payloadBytesMax: number): number {
  const drawn = mix(sequence ^ seed);
  const limit = (drawn & 3) === 0 ? payloadBytesMax : Math.min(payloadBytesMax, 48);
  return (drawn >>> 2) % (limit + 1);
}

/** The byte that fills record `sequence`, besides its first four, which hold the sequence. */
export function fillByte(sequence: number): number {
  return mix(sequence) & 0xff;
}

function mix(value: number): number {
  const mixed = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
