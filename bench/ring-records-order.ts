/** What the two threads of the ring benchmark agree on. */

/** What a producing thread is started with. */
export interface RingOrder {
  readonly kind: 'ring' | 'message';
  readonly orders: SharedArrayBuffer;
  readonly buffer: SharedArrayBuffer;
  readonly payloadBytes: number;
  readonly batch: number;
}

/**
 * Word of `orders`: records wanted since the start; the producer sleeps while it equals its own.
 */
export const ORDER_WORD = 0;
/** Word of `orders`: records sent since the start. */
export const SENT_WORD = 1;
