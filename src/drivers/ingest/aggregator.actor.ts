/**
 * Adds up its share of the samples that senders write, on a thread of its own. It reads decoded requests
 * where the receiver has put them, in shared memory, from the message that names a slot until its answer,
 * and writes nothing there. What it has added up ends with it: sums begin anew, whole, as a counter does
 * that was restarted.
 */
import {
  type AggregatedSeries,
  type OverflowSeries,
  RequestMemory,
  SeriesShard,
  type SeriesShardOptions,
  type SeriesShardSizes,
  type SeriesWatch,
  type TakeCounts,
  type WatchedList,
} from '../../hotpath/index.ts';
import { type ActorDefinition, actor, type Context } from '../../runtime/index.ts';
import { reservedMemory } from './reserved-memory.ts';

/** What it works with. */
export type AggregatorArgs = {
  /** Name of the memory of requests; see reserved-memory.ts. */
  readonly memory: string;
  /** Its number in the ring. */
  readonly owner: number;
  readonly shard: SeriesShardOptions;
};

/** A request to take. */
export type TakeOrder = { readonly slot: number; readonly tenant: string };

/** What became of it; `incarnation` and `inputs` tell when what was known is lost. */
export type Taken = {
  readonly counts: TakeCounts;
  readonly incarnation: number;
  readonly inputs: number;
};

/** What it holds, and what found no room. */
export type AggregatorFigures = SeriesShardSizes & {
  readonly overflows: readonly OverflowSeries[];
};

/** What it understands. */
export type AggregatorMessages = {
  /** Takes its series of a decoded request. */
  take(order: TakeOrder): Taken;
  /** Answers when everything that came before is done: no slot is read any more. */
  settle(): boolean;
  /** All, or those of one metric; null: more than can be shown at once. */
  aggregated(metric: string | null): readonly AggregatedSeries[] | null;
  figures(): AggregatorFigures;
  /** Whose values are kept apart; what it is told last holds, and the same again changes nothing. */
  watch(list: readonly SeriesWatch[]): void;
  watched(): WatchedList;
  /** From its own timer. */
  sweep(): void;
};

/** Between two looks for inputs that are quiet; milliseconds. More often: passes over all for little. */
const SWEEP_MS = 60_000;

/** Sums that are shown at once, and bytes of their names. Higher: more memory for one who looks. */
const SHOWN_MAX = 200_000;
const SHOWN_BYTES_MAX: number = 64 * 2 ** 20;

/** One for each number of the ring. */
export const Aggregator: ActorDefinition<AggregatorArgs, AggregatorMessages> = actor(
  import.meta.url,
  {
    name: 'Aggregator',
    setup: ({ memory: name, owner, shard: options }: AggregatorArgs, ctx: Context) => {
      const memory = RequestMemory.attach(reservedMemory(name));
      const shard = new SeriesShard(options);
      ctx.timers.every('sweep', SWEEP_MS, 'sweep');
      return {
        take: ({ slot: number, tenant }: TakeOrder) => {
          const slot = memory.slots[number];
          if (slot === undefined) throw new RangeError(`slot ${number} of ${memory.slots.length}`);
          const counts = shard.take(slot, tenant, owner, ctx.now());
          return { counts, incarnation: ctx.incarnation, inputs: shard.sizes().inputs };
        },
        settle: () => true,
        aggregated: (metric: string | null) => {
          const { series, nameBytes } = shard.shownSize(metric);
          if (series > SHOWN_MAX || nameBytes > SHOWN_BYTES_MAX) return null;
          return shard.aggregated(ctx.now(), metric);
        },
        figures: () => ({ ...shard.sizes(), overflows: shard.overflowed() }),
        watch: (list: readonly SeriesWatch[]) => shard.watch(list, ctx.now()),
        watched: () => shard.watched(ctx.now()),
        sweep: () => shard.sweep(ctx.now()),
      };
    },
  },
);
