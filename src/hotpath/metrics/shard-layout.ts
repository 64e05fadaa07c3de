/**
 * Where everything lies in the one fixed memory of a metric shard, and in a window.
 * The only file that knows these offsets (histogram-layout.ts knows the inside of a sketch).
 * It computes; it never touches memory.
 *
 *   byte 0        128          256           384
 *        ┌─────────┬────────────┬─────────────┬─────── ─ ─ ┬─── ─ ─
 *        │ options │ flip epoch │ released    │ slab       │ slab …   one per kind in use
 *        │         │ writer role│ reader role │            │
 *        └─────────┴────────────┴─────────────┴─────── ─ ─ ┴─── ─ ─
 *   slab: ids u32[batch] │ values f64[batch] │ targets u32[n] │ groups u32[n] │ baselines f64[n]
 *         │ window 0 │ window 1           (n = seriesMax; every part starts on 128 bytes)
 *   window: head 128 │ totals n × {sum, count} │ extremes n × {min, -max} │ lasts n × f64
 *         │ sketches n × 256 │ pages pagesMax × 512       (parts that a kind lacks are empty)
 *   head: f64 refusedIds, refusedValues, resets │ u32 pagesUsed, series, inputs
 *
 * | words                | written by | read by | ordering                                       |
 * | options              | creator    | both    | plain: before the memory is shared             |
 * | flip epoch           | writer     | both    | Atomics: closes a window and publishes it      |
 * | released             | reader     | both    | Atomics: gives the closed window back, cleared |
 * | writer, reader role  | who takes  | who     | compare-and-swap from 0 to 1: shard-role.ts    |
 * |                      | or has it  | opens   |                                                |
 * | ids, values          | writer     | writer  | plain: one thread                              |
 * | targets, baselines   | writer     | writer  | plain: one thread                              |
 * | groups               | writer     | reader  | plain: an entry below the closed window's      |
 * |                      |            |         | `inputs` was stored before its flip and never  |
 * |                      |            |         | changes                                        |
 * | the open window      | writer     | writer  | plain: no one else may look                    |
 * | the closed window    | reader     | reader  | plain: from the flip it loaded to its release  |
 *
 * Invariant HOT-11: a window has one owner, the writer or the reader, and ownership passes only through
 * the flip epoch and the released word (window-flip.ts).
 * Invariant HOT-12: the memory never grows, so no view of it ever goes stale.
 */
import { WORD_BYTES, WORD_GAP_BYTES } from '../mem.ts';
import { PAGE_BYTES, SKETCH_BYTES } from './histogram-layout.ts';
import { kindTraits, SERIES_KINDS, type SeriesKind } from './series-kind.ts';

/** 'RMMS' read as a little-endian word: this buffer holds a metric shard. */
export const SHARD_MAGIC = 0x534d4d52;

/** Layout version; another version is refused when attaching. */
export const SHARD_VERSION = 2;

/** u32 indices of the option words. */
export const MAGIC_WORD = 0;
export const VERSION_WORD = 1;
export const BYTES_WORD = 2;
export const BATCH_WORD = 3;
export const PAGES_WORD = 4;
/** Signed: the lowest exponent may be negative. */
export const LOWEST_EXPONENT_WORD = 5;
/** First of five: seriesMax by kind, in the order of SERIES_KINDS. */
export const SERIES_WORD = 6;

/** Byte offset of the span of window-flip.ts and shard-role.ts: the writer's, the reader's words. */
export const FLIP_OFFSET_BYTES: number = WORD_GAP_BYTES;
/** Word of the flip span with the open window's number; written by the writer alone. */
export const EPOCH_WORD = 0;
/** Word of the flip span that is 1 once the shard has, or had, its writer. Next to its epoch. */
export const WRITER_ROLE_WORD = 1;
/** Word of the flip span with the last epoch that came back; written by the reader alone. */
export const RELEASED_WORD: number = WORD_GAP_BYTES / WORD_BYTES;
/** Word of the flip span that is 1 while the shard has a reader. Next to what it released. */
export const READER_ROLE_WORD: number = RELEASED_WORD + 1;
/** Bytes of the flip span. */
export const FLIP_BYTES: number = 2 * WORD_GAP_BYTES;
const SLABS_OFFSET_BYTES: number = FLIP_OFFSET_BYTES + FLIP_BYTES;

/** Bytes of a window's head. */
const HEAD_BYTES = 128;
/** f64 indices in the head. */
export const REFUSED_IDS_CELL = 0;
export const REFUSED_VALUES_CELL = 1;
export const RESETS_CELL = 2;
/** f64 cells at the start of the head: counts that merge by addition. */
export const HEAD_COUNT_CELLS = 3;
/** u32 indices in the head. */
export const PAGES_USED_WORD = 6;
export const SERIES_COUNT_WORD = 7;
export const INPUTS_COUNT_WORD = 8;

/** Bytes of a Wasm page; a shard's memory is a whole number of them. */
export const WASM_PAGE_BYTES = 65_536;

/** Bytes a shard may have: what 32-bit addresses reach, less the last page. */
export const SHARD_BYTES_MAX: number = 65_535 * WASM_PAGE_BYTES;

/** What a shard is built from; every number was checked by shard-options.ts. */
export interface ShardShape {
  /** Series by kind, the overflow series of the slab included; 0 = the kind has no slab. */
  readonly seriesMax: Readonly<Record<SeriesKind, number>>;
  /** Histogram pages per window, shared by all series. */
  readonly pagesMax: number;
  /** Exponent of the histogram's lowest octave. */
  readonly lowestExponent: number;
  /** Samples a column buffer holds before it is folded. */
  readonly batchSamples: number;
}

/** The inside of a window; offsets count bytes from the window's start. */
export interface WindowLayout {
  readonly kind: SeriesKind;
  readonly seriesMax: number;
  readonly pagesMax: number;
  readonly lowestExponent: number;
  readonly totalsAt: number;
  /** Sections of length 0 exist for kinds without them: `…Count` is 0. */
  readonly extremesAt: number;
  readonly lastsAt: number;
  readonly extremesCount: number;
  readonly sketchesAt: number;
  readonly sketchesCount: number;
  readonly pagesAt: number;
  readonly byteLength: number;
}

/** One slab; offsets count bytes from the shard's start. */
export interface SlabLayout {
  readonly kind: SeriesKind;
  readonly seriesMax: number;
  readonly batchSamples: number;
  readonly idsAt: number;
  readonly valuesAt: number;
  readonly targetsAt: number;
  readonly groupsAt: number;
  readonly groupsCount: number;
  readonly baselinesAt: number;
  readonly baselinesCount: number;
  readonly window: WindowLayout;
  /** Start of window 0 and of window 1. */
  readonly windowStarts: readonly [number, number];
}

/** A whole shard. */
export interface ShardLayout {
  readonly shape: ShardShape;
  readonly slabs: readonly SlabLayout[];
  /** Bytes in use, rounded up to Wasm pages. */
  readonly byteLength: number;
}

/** Rounds up to the gap, so that two parts never share a cache line. */
function align(bytes: number): number {
  return Math.ceil(bytes / WORD_GAP_BYTES) * WORD_GAP_BYTES;
}

/** The layout of one window of `kind`, in a shard or on a heap of its own. */
export function windowLayout(
  kind: SeriesKind,
  seriesMax: number,
  pagesMax: number,
  lowestExponent: number,
): WindowLayout {
  const traits = kindTraits(kind);
  const extremesCount = traits.extremes ? seriesMax : 0;
  const sketchesCount = traits.sketches ? seriesMax : 0;
  const pagesCount = traits.sketches ? pagesMax : 0;
  const totalsAt = HEAD_BYTES;
  const extremesAt = align(totalsAt + 16 * seriesMax);
  const lastsAt = align(extremesAt + 16 * extremesCount);
  const sketchesAt = align(lastsAt + 8 * extremesCount);
  const pagesAt = align(sketchesAt + SKETCH_BYTES * sketchesCount);
  return {
    kind,
    seriesMax,
    pagesMax: pagesCount,
    lowestExponent,
    totalsAt,
    extremesAt,
    lastsAt,
    extremesCount,
    sketchesAt,
    sketchesCount,
    pagesAt,
    byteLength: align(pagesAt + PAGE_BYTES * pagesCount),
  };
}

function slabLayout(kind: SeriesKind, start: number, shape: ShardShape): SlabLayout {
  const seriesMax = shape.seriesMax[kind];
  const traits = kindTraits(kind);
  const groupsCount = traits.groups ? seriesMax : 0;
  const baselinesCount = traits.baselines ? seriesMax : 0;
  const window = windowLayout(kind, seriesMax, shape.pagesMax, shape.lowestExponent);
  const valuesAt = align(start + 4 * shape.batchSamples);
  const targetsAt = align(valuesAt + 8 * shape.batchSamples);
  const groupsAt = align(targetsAt + 4 * seriesMax);
  const baselinesAt = align(groupsAt + 4 * groupsCount);
  const windowsAt = align(baselinesAt + 8 * baselinesCount);
  return {
    kind,
    seriesMax,
    batchSamples: shape.batchSamples,
    idsAt: start,
    valuesAt,
    targetsAt,
    groupsAt,
    groupsCount,
    baselinesAt,
    baselinesCount,
    window,
    windowStarts: [windowsAt, windowsAt + window.byteLength],
  };
}

/** Lays out a shard; the same shape gives the same offsets in every thread. */
export function shardLayout(shape: ShardShape): ShardLayout {
  const slabs: SlabLayout[] = [];
  let end = SLABS_OFFSET_BYTES;
  for (const kind of SERIES_KINDS) {
    if (shape.seriesMax[kind] === 0) continue;
    const slab = slabLayout(kind, end, shape);
    slabs.push(slab);
    end = slab.windowStarts[1] + slab.window.byteLength;
  }
  return { shape, slabs, byteLength: Math.ceil(end / WASM_PAGE_BYTES) * WASM_PAGE_BYTES };
}
