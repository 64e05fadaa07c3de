/**
 * The reading side of a shard: takes the closed window, lets the caller read it, gives it back
 * empty. One per shard at a time, on one thread, which may be another than the writer's.
 * It keeps nothing; window-history.ts does, for windows longer than one.
 */
import { RingmasterError } from '../errors.ts';
import type { Mem } from '../mem.ts';
import type { SeriesKind } from './series-kind.ts';
import type { MetricShard } from './shard.ts';
import { releaseReaderRole, takeReaderRole } from './shard-role.ts';
import type { SlabViews } from './slab-views.ts';
import { type WindowBuffer, WindowFlipReader } from './window-flip.ts';
import type { WindowView } from './window-view.ts';

/** Options of a reader. */
export interface MetricReaderOptions {
  /**
   * Take the role although somebody holds it. Only after that thread has ended: two live readers
   * clear each other's windows. A window that was not given back is acquired again, also when its
   * reader had read it already or was about to clear it. Default false.
   */
  readonly takeOver?: boolean;
}

/** See the head of the file. */
export class MetricReader {
  readonly #mem: Mem;
  readonly #flip: WindowFlipReader;
  readonly #slabs: ReadonlyMap<SeriesKind, SlabViews>;
  #held: WindowBuffer | undefined = undefined;
  #isClosed = false;

  /** Becomes the reader of a shard. @throws RM_METRICS_STATE when it has one; see `takeOver`. */
  constructor(shard: MetricShard, options: MetricReaderOptions = {}) {
    takeReaderRole(shard.flipMem, options.takeOver === true);
    this.#mem = shard.flipMem;
    this.#flip = new WindowFlipReader(shard.flipMem);
    this.#slabs = shard.slabs;
  }

  /**
   * Takes the closed window; false when the writer has closed none. Until `release` the writer
   * cannot close another, so read or copy at once. Asking again while holding it is true again.
   * @throws RM_METRICS_STATE after `close`.
   */
  acquire(): boolean {
    if (this.#isClosed) throw closedReader();
    this.#held = this.#flip.acquire();
    return this.#held !== undefined;
  }

  /**
   * The closed window of a kind. The view is valid until `release`; after that it shows the
   * writer at work.
   * @throws RM_METRICS_STATE without an acquired window, or when the shard lacks the kind.
   */
  window(kind: SeriesKind): WindowView {
    return this.#slab(kind).windows[this.#holding()];
  }

  /**
   * The aggregated series of each gauge input below the window's `inputs`.
   * @throws RM_METRICS_STATE as `window`.
   */
  gaugeGroups(): Uint32Array {
    const inputs = this.window('gauge').inputs;
    return this.#slab('gauge').groups.subarray(0, inputs);
  }

  /** Clears the window and gives it back. @throws RM_METRICS_STATE without an acquired window. */
  release(): void {
    const held = this.#holding();
    for (const slab of this.#slabs.values()) slab.windows[held].clear();
    this.#flip.release();
    this.#held = undefined;
  }

  /**
   * Gives the role up, once; not to be used afterwards. A window that is held is not cleared: the
   * next reader acquires it.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = undefined;
    releaseReaderRole(this.#mem);
  }

  #holding(): WindowBuffer {
    if (this.#held !== undefined) return this.#held;
    throw new RingmasterError('RM_METRICS_STATE', 'no window is held; call acquire first.');
  }

  #slab(kind: SeriesKind): SlabViews {
    const slab = this.#slabs.get(kind);
    if (slab !== undefined) return slab;
    throw new RingmasterError(
      'RM_METRICS_STATE',
      `the shard has no ${kind} slab; give seriesMax.${kind} when creating it.`,
    );
  }
}

function closedReader(): RingmasterError {
  return new RingmasterError(
    'RM_METRICS_STATE',
    'acquire of a closed reader, expected an open one; open another.',
  );
}
