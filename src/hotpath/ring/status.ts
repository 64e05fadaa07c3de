/**
 * What the ring's operations answer. Plain numbers, because they are returned once per record.
 * None of them is an error: a full ring and an empty ring are the normal states of a queue.
 */

/** `claim`: no space now. Everything committed so far has been published; try after a drain. */
export const RING_FULL = -1;
/** Memory the other side owns is not what this side left there: the ring must be replaced. */
export const RING_CORRUPT = -2;
/** `poll`: nothing published that was not consumed. */
export const RING_EMPTY = 0;
/** `poll`: `kind`, `at` and `length` describe the next record. */
export const RING_RECORD = 1;
