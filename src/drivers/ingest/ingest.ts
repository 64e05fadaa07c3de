/**
 * Remote write put together: memory, aggregators on threads of their own, and the receiver before them,
 * under one supervisor. Started by a host, or by a program that wants nothing but this. It decides nothing.
 */
import {
  RequestMemory,
  SECRET_BYTES,
  type SeriesWatch,
  type WatchedList,
} from '../../hotpath/index.ts';
import type { AnyRef, Placement, Ref, Supervisor, System } from '../../runtime/index.ts';
import { driverError } from '../errors.ts';
import { every, secretBytes } from '../system-time.ts';
import { Aggregator, type AggregatorFigures, type AggregatorMessages } from './aggregator.actor.ts';
import { INGEST_LIMITS_DEFAULT, type IngestLimits, type IngestOptions } from './ingest-options.ts';
import { Receiver, type ReceiverMessages } from './receiver.actor.ts';
import { releaseMemory, reserveMemory } from './reserved-memory.ts';
import type { WriteFigures } from './write-figures.ts';

/** What it has counted and holds. */
export type IngestFigures = WriteFigures & { readonly aggregators: readonly AggregatorFigures[] };

/** Remote write at work. */
export type Ingest = {
  readonly port: number;
  /** @throws (rejects) as `Ref.ask` */
  figures(): Promise<IngestFigures>;
  /** Whose values are kept apart from now on; to be said again, since aggregators may begin anew. */
  watch(list: readonly SeriesWatch[]): void;
  /** What is watched, of each aggregator. @throws (rejects) as `Ref.ask` */
  watched(): Promise<readonly WatchedList[]>;
  /** Takes nothing more, and ends its threads' actors. */
  stop(): Promise<void>;
};

/** Aggregators that a machine may have. */
const AGGREGATORS_MAX = 32;
/** Between two times that the receiver is told of its aggregators, milliseconds. */
const ATTACH_MS = 500;
const FOR_EVER = { restarts: Number.POSITIVE_INFINITY };

/** What is decided before there is a system: its threads find the memory when they start. */
export type IngestReservation = {
  /** That a system should have for it: receiver, and aggregators. Fewer share; 0: all on the main thread. */
  readonly threads: number;
  readonly memory: string;
  readonly aggregators: number;
  readonly options: IngestOptions;
  readonly limits: IngestLimits;
};

/**
 * Reserves the memory; before the system is started. Thread rule: the main thread.
 * @throws RM_INGEST_OPTION, RM_HOST_OPTION
 */
export function reserveIngest(options: IngestOptions): IngestReservation {
  const { aggregators = 1 } = options;
  if (!Number.isInteger(aggregators) || aggregators < 1 || aggregators > AGGREGATORS_MAX) {
    const message = `aggregators is ${aggregators}; expected an integer from 1 to ${AGGREGATORS_MAX}.`;
    throw driverError('RM_HOST_OPTION', message);
  }
  const limits: IngestLimits = { ...INGEST_LIMITS_DEFAULT, ...options.limits };
  const { bodyBytesMax, requestBytesMax, seriesMax, samplesMax, labelsMax, slots } = limits;
  const { handle } = RequestMemory.create({
    limits: { bodyBytesMax, requestBytesMax, seriesMax, samplesMax, labelsMax },
    slots,
    secret: secretBytes(SECRET_BYTES),
  });
  // One alone sits beside the receiver: to wake another thread costs more than to add up.
  const threads = aggregators === 1 ? 1 : 1 + aggregators;
  return { threads, memory: reserveMemory(handle), aggregators, options, limits };
}

/**
 * Starts it in a system that was started after the reservation; what could not be started may be started
 * again. @throws (rejects) RM_SPAWN_FAILED
 */
export async function startIngest(system: System, reservation: IngestReservation): Promise<Ingest> {
  const family = system.supervisor({ name: 'ingest', intensity: FOR_EVER });
  try {
    const ingest = await startIn(family, system, reservation);
    return {
      ...ingest,
      stop: async () => {
        await ingest.stop();
        releaseMemory(reservation.memory);
      },
    };
  } catch (error) {
    await family.stop();
    throw error;
  }
}

async function startIn(
  family: Supervisor,
  system: System,
  { memory, aggregators, options, limits }: IngestReservation,
): Promise<Ingest> {
  const { rules = [], port } = options;
  const refs: Ref<AggregatorMessages>[] = [];
  for (let owner = 0; owner < aggregators; owner++) {
    const args = { memory, owner, shard: { ...shardOptions(limits), rules } };
    const placement = placementOf(system, owner + 2);
    refs.push(await family.spawn(Aggregator, { id: `aggregator-${owner}`, args, placement }));
  }
  const receiver = await family.spawn(Receiver, {
    id: 'receiver',
    args: { memory, port, aggregators, rules, limits },
    placement: placementOf(system, 1),
  });
  return await attached(family, receiver, refs);
}

async function attached(
  family: Supervisor,
  receiver: Ref<ReceiverMessages>,
  refs: readonly Ref<AggregatorMessages>[],
): Promise<Ingest> {
  const all = refs as unknown as readonly AnyRef[];
  const attach = (): void => void receiver.tell('attach', all);
  attach();
  // A receiver that was restarted hears again whom it works with.
  const stop = every(ATTACH_MS, attach);
  return {
    port: await receiver.ask('port'),
    figures: async () => {
      const [figures, ...aggregators] = await Promise.all([
        receiver.ask('figures'),
        ...refs.map((one) => one.ask('figures')),
      ]);
      return { ...figures, aggregators };
    },
    watch: (list) => {
      for (const one of refs) one.tell('watch', list);
    },
    watched: () => Promise.all(refs.map((one) => one.ask('watched'))),
    stop: () => {
      stop();
      return family.stop();
    },
  };
}

function shardOptions(limits: IngestLimits) {
  const { inputsMax, inputsPerTenantMax, inputsPerMetricMax, nameBytesMax } = limits;
  const { forgetAfterMs, gaugeStaleMs } = limits;
  const room = { inputsMax, inputsPerTenantMax, inputsPerMetricMax, nameBytesMax };
  return { ...room, forgetAfterMs, gaugeStaleMs };
}

/** A thread by its number; where there are fewer, those that there are in turn. */
function placementOf(system: System, wanted: number): Placement {
  const threads = Math.max(...system.figures().threads.map(({ thread }) => thread));
  return threads === 0 ? 'same' : { thread: 1 + ((wanted - 1) % threads) };
}
