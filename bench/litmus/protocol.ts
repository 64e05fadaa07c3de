/** What the threads of a litmus run are told, and what they answer. Two unions, one a direction. */

/** Words of `control`, which every thread of a run shares. */
export const CONTROL_BYTES = 8;
/** Set to 1 by the main thread when nothing more will come. */
export const STOP_WORD = 0;
/** Records that the producer has committed, now and then. */
export const SENT_WORD = 1;

/** Work of either side of a ring. */
export interface RingOrder {
  readonly kind: 'ring.produce' | 'ring.consume';
  readonly buffer: SharedArrayBuffer;
  /** Records to send; a consumer stops there, too. */
  readonly records: number;
  /** Longest payload in bytes; lengths are drawn from 0 to this, short ones most often. */
  readonly payloadBytesMax: number;
  readonly seed: number;
  readonly control: SharedArrayBuffer;
}

/** Work of one thread. */
export type LitmusOrder =
  | RingOrder
  | {
      readonly kind: 'publish.write';
      readonly buffer: SharedArrayBuffer;
      readonly versions: number;
      readonly control: SharedArrayBuffer;
    }
  | {
      readonly kind: 'publish.read';
      readonly buffer: SharedArrayBuffer;
      readonly reader: number;
      readonly control: SharedArrayBuffer;
    };

/** What a thread saw when it ended. */
export interface LitmusReport {
  /** Records sent or received, versions written, or pins made. */
  readonly count: number;
  /** Sum over what was written or read: equal on both sides of a ring. */
  readonly checksum: number;
  /** The first broken promise, or null. */
  readonly violation: string | null;
}

/** All that a thread says: that it is about to work, and how it ended. */
export type LitmusAnswer = 'started' | LitmusReport;
