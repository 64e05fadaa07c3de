/**
 * Inputs whose values somebody decides by, kept apart from sums: which they are, and by which labels they
 * are told apart. Owned by series-shard.ts, which looks at an input's labels once for each list of watches,
 * and says what it has grown by. Groups of what nobody watches any more are forgotten.
 *
 * How late a sample is needs no clock of the sender's: the one that came soonest after its time is taken to
 * have come at once, and others are as late as they came later than that. So what is sent after a failure,
 * an hour at once, is old until it has caught up.
 */
import type { WrittenLabel } from './label-walk.ts';

/** What is watched. Two of them may watch the same input. */
export type SeriesWatch = {
  /** Who asks; unique in a list. */
  readonly name: string;
  readonly tenant: string;
  readonly metrics: readonly string[];
  /** Labels that a series must have; others it may. */
  readonly match: readonly WrittenLabel[];
  /** Names of labels whose values are told apart. */
  readonly by: readonly string[];
};

/** The inputs of one watch and metric whose told labels are the same. */
export type WatchedSeries = {
  readonly name: string;
  readonly metric: string;
  /** Those of `by` that they have. */
  readonly labels: readonly WrittenLabel[];
  readonly kind: 'counter' | 'gauge';
  /** Of a counter: what its inputs have grown by; of a gauge: their sum. */
  readonly value: number;
  /** Those that live: have not said that they end, and were not quiet for too long. */
  readonly inputs: number;
  /** Of the one that says least: since when it says nothing, and how late that was. Milliseconds. */
  readonly quietMs: number;
};

/** How a watch stands. */
export type WatchStatus = {
  readonly name: string;
  /** Since when it is there: series that say something more seldom may not have been met yet. */
  readonly forMs: number;
  /** It has met more series than are kept: its values are parts. */
  readonly isFull: boolean;
};

/** All of it. */
export type WatchedList = {
  readonly series: readonly WatchedSeries[];
  readonly watches: readonly WatchStatus[];
};

/** A group, as its owner works with it. */
export type WatchGroup = {
  readonly watch: string;
  readonly metric: string;
  readonly labels: readonly WrittenLabel[];
  readonly isCounter: boolean;
  grown: number;
  /** Greatest difference between a sample's time and ours when it came: the one that came soonest. */
  leadMs: number;
};

/** What is looked at of a table of inputs. */
type Inputs = {
  readonly lasts: Float64Array;
  readonly times: Float64Array;
  readonly seenMs: Float64Array;
};

/**
 * Inputs that are watched by one shard. Range: 1 to its inputs. Higher: each answer costs more, some
 * 100 ns an input. Lower: watches that match widely are full sooner.
 */
const WATCHED_MAX = 20_000;
const LOOKS_MIN = 1_024;
/** Characters of a label that is told apart; a longer one names nobody. */
const TOLD_MAX = 256;
/** Of an input: not looked at since the list was changed; nobody watches it; somebody does. */
const UNSEEN = 0;
const UNWATCHED = 1;
const WATCHED = 2;
const NO_GROUPS: readonly WatchGroup[] = [];

/** One thread. */
export class SeriesWatches {
  private list: readonly SeriesWatch[] = [];
  private text = '[]';
  private looks: Uint8Array = new Uint8Array(LOOKS_MIN);
  /** Since when each watch is there, by its name. */
  private since: ReadonlyMap<string, number> = new Map();
  private readonly groups: Map<string, WatchGroup> = new Map();
  private readonly members: Map<number, readonly WatchGroup[]> = new Map();
  /** Watches that have met more inputs than are kept: since two sweeps, and since the last one. */
  private full: ReadonlySet<string> = new Set();
  private lately: Set<string> = new Set();

  /** Whether anybody watches anything. */
  get isActive(): boolean {
    return this.list.length > 0;
  }

  /** From now on; the same list again changes nothing. What was kept for a watch that stays is kept. */
  set(list: readonly SeriesWatch[], nowMs: number): void {
    const text = JSON.stringify(list);
    if (text === this.text) return;
    const before = new Set(this.list.map((one) => JSON.stringify(one)));
    const same = list.filter((one) => before.has(JSON.stringify(one)));
    const staying = new Set(same.map(({ name }) => name));
    const sinceOf = (name: string): number =>
      staying.has(name) ? (this.since.get(name) ?? nowMs) : nowMs;
    this.since = new Map(list.map(({ name }) => [name, sinceOf(name)]));
    this.list = list;
    this.text = text;
    this.looks.fill(UNSEEN);
    this.full = new Set([...this.full].filter((name) => staying.has(name)));
    this.lately = new Set([...this.lately].filter((name) => staying.has(name)));
    for (const [input, groups] of this.members) {
      const left = groups.filter(({ watch }) => staying.has(watch));
      if (left.length === 0) this.members.delete(input);
      else this.members.set(input, left);
    }
    for (const [key, { watch }] of this.groups) if (!staying.has(watch)) this.groups.delete(key);
  }

  /** Whether the labels of an input are to be shown to `look`. */
  isUnseen(input: number): boolean {
    return (this.looks[input] ?? UNSEEN) === UNSEEN;
  }

  /** Those that an input belongs to. */
  of(input: number): readonly WatchGroup[] {
    return this.looks[input] === WATCHED ? (this.members.get(input) ?? NO_GROUPS) : NO_GROUPS;
  }

  /** An input's labels, once for each list. */
  look(
    input: number,
    tenant: string,
    metric: string,
    labels: readonly WrittenLabel[],
    isCounter: boolean,
  ): void {
    while (input >= this.looks.length) this.grow();
    const groups: WatchGroup[] = [];
    for (const watch of this.list) {
      if (watch.tenant !== tenant || !watch.metrics.includes(metric)) continue;
      const isMatch = watch.match.every(([name, value]) => textOf(labels, name) === value);
      if (!isMatch) continue;
      if (this.members.size >= WATCHED_MAX && !this.members.has(input)) this.lately.add(watch.name);
      else groups.push(this.groupOf(watch, metric, labels, isCounter));
    }
    this.looks[input] = groups.length === 0 ? UNWATCHED : WATCHED;
    if (groups.length === 0) this.members.delete(input);
    else this.members.set(input, groups);
  }

  /** An input is no more, and its number may be given to another one. */
  forget(input: number): void {
    if (input < this.looks.length) this.looks[input] = UNSEEN;
    this.members.delete(input);
  }

  /** Now and then: forgets groups without inputs, and gives those that found no room another chance. */
  sweep(): void {
    const used = new Set([...this.members.values()].flat());
    for (const [key, group] of this.groups) if (!used.has(group)) this.groups.delete(key);
    if (this.full.size + this.lately.size === 0) return;
    this.full = this.lately;
    this.lately = new Set();
    this.looks.fill(UNSEEN);
  }

  /** A sample of a watched input was taken. */
  static took(groups: readonly WatchGroup[], grown: number, leadMs: number): void {
    for (const group of groups) {
      group.grown += grown;
      if (leadMs > group.leadMs) group.leadMs = leadMs;
    }
  }

  /** What they say now. `isLive`: of an input. Costs a pass over those that are watched. */
  read(inputs: Inputs, nowMs: number, isLive: (input: number) => boolean): WatchedList {
    const sums = new Map<WatchGroup, { sum: number; inputs: number; quietMs: number }>();
    for (const [input, groups] of this.members) {
      if (!isLive(input)) continue;
      const seenMs = inputs.seenMs[input] as number;
      const leadMs = (inputs.times[input] as number) - seenMs;
      for (const group of groups) {
        const all = sums.get(group) ?? { sum: 0, inputs: 0, quietMs: 0 };
        sums.set(group, all);
        all.sum += inputs.lasts[input] as number;
        all.inputs += 1;
        all.quietMs = Math.max(all.quietMs, nowMs - seenMs + group.leadMs - leadMs);
      }
    }
    const series = [...sums].map(([group, { sum, inputs: count, quietMs }]) => {
      const { watch: name, metric, labels, isCounter, grown } = group;
      const kind = isCounter ? ('counter' as const) : ('gauge' as const);
      return { name, metric, labels, kind, value: isCounter ? grown : sum, inputs: count, quietMs };
    });
    const watches = [...this.since].map(([name, sinceMs]) => ({
      name,
      forMs: nowMs - sinceMs,
      isFull: this.full.has(name) || this.lately.has(name),
    }));
    return { series, watches };
  }

  private groupOf(
    { name, by }: SeriesWatch,
    metric: string,
    labels: readonly WrittenLabel[],
    isCounter: boolean,
  ): WatchGroup {
    const told = labels.filter(([label, { length }]) => by.includes(label) && length <= TOLD_MAX);
    const key = JSON.stringify([name, metric, told]);
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const start = { grown: 0, leadMs: Number.NEGATIVE_INFINITY };
    const group = { watch: name, metric, labels: told, isCounter, ...start };
    this.groups.set(key, group);
    return group;
  }

  private grow(): void {
    const looks = new Uint8Array(2 * this.looks.length);
    looks.set(this.looks);
    this.looks = looks;
  }
}

function textOf(labels: readonly WrittenLabel[], wanted: string): string | undefined {
  return labels.find(([name]) => name === wanted)?.[1];
}
