/**
 * The writing side of one slab: registers series, collects samples in the column buffer, folds
 * them in batches onto the open window. Owned by metric-writer.ts; the writer's thread only.
 * It reads no window, knows no clock, and never blocks: folding is all that happens here.
 *
 * Invariant HOT-13: every sample that is taken ends in exactly one of: the count of one series,
 * `refusedIds`, `refusedValues`; a refused one changes nothing else.
 */
import { RingmasterError } from '../errors.ts';
import { BASELINE_MIXED, BASELINE_NONE, type Fold } from './fold.ts';
import { kindTraits, type SeriesKind } from './series-kind.ts';
import type { SeriesName } from './series-name.ts';
import type { Registration, SeriesRegistry } from './series-registry.ts';
import type { SlabViews } from './slab-views.ts';
import type { WindowBuffer } from './window-flip.ts';

/** What stands in the id column for a number that is no u32: above every id, hence refused. */
const REFUSED_ID = 0xffff_ffff;

/** Names and numbers to look up. Registering is the slab's alone, which keeps tables beside them. */
export type SeriesNames = Omit<SeriesRegistry, 'register'>;

/** See the head of the file. */
export class SlabWriter {
  readonly kind: SeriesKind;
  /** Names and numbers of this slab's series. */
  readonly registry: SeriesNames;
  private readonly names: SeriesRegistry;
  private readonly ids: Uint32Array;
  private readonly values: Float64Array;
  private readonly batchSamples: number;
  private readonly slab: SlabViews;
  private readonly fold: Fold;
  private open: WindowBuffer;
  private pending = 0;
  /** Inputs that the tables know; a fold refuses every other id. */
  private inputs = 0;

  constructor(slab: SlabViews, fold: Fold, registry: SeriesRegistry, open: WindowBuffer) {
    this.ids = slab.ids;
    this.values = slab.values;
    this.batchSamples = slab.layout.batchSamples;
    this.slab = slab;
    this.fold = fold;
    this.open = open;
    this.kind = slab.layout.kind;
    this.registry = registry;
    this.names = registry;
    this.enter(0, true);
  }

  /**
   * The number of a series, to observe with; see SeriesRegistry.register. A new number is unknown
   * to everything observed before: that is folded first, so that its refusals do not depend on
   * where a batch ends.
   */
  register(series: SeriesName): Registration {
    const registration = this.names.register(series);
    if (registration.kind !== 'refused' && registration.created) {
      this.flush();
      this.enter(registration.id, registration.kind === 'overflow');
    }
    return registration;
  }

  /**
   * Takes one sample. It is folded with its batch, at the latest by `flush` or the next flip.
   * An id that was never registered, NaN, an infinite value, and a negative counter are refused:
   * counted in the window, without effect on any series. -0 and subnormals are numbers like others.
   */
  observe(id: number, value: number): void {
    const at = this.pending;
    const ids = this.ids;
    ids[at] = id;
    // The column wraps 2^32 + 1 to 1 and cuts 1.5 to 1: what reads back differently was no u32.
    if (ids[at] !== id) ids[at] = REFUSED_ID;
    this.values[at] = value;
    this.pending = at + 1;
    if (at + 1 === this.batchSamples) this.flush();
  }

  /**
   * Folds the first `count` samples of two columns, after everything observed before.
   * Refusals as for `observe`.
   * @throws RM_METRICS_OPTION when `count` is more than a column holds, or `ids` are no u32 column,
   *   which would be wrapped to ids of others; nothing is folded then.
   */
  foldColumns(ids: Uint32Array, values: Float64Array, count: number = ids.length): void {
    if (!(Number.isInteger(count) && count >= 0 && count <= ids.length && count <= values.length)) {
      throw new RingmasterError(
        'RM_METRICS_OPTION',
        `count ${count} of columns with ${ids.length} ids and ${values.length} values; ` +
          'expected a whole number that both columns hold.',
        { count, ids: ids.length, values: values.length },
      );
    }
    if (!(ids instanceof Uint32Array)) {
      throw new RingmasterError(
        'RM_METRICS_OPTION',
        `ids are ${Object.prototype.toString.call(ids)}, expected a Uint32Array; convert them first.`,
      );
    }
    this.flush();
    for (let from = 0; from < count; from += this.batchSamples) {
      const to = Math.min(count, from + this.batchSamples);
      this.ids.set(ids.subarray(from, to));
      this.values.set(values.subarray(from, to));
      this.fold(to - from, this.inputs, this.open);
    }
  }

  /** Folds what `observe` has collected. */
  flush(): void {
    const count = this.pending;
    this.pending = 0;
    if (count > 0) this.fold(count, this.inputs, this.open);
  }

  /** Makes the open window complete, so that it may be closed. */
  finishWindow(): void {
    this.flush();
    const { inputs, targets } = this.registry;
    const series = kindTraits(this.kind).groups ? inputs : targets;
    this.slab.windows[this.open].setSizes(series, inputs);
  }

  /** Goes on with the other window, which the reader has given back empty. */
  openWindow(open: WindowBuffer): void {
    this.open = open;
  }

  /** Enters a new input into the tables that kernels and reader look into. */
  private enter(id: number, mixed: boolean): void {
    const { targets, groups, baselines } = this.slab;
    const target = this.registry.target(id);
    const { groups: perInput, baselines: counted } = kindTraits(this.kind);
    targets[id] = perInput ? id : target;
    if (perInput) groups[id] = target;
    if (counted) baselines[id] = mixed ? BASELINE_MIXED : BASELINE_NONE;
    this.inputs = id + 1;
  }
}
