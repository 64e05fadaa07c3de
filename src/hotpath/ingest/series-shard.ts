/**
 * Adds up the samples of decoded requests, for the series that one aggregator owns. It finds series by
 * the hash of their labels, keeps the last value of each input, so that a sum of counters never resets
 * when one of them does, and refuses, with a count, what it has no room for. On the aggregator's thread.
 *
 * Invariant HOT-21: every sample of an owned series is counted in exactly one of `accepted`, `duplicates`,
 * `late`, `ended`, `notNumbers`, `overflowed` and `refusedSamples`.
 */
import { type AggregatedSeries, type DropRule, NO_ROOM, TargetTable } from './aggregated-series.ts';
import { INPUT_ENDED, INPUT_FREE, INPUT_LIVE, InputTable } from './input-table.ts';
import { labelHash } from './label-hash.ts';
import { type SeriesFault, walkLabels } from './label-walk.ts';
import { OverflowCounts, type OverflowSeries } from './overflow-counts.ts';
import { HEAD_WORD, SERIES_WORD, SERIES_WORDS } from './request-layout.ts';
import type { SlotViews } from './request-memory.ts';
import { NOT_FOUND, SeriesIndex } from './series-index.ts';
import { type SeriesWatch, SeriesWatches, type WatchedList } from './series-watches.ts';

/** Limits and rules of a shard. */
export type SeriesShardOptions = {
  /** Input series that are kept. */
  readonly inputsMax: number;
  /** Of them, of one tenant; and of one metric of a tenant. What comes after is counted as overflow. */
  readonly inputsPerTenantMax: number;
  readonly inputsPerMetricMax: number;
  /** For the names of sums; what comes after is overflow, too. */
  readonly nameBytesMax: number;
  readonly rules: readonly DropRule[];
  /** After so long without a sample an input is forgotten; ended ones and gauges not shown: sooner. */
  readonly forgetAfterMs: number;
  readonly gaugeStaleMs: number;
};

/** What became of a request's samples; see HOT-21. `problem`: the first series that was refused, in words. */
export type TakeCounts = {
  accepted: number;
  /** Of the time of the last one: the first to come stays. */
  duplicates: number;
  /** Older than the last one. */
  late: number;
  /** Markers of the end of a series. */
  ended: number;
  /** Of counters: below zero, or no finite number. Of any: a time beyond 2^53 ms. */
  notNumbers: number;
  overflowed: number;
  refusedSamples: number;
  refusedSeries: number;
  /** Inputs that are new. */
  created: number;
  /** Counters that began anew. */
  resets: number;
  problem: { readonly fault: SeriesFault; readonly text: string } | null;
};

/** Numbers of what a shard holds. */
export type SeriesShardSizes = {
  readonly inputs: number;
  readonly series: number;
  readonly forgotten: number;
};

/** The one NaN that says that a series ends. */
const STALE_HIGH = 0x7ff0_0000;
const STALE_LOW = 2;
const TIME_MAX = Number.MAX_SAFE_INTEGER;
/** Unusual spellings of one series that are remembered; others are walked in full each time. */
const ALIASES_MAX = 4;
/** What stands for a series without an input. */
const REFUSED = -2;
const OVERFLOWED = -3;

/** One thread. */
export class SeriesShard {
  private readonly options: SeriesShardOptions;
  private readonly index: SeriesIndex = new SeriesIndex();
  private readonly inputs: InputTable = new InputTable();
  private readonly targets: TargetTable;
  private readonly overflows: OverflowCounts = new OverflowCounts();
  private readonly watches: SeriesWatches = new SeriesWatches();
  /** Inputs by tenant, and by tenant and metric. */
  private readonly held: Map<string, number> = new Map();
  private readonly hash: Uint32Array = new Uint32Array(4);
  private readonly bits: DataView = new DataView(new ArrayBuffer(8));
  private found: Int32Array = new Int32Array(0);
  private forgotten = 0;

  constructor(options: SeriesShardOptions) {
    this.options = options;
    this.targets = new TargetTable(options.rules, options.nameBytesMax);
  }

  /** Takes the series of a decoded slot that `owner` owns. */
  take(slot: SlotViews, tenant: string, owner: number, nowMs: number): TakeCounts {
    const counts = noCounts();
    const series = slot.head[HEAD_WORD.series] as number;
    this.lookUp(slot, series, owner);
    const { found } = this;
    const isWatching = this.watches.isActive;
    for (let i = 0; i < series; i += 1) {
      let input = found[i] as number;
      if (input === OTHERS) continue;
      const record = i * SERIES_WORDS;
      const samples = slot.series[record + SERIES_WORD.samples] as number;
      if (samples === 0) continue;
      if (input === NOT_FOUND) input = this.resolve(slot, record, tenant, nowMs, counts);
      if (input >= 0) {
        if (isWatching && this.watches.isUnseen(input)) this.look(slot, record, input, tenant);
        const grown = this.takeSamples(slot, record, input, nowMs, counts);
        if (isWatching) this.toldWatches(input, grown, nowMs);
      } else if (input === REFUSED) counts.refusedSamples += samples;
      else counts.overflowed += samples;
    }
    return counts;
  }

  /** Forgets inputs that have been quiet for too long. Costs a pass over all of them. */
  sweep(nowMs: number): void {
    const { inputs, options } = this;
    let ended = 0;
    this.watches.sweep();
    for (let input = 0; input < inputs.end; input += 1) {
      const state = inputs.states[input];
      const limitMs = state === INPUT_ENDED ? options.gaugeStaleMs : options.forgetAfterMs;
      if (state === INPUT_FREE || nowMs - (inputs.seenMs[input] as number) < limitMs) continue;
      this.forget(input);
      ended += 1;
    }
    if (ended === 0) return;
    this.forgotten += ended;
    this.index.retain((input) => inputs.states[input] !== INPUT_FREE);
  }

  /** What is added up, as it is now. Costs a pass over all inputs. */
  aggregated(nowMs: number, metric: string | null = null): readonly AggregatedSeries[] {
    const { inputs, targets } = this;
    const gauges = new Float64Array(targets.totals.length);
    for (let input = 0; input < inputs.end; input += 1) {
      if (!this.isShown(input, nowMs)) continue;
      const target = inputs.targets[input] as number;
      gauges[target] = (gauges[target] as number) + (inputs.lasts[input] as number);
    }
    return targets.list(gauges, metric);
  }

  /** How much `aggregated` would show. */
  shownSize(metric: string | null): { readonly series: number; readonly nameBytes: number } {
    return this.targets.sizeOf(metric);
  }

  /** Inputs whose values are kept apart from now on. The same list again changes nothing. */
  watch(list: readonly SeriesWatch[], nowMs: number): void {
    this.watches.set(list, nowMs);
  }

  /** What is watched, as it is now; quiet inputs are left out as in sums of gauges. */
  watched(nowMs: number): WatchedList {
    return this.watches.read(this.inputs, nowMs, (input) => this.isShown(input, nowMs));
  }

  /** Samples of series that found no room, by tenant and metric. */
  overflowed(): readonly OverflowSeries[] {
    return this.overflows.list();
  }

  /** How much it holds at present. */
  sizes(): SeriesShardSizes {
    return {
      inputs: this.inputs.size,
      series: this.targets.size,
      forgotten: this.forgotten,
    };
  }

  /** All at once, before samples are touched: misses of the cache overlap. */
  private lookUp(slot: SlotViews, series: number, owner: number): void {
    if (this.found.length < series) this.found = new Int32Array(slot.limits.seriesMax);
    const { found, index } = this;
    const table = slot.series;
    for (let i = 0; i < series; i += 1) {
      const record = i * SERIES_WORDS;
      const isOurs = table[record + SERIES_WORD.owner] === owner;
      found[i] = isOurs ? index.find(table, record + SERIES_WORD.hash) : OTHERS;
    }
  }

  /** It lives, has said something, and that is not too long ago. */
  private isShown(input: number, nowMs: number): boolean {
    const { states, times, seenMs } = this.inputs;
    if (states[input] !== INPUT_LIVE || times[input] === NEVER) return false;
    return nowMs - (seenMs[input] as number) < this.options.gaugeStaleMs;
  }

  /** @returns what a counter has grown by */
  private takeSamples(
    slot: SlotViews,
    record: number,
    input: number,
    nowMs: number,
    counts: TakeCounts,
  ): number {
    const { times, values } = slot;
    const { inputs, targets } = this;
    const first = slot.series[record + SERIES_WORD.firstSample] as number;
    const end = first + (slot.series[record + SERIES_WORD.samples] as number);
    const target = inputs.targets[input] as number;
    const isCounter = targets.counted[target] === 1;
    let lastTime = inputs.times[input] as number;
    let last = inputs.lasts[input] as number;
    const before = lastTime;
    let grown = 0;
    for (let i = first; i < end; i += 1) {
      const time = times[i] as number;
      const value = values[i] as number;
      if (time > TIME_MAX || time < -TIME_MAX) counts.notNumbers += 1;
      else if (time <= lastTime) {
        if (time === lastTime) counts.duplicates += 1;
        else counts.late += 1;
      } else if (Number.isNaN(value) && this.isEnd(slot, i)) {
        counts.ended += 1;
        lastTime = time;
        inputs.states[input] = INPUT_ENDED;
      } else if (isCounter && !(value >= 0 && value - value === 0)) counts.notNumbers += 1;
      else {
        if (isCounter && last >= 0) {
          if (value < last) counts.resets += 1;
          const increase = value < last ? value : value - last;
          targets.totals[target] = (targets.totals[target] as number) + increase;
          grown += increase;
        }
        last = value;
        lastTime = time;
        inputs.states[input] = INPUT_LIVE;
        counts.accepted += 1;
      }
    }
    if (lastTime === before) return 0;
    inputs.lasts[input] = last;
    inputs.times[input] = lastTime;
    inputs.seenMs[input] = nowMs;
    return grown;
  }

  /** Labels of an input that nobody has looked at since the watches were changed. */
  private look({ series, request }: SlotViews, record: number, input: number, tenant: string) {
    const from = series[record + SERIES_WORD.labelsAt] as number;
    const bytes = series[record + SERIES_WORD.labelsBytes] as number;
    const walk = walkLabels(request, from, from + bytes);
    if (walk.kind === 'refused') return;
    const { isCounter } = this.targets.at(this.inputs.targets[input] as number).family;
    this.watches.look(input, tenant, walk.metric, walk.labels, isCounter);
  }

  private toldWatches(input: number, grown: number, nowMs: number): void {
    const { seenMs, times } = this.inputs;
    // Nothing of it was newer.
    if (seenMs[input] !== nowMs) return;
    SeriesWatches.took(this.watches.of(input), grown, (times[input] as number) - nowMs);
  }

  /** Bits of a NaN are looked at where they lie: on its way through a variable it may lose them. */
  private isEnd(slot: SlotViews, sample: number): boolean {
    const { bits } = this;
    new Uint8Array(bits.buffer).set(
      new Uint8Array(slot.values.buffer, slot.values.byteOffset + 8 * sample, 8),
    );
    return bits.getUint32(4, true) === STALE_HIGH && bits.getUint32(0, true) === STALE_LOW;
  }

  /** The input of a series whose hash was not known: read in full. */
  private resolve(
    slot: SlotViews,
    record: number,
    tenant: string,
    nowMs: number,
    counts: TakeCounts,
  ): number {
    const hashAt = record + SERIES_WORD.hash;
    // An earlier series of the same request may have been the same.
    const again = this.index.find(slot.series, hashAt);
    if (again !== NOT_FOUND) return again;
    const from = slot.series[record + SERIES_WORD.labelsAt] as number;
    const walk = walkLabels(
      slot.request,
      from,
      from + (slot.series[record + SERIES_WORD.labelsBytes] as number),
    );
    if (walk.kind === 'refused') {
      counts.refusedSeries += 1;
      counts.problem ??= { fault: walk.fault, text: walk.text };
      return REFUSED;
    }
    const { hash } = this;
    labelHash(slot.key, walk.canonical, 0, walk.canonical.length, hash, 0);
    for (let i = 0; i < 4; i += 1) {
      hash[i] = (hash[i] as number) + (slot.head[HEAD_WORD.tenant + i] as number);
    }
    const known = this.index.find(hash, 0);
    if (known !== NOT_FOUND) {
      this.addAlias(slot.series, hashAt, known);
      return known;
    }
    const { metric, labels } = walk;
    const hasRoom = this.hasRoom(tenant, metric);
    const target = hasRoom ? this.targets.enter(tenant, metric, labels) : NO_ROOM;
    if (target === NO_ROOM) {
      this.overflows.add(tenant, metric, slot.series[record + SERIES_WORD.samples] as number);
      return OVERFLOWED;
    }
    this.hold(tenant, metric);
    const input = this.inputs.take(target, nowMs);
    counts.created += 1;
    this.index.add(hash, 0, input);
    if (this.index.find(slot.series, hashAt) === NOT_FOUND) {
      this.addAlias(slot.series, hashAt, input);
    }
    return input;
  }

  private addAlias(words: Uint32Array, at: number, input: number): void {
    const { aliases } = this.inputs;
    if ((aliases[input] as number) >= ALIASES_MAX) return;
    aliases[input] = (aliases[input] as number) + 1;
    this.index.add(words, at, input);
  }

  /** Whether there is room for one input more. */
  private hasRoom(tenant: string, metric: string): boolean {
    const { inputsMax, inputsPerTenantMax, inputsPerMetricMax } = this.options;
    if (this.inputs.size >= inputsMax) return false;
    if ((this.held.get(tenant) ?? 0) >= inputsPerTenantMax) return false;
    return (this.held.get(metricKey(tenant, metric)) ?? 0) < inputsPerMetricMax;
  }

  private hold(tenant: string, metric: string): void {
    for (const key of [tenant, metricKey(tenant, metric)]) {
      this.held.set(key, (this.held.get(key) ?? 0) + 1);
    }
  }

  private forget(input: number): void {
    const number = this.inputs.targets[input] as number;
    const { tenant, metric } = this.targets.at(number).family;
    for (const key of [tenant, metricKey(tenant, metric)]) {
      const held = this.held.get(key) ?? 0;
      if (held <= 1) this.held.delete(key);
      else this.held.set(key, held - 1);
    }
    this.targets.leave(number);
    this.watches.forget(input);
    this.inputs.release(input);
  }
}

/** A series of another aggregator. */
const OTHERS = -4;
/** The time of the last sample of an input that had none. */
const NEVER: number = Number.NEGATIVE_INFINITY;

/** Longer than any tenant's name alone would be: names of metrics have no such character. */
function metricKey(tenant: string, metric: string): string {
  return `${tenant}\u0000${metric}`;
}

/** All zero. */
export function noCounts(): TakeCounts {
  return {
    accepted: 0,
    duplicates: 0,
    late: 0,
    ended: 0,
    notNumbers: 0,
    overflowed: 0,
    refusedSamples: 0,
    refusedSeries: 0,
    created: 0,
    resets: 0,
    problem: null,
  };
}
