/**
 * The rings between each two workers of a system: made when a worker comes, forgotten when one is
 * gone. Kept by the main thread to tell how full each way is; it neither writes nor reads them.
 */
import { createRing, type RingOptions, ringFill, SharedMem } from '../../hotpath/index.ts';
import {
  CONTROL_LANE_BYTES,
  DATA_LANE_BYTES,
  RECORD_BYTES_MAX,
} from '../transport/frame-layout.ts';

/** Both ways between two workers: from the first to the second, and back. */
export type Wiring = { readonly there: SharedArrayBuffer; readonly back: SharedArrayBuffer };

/** How full the way from one worker to another is, as parts of 1. */
export type WireFill = {
  readonly from: number;
  readonly to: number;
  readonly data: number;
  readonly control: number;
};

type Wire = { readonly from: number; readonly to: number; readonly mem: SharedMem };

/** Thread rule: the main thread. */
export class Wires {
  private readonly sizes: RingOptions;
  private wires: Wire[];

  /** `sizes`: other than usual, for tests. */
  constructor(sizes: RingOptions | undefined) {
    this.sizes = {
      dataBytes: DATA_LANE_BYTES,
      controlBytes: CONTROL_LANE_BYTES,
      recordBytesMax: RECORD_BYTES_MAX,
      ...sizes,
    };
    this.wires = [];
  }

  /** Rings between workers `one` and `other`, by their numbers. */
  between(one: number, other: number): Wiring {
    const there = createRing(this.sizes);
    const back = createRing(this.sizes);
    this.wires.push({ from: one, to: other, mem: new SharedMem(there) });
    this.wires.push({ from: other, to: one, mem: new SharedMem(back) });
    return { there, back };
  }

  /** That worker is gone. */
  drop(worker: number): void {
    this.wires = this.wires.filter(({ from, to }) => from !== worker && to !== worker);
  }

  /** Every way, by numbers of workers. */
  fills(): readonly WireFill[] {
    return this.wires.map(({ from, to, mem }) => {
      const { data, dataBytes, control, controlBytes } = ringFill(mem);
      return { from, to, data: data / dataBytes, control: control / controlBytes };
    });
  }
}
