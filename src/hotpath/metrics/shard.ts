/**
 * A metric shard: one fixed shared memory with one writer thread and one reader thread.
 * Created by whoever owns the threads, passed on as `handle`, attached to on the other side;
 * metric-writer.ts and metric-reader.ts do the work. It holds memory and layout, and no samples.
 */
import { RingmasterError } from '../errors.ts';
import { SharedMem } from '../mem.ts';
import { SERIES_KINDS, type SeriesKind } from './series-kind.ts';
import {
  BATCH_WORD,
  BYTES_WORD,
  FLIP_BYTES,
  FLIP_OFFSET_BYTES,
  LOWEST_EXPONENT_WORD,
  MAGIC_WORD,
  PAGES_WORD,
  SERIES_WORD,
  SHARD_MAGIC,
  SHARD_VERSION,
  type ShardLayout,
  type ShardShape,
  shardLayout,
  VERSION_WORD,
  WASM_PAGE_BYTES,
} from './shard-layout.ts';
import { checkShape, type MetricShardOptions, resolveShape } from './shard-options.ts';
import { type SlabViews, slabViews } from './slab-views.ts';
import { hasWasmFolds } from './wasm-folds.ts';
import { startWindowFlip } from './window-flip.ts';

/**
 * What another thread needs to attach: a shared `WebAssembly.Memory` or, without the Wasm folds,
 * an object with the shared buffer alone. Survives structured cloning.
 */
export interface MetricShardHandle {
  readonly buffer: SharedArrayBuffer;
}

/** The memory of a shard, with its layout. Any thread may hold one. */
export class MetricShard {
  /** Pass this to the other thread, which calls `MetricShard.attach`. */
  readonly handle: MetricShardHandle;
  readonly layout: ShardLayout;
  /** The span of the flip handshake. */
  readonly flipMem: SharedMem;
  /** One entry per kind in use. */
  readonly slabs: ReadonlyMap<SeriesKind, SlabViews>;

  private constructor(handle: MetricShardHandle, layout: ShardLayout) {
    this.handle = handle;
    this.layout = layout;
    this.flipMem = new SharedMem(handle.buffer, FLIP_OFFSET_BYTES, FLIP_BYTES);
    this.slabs = new Map(layout.slabs.map((slab) => [slab.kind, slabViews(handle.buffer, slab)]));
  }

  /**
   * Allocates a shard. The memory is fixed: what it can hold is decided here.
   * @throws RM_METRICS_OPTION when an option is out of range or the whole would not fit; the
   * engine's RangeError when it cannot reserve that much memory now.
   */
  static create(options: MetricShardOptions): MetricShard {
    const layout = shardLayout(resolveShape(options));
    const shard = new MetricShard(allocate(layout.byteLength), layout);
    writeOptions(new Int32Array(shard.handle.buffer), layout);
    startWindowFlip(shard.flipMem, options.firstEpoch ?? 0);
    for (const slab of shard.slabs.values()) {
      for (const window of slab.windows) window.clearAll();
    }
    return shard;
  }

  /**
   * Views a shard that another thread created.
   * @throws RM_METRICS_INVALID when the handle is no shard, or of another layout version.
   */
  static attach(handle: MetricShardHandle): MetricShard {
    return new MetricShard(handle, readLayout(handle.buffer));
  }
}

/** Wasm memory where the kernels can run, a bare shared buffer elsewhere. */
function allocate(byteLength: number): MetricShardHandle {
  if (!hasWasmFolds()) return { buffer: new SharedArrayBuffer(byteLength) };
  const pages = byteLength / WASM_PAGE_BYTES;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

function writeOptions(words: Int32Array, layout: ShardLayout): void {
  const { shape } = layout;
  words[VERSION_WORD] = SHARD_VERSION;
  words[BYTES_WORD] = layout.byteLength;
  words[BATCH_WORD] = shape.batchSamples;
  words[PAGES_WORD] = shape.pagesMax;
  words[LOWEST_EXPONENT_WORD] = shape.lowestExponent;
  for (const [index, kind] of SERIES_KINDS.entries()) {
    words[SERIES_WORD + index] = shape.seriesMax[kind];
  }
  words[MAGIC_WORD] = SHARD_MAGIC;
}

/** Reads the options back and checks that they lay out exactly this buffer. */
function readLayout(buffer: SharedArrayBuffer): ShardLayout {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength < WASM_PAGE_BYTES) {
    throw notAShard('got no shared buffer of at least one Wasm page');
  }
  const words = new Uint32Array(buffer, 0, SERIES_WORD + SERIES_KINDS.length);
  if (words[MAGIC_WORD] !== SHARD_MAGIC) throw notAShard(`got magic ${words[MAGIC_WORD]}`);
  if (words[VERSION_WORD] !== SHARD_VERSION) throw notAShard(`got version ${words[VERSION_WORD]}`);
  const shape = readShape(words);
  const problem = checkShape(shape);
  if (problem !== undefined) throw notAShard(problem);
  const layout = shardLayout(shape);
  if (layout.byteLength !== words[BYTES_WORD] || layout.byteLength !== buffer.byteLength) {
    throw notAShard(`got ${buffer.byteLength} bytes where the options need ${layout.byteLength}`);
  }
  return layout;
}

function readShape(words: Uint32Array): ShardShape {
  const seriesMax = (index: number) => words[SERIES_WORD + index] as number;
  return {
    seriesMax: {
      tally: seriesMax(0),
      summary: seriesMax(1),
      counter: seriesMax(2),
      gauge: seriesMax(3),
      histogram: seriesMax(4),
    },
    batchSamples: words[BATCH_WORD] as number,
    pagesMax: words[PAGES_WORD] as number,
    lowestExponent: (words[LOWEST_EXPONENT_WORD] as number) | 0,
  };
}

function notAShard(problem: string): RingmasterError {
  return new RingmasterError(
    'RM_METRICS_INVALID',
    `${problem}; expected the handle of a metric shard, layout version ${SHARD_VERSION}.`,
  );
}
