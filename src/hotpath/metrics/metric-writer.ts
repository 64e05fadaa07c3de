/**
 * The writing side of a shard: one slab writer per kind, and the flip that closes a window over
 * all of them at once, so that a ratio of two series is a ratio over the same samples.
 * One per shard and for good, on the one thread that writes it: see shard-role.ts.
 * When to flip is the caller's clock to say.
 */
import { RingmasterError } from '../errors.ts';
import type { Fold } from './fold.ts';
import { plainFold } from './plain-folds.ts';
import type { SeriesKind } from './series-kind.ts';
import { SeriesRegistry } from './series-registry.ts';
import type { MetricShard, MetricShardHandle } from './shard.ts';
import { takeWriterRole } from './shard-role.ts';
import type { SlabViews } from './slab-views.ts';
import { SlabWriter } from './slab-writer.ts';
import { hasWasmFolds, wasmFold } from './wasm-folds.ts';
import { WindowFlipWriter } from './window-flip.ts';

/**
 * Input series per tenant and metric. Lower: a label with user ids in it is caught early.
 * Higher: large fleets keep every instance apart. What comes after goes to the overflow series.
 */
export const SERIES_PER_METRIC_MAX_DEFAULT = 10_000;

/** Options of a writer. */
export interface MetricWriterOptions {
  /** Input series per tenant and metric; SERIES_PER_METRIC_MAX_DEFAULT unless given. */
  readonly seriesPerMetricMax?: number;
  /** Labels to aggregate over, by metric name: `sum without (…)`. None unless given. */
  readonly without?: ReadonlyMap<string, readonly string[]>;
  /** Which folds to use: `wasm` where the engine has it, unless given. Results are identical. */
  readonly folds?: 'wasm' | 'plain';
}

/** See the head of the file. */
export class MetricWriter {
  readonly #flip: WindowFlipWriter;
  readonly #slabs = new Map<SeriesKind, SlabWriter>();

  /**
   * Becomes the writer of a shard, which never had another: names live in the writer alone.
   * @throws RM_METRICS_STATE when the shard has or had a writer; RM_METRICS_OPTION for a limit
   *   below 1, or for `wasm` where there is none: then the shard is still free.
   */
  constructor(shard: MetricShard, options: MetricWriterOptions = {}) {
    this.#flip = new WindowFlipWriter(shard.flipMem);
    const parts = [...shard.slabs.values()].map((slab) => ({
      slab,
      fold: chooseFold(shard.handle, slab, options.folds),
      registry: createRegistry(slab, options),
    }));
    // Only now: bad options leave the shard to another, and a slab writer already writes.
    takeWriterRole(shard.flipMem);
    for (const { slab, fold, registry } of parts) {
      const writer = new SlabWriter(slab, fold, registry, this.#flip.open);
      this.#slabs.set(writer.kind, writer);
    }
  }

  /** The slab of a kind. @throws RM_METRICS_STATE when the shard was created without it. */
  slab(kind: SeriesKind): SlabWriter {
    const slab = this.#slabs.get(kind);
    if (slab !== undefined) return slab;
    throw new RingmasterError(
      'RM_METRICS_STATE',
      `the shard has no ${kind} slab; give seriesMax.${kind} when creating it.`,
    );
  }

  /** Folds everything observed so far, in every slab. */
  flush(): void {
    for (const slab of this.#slabs.values()) slab.flush();
  }

  /**
   * Closes the window and hands it to the reader. False while the reader still holds the one
   * before: samples go on into the same window, which gets longer, and nothing is lost.
   */
  tryFlip(): boolean {
    for (const slab of this.#slabs.values()) slab.finishWindow();
    if (!this.#flip.tryFlip()) return false;
    for (const slab of this.#slabs.values()) slab.openWindow(this.#flip.open);
    return true;
  }
}

function createRegistry(slab: SlabViews, options: MetricWriterOptions): SeriesRegistry {
  return new SeriesRegistry({
    seriesMax: slab.layout.seriesMax,
    seriesPerMetricMax: options.seriesPerMetricMax ?? SERIES_PER_METRIC_MAX_DEFAULT,
    without: options.without ?? new Map(),
  });
}

function chooseFold(handle: MetricShardHandle, slab: SlabViews, wanted?: 'wasm' | 'plain'): Fold {
  const isWasm = hasWasmFolds() && handle instanceof WebAssembly.Memory;
  if (wanted === 'wasm' && !isWasm) {
    throw new RingmasterError(
      'RM_METRICS_OPTION',
      "folds 'wasm' without shared WebAssembly memory; leave the option out.",
    );
  }
  return isWasm && wanted !== 'plain' ? wasmFold(handle, slab.layout) : plainFold(slab);
}
