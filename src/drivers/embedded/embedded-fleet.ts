/**
 * A fleet of actors in this process, with its brain: rolled out, routed, scaled and healed as a fleet of
 * processes is, and gone with the process unless it is given a store that outlives it. It puts the parts
 * together and asks whom the tables name; it decides nothing.
 */
import {
  Arbiter,
  type ArbiterMessages,
  type DecisionEntry,
  type DecisionQuery,
  type FleetSpec,
  MetricFeed,
  Metrics,
  revisionOf,
  type ServiceStatus,
} from '../../actors/index.ts';
import {
  type AnyRef,
  type Ref,
  type Supervisor,
  type System,
  seededRandom,
} from '../../runtime/index.ts';
import { campaign, type Leadership, memoryStore, type Store } from '../../runtime/store/index.ts';
import { AddressBook } from '../address-book.ts';
import { driverError } from '../errors.ts';
import type { FleetFigures } from '../host/metric-families.ts';
import { metricsArgs } from '../metrics-args.ts';
import { Prober } from '../probe/prober.actor.ts';
import { chanceSeed, monotonicMs } from '../system-time.ts';
import { ActorHost, type ActorHostMessages } from './actor-host.actor.ts';
import { ActorInstances } from './actor-instances.ts';
import { type AskOutcome, LocalRoutes } from './local-routes.ts';

/** How one is started. */
export type EmbeddedFleetOptions = {
  /** Each service has an `actor`; `fleet(...)` of `ringmaster/control-plane` makes one. */
  readonly fleet: FleetSpec;
  /** From which the modules of `actor` are meant. Default: the working directory. */
  readonly folder?: string;
  /**
   * Definitions by the names of their exports, for `actor: ./file.js#Name`: these are taken as they
   * are, others are imported. A module that awaits the fleet at its top has to give its own.
   */
  readonly actors?: Readonly<Record<string, unknown>>;
  /** What is decided is stored there. Default: in memory, and gone with the process. */
  readonly store?: Store;
  /** Which of the fleet's regions is here. Default: its first. */
  readonly region?: string;
};

/** Beside a question. */
export type FleetAsk = {
  /** By which the owner is found; a sharded service needs one. */
  readonly key?: string;
  /** Milliseconds. Default: as `ask`. */
  readonly timeout?: number;
};

const FOR_EVER = { restarts: Number.POSITIVE_INFINITY };
/**
 * Nobody else can lead in a store of our own: a breakpoint, or work that holds the thread up, deposes
 * nobody. Longer than any of these; Node's timers end at 24 days. Milliseconds.
 */
const OWN_TTL_MS = 20 * 86_400_000;
/** A ping is answered by any answer, also by one that says that it knows no ping. */
const PING = 'ping';

/**
 * Starts the brain and applies the fleet; instances come up meanwhile. While another one leads in the
 * same `store`, it waits. When it rejects, nothing is left behind.
 * @throws (rejects) RM_HOST_OPTION for a service without an actor or another region, RM_ID_TAKEN for a
 *   second fleet of the same name in one system, RM_REPLY of the arbiter
 */
export async function startEmbeddedFleet(
  system: System,
  options: EmbeddedFleetOptions,
): Promise<EmbeddedFleet> {
  const store = options.store ?? memoryStore();
  const leader = await campaign(store, {
    ...{ key: 'fleet/leader', holder: 'embedded' },
    ...(options.store === undefined ? { ttl: OWN_TTL_MS } : {}),
  });
  const fleet = new EmbeddedFleet(
    system,
    { ...options, store },
    leader,
    options.store === undefined,
  );
  try {
    await fleet.begin();
    await fleet.apply(options.fleet);
  } catch (error) {
    // Who tries again finds the system and the store as they were.
    await fleet.close();
    throw error;
  }
  return fleet;
}

/** Thread rule: the main thread. */
export class EmbeddedFleet {
  /** Settles when another program leads on the same store: this fleet decides nothing any more; close it. */
  readonly deposed: Promise<Error>;
  private readonly system: System;
  private readonly options: EmbeddedFleetOptions & { readonly store: Store };
  private readonly leader: Leadership;
  private readonly isStoreOurs: boolean;
  private readonly instances: ActorInstances;
  private readonly routes: LocalRoutes;
  private readonly book: AddressBook = new AddressBook();
  private family: Supervisor | null = null;
  private arbiterRef: Ref<ArbiterMessages> | null = null;
  private isClosed = false;
  private host: Ref<ActorHostMessages> | null = null;

  /** Call `startEmbeddedFleet`. */
  constructor(
    system: System,
    options: EmbeddedFleetOptions & { readonly store: Store },
    leader: Leadership,
    isStoreOurs: boolean,
  ) {
    this.isStoreOurs = isStoreOurs;
    this.system = system;
    this.options = options;
    this.leader = leader;
    this.deposed = leader.deposed;
    const feed = new MetricFeed('embedded', { incarnation: leader.token });
    this.routes = new LocalRoutes(feed, seededRandom(chanceSeed()));
    const { folder = '.', actors = {} } = options;
    this.instances = new ActorInstances(
      system,
      this.book,
      { family: options.fleet.name, folder, actors },
      {
        runs: ({ service, instance }) => this.host?.tell('runs', { service, instance }),
        ended: ({ service, instance }, signature) =>
          this.host?.tell('ended', { service, instance, signature }),
      },
    );
  }

  /** Once, by `startEmbeddedFleet`. */
  async begin(): Promise<void> {
    const { system, book, instances, routes, leader } = this;
    const { fleet, region: wanted, store } = this.options;
    const region = regionOf(fleet, wanted);
    const { period, answerWithin, maxStaleness, routerSilence } = fleet.policy;
    const family = system.supervisor({ name: `fleet.${fleet.name}`, intensity: FOR_EVER });
    this.family = family;
    const here = { placement: 'same' } as const;
    const metrics = await family.spawn(Metrics, {
      ...here,
      id: 'metrics',
      args: metricsArgs(fleet.policy),
    });
    const prober = await family.spawn(Prober, {
      ...here,
      id: 'prober',
      args: { book, ping: (instance, timeoutMs) => this.ping(instance, timeoutMs) },
    });
    const host = await family.spawn(ActorHost, {
      ...here,
      id: 'instances',
      args: { instances, routes, metrics: anyRef(metrics) },
    });
    const arbiter = await family.spawn(Arbiter, {
      ...here,
      id: 'arbiter',
      args: {
        region: region.name,
        zones: region.zones,
        ...{ period, answerWithin, maxStaleness, routerSilence, store },
        prefix: `fleet/${region.name}/`,
        leader: { key: leader.key, token: leader.token },
        executor: anyRef(host),
        prober: anyRef(prober),
        metrics: anyRef(metrics),
      },
    });
    host.tell('attach', anyRef(arbiter));
    this.host = host;
    this.arbiterRef = arbiter;
  }

  /**
   * Services that are named become as they are written; others go on. All are checked before any is
   * applied. Regions and `policy` stay those that it was started with; `frozen` freezes, and `freeze` of
   * the arbiter ends that. @throws (rejects) RM_HOST_OPTION, RM_REPLY of the arbiter
   */
  async apply(fleet: FleetSpec): Promise<void> {
    for (const [name, spec] of Object.entries(fleet.services)) {
      if (spec.actor !== undefined) continue;
      const message = `${name} has no actor; in one process each service is one: actor: ./file.js#Name.`;
      throw driverError('RM_HOST_OPTION', message, { service: name });
    }
    const zones = regionOf(fleet, this.options.region).zones.length;
    const all = Object.entries(fleet.services).map(([name, spec]) => {
      return { name, spec, revision: revisionOf(spec, '') };
    });
    for (const one of all) await this.arbiter.ask('check', { ...one, zones });
    if (fleet.frozen) await this.arbiter.ask('freeze', true);
    for (const one of all) await this.arbiter.ask('apply', one);
  }

  /**
   * Asks whom the tables name: by version, then by the ring or by who has least to do. Measured, like every
   * request of a router. @throws (rejects) RM_NO_INSTANCE, and as `ask`
   */
  async ask<T = unknown>(
    service: string,
    name: string,
    payload?: unknown,
    { key, timeout }: FleetAsk = {},
  ): Promise<T> {
    const target = this.routes.choose(service, key ?? null);
    const ref = this.instances.ref(target.instance);
    const done = this.routes.begin(service, target, key ?? null);
    const begunMs = monotonicMs();
    let outcome: AskOutcome = 'answered';
    try {
      if (ref === null) {
        const why = this.isClosed
          ? 'the fleet was closed; start another one'
          : `${target.instance} has just ended; ask again`;
        throw driverError('RM_NO_INSTANCE', `${why}.`);
      }
      const answer = await ref.ask(name, payload, timeout === undefined ? {} : { timeout });
      return answer as T;
    } catch (error) {
      outcome = outcomeOf((error as { readonly code?: string }).code ?? '');
      throw error;
    } finally {
      done((monotonicMs() - begunMs) / 1000, outcome);
    }
  }

  /** Null: there is no such service. */
  status(service: string): Promise<ServiceStatus | null> {
    return this.arbiter.ask('status', service);
  }

  /** Entries of the decision log, oldest first. */
  why(query: DecisionQuery): Promise<readonly DecisionEntry[]> {
    return this.arbiter.ask('why', query);
  }

  /** What `exportFleetMetrics` shows of it, as it is now. */
  async figures(): Promise<FleetFigures> {
    const names = await this.arbiter.ask('services');
    const found = await Promise.all(names.map((name) => this.status(name)));
    const services = found.filter((one) => one !== null);
    const { tally } = this.routes;
    for (const { record } of services) {
      tally.keep(record.name, new Set(record.revisions.map(({ id }) => id)));
    }
    const tallies = await this.arbiter.ask('tallies');
    return { services, tallies, scrapes: [], requests: tally.figures(), ingest: null };
  }

  /** To be told what operators want. */
  get arbiter(): Ref<ArbiterMessages> {
    if (this.arbiterRef !== null) return this.arbiterRef;
    throw driverError('RM_HOST_OPTION', 'the fleet was not begun; call startEmbeddedFleet.');
  }

  /** Ends the brain and all instances; the system goes on. A store that was given stays open. */
  async close(): Promise<void> {
    this.host = null;
    this.isClosed = true;
    await this.family?.stop();
    await this.instances.close();
    await this.leader.resign().catch(() => undefined);
    if (this.isStoreOurs) await this.options.store.close();
  }

  private async ping(instance: string, timeout: number): Promise<boolean> {
    const ref = this.instances.ref(instance);
    if (ref === null) return false;
    try {
      await ref.ask(PING, undefined, { timeout });
      return true;
    } catch (error) {
      const { code } = error as { readonly code?: string };
      return code === 'RM_UNKNOWN_MESSAGE' || code === 'RM_REPLY';
    }
  }
}

/** @throws RM_HOST_OPTION when there is none of that name */
function regionOf(
  { regions }: FleetSpec,
  wanted: string | undefined,
): FleetSpec['regions'][number] {
  const found = wanted === undefined ? regions[0] : regions.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = regions.map(({ name }) => name).join(', ');
  const message = `the fleet has no region ${wanted ?? 'at all'}, it has: ${names}; name one of them.`;
  throw driverError('RM_HOST_OPTION', message, { names });
}

function anyRef(ref: unknown): AnyRef {
  return ref as AnyRef;
}

/** Mistakes of whoever asks: they say nothing of the instance. */
const NOT_ASKED: readonly string[] = [
  'RM_PAYLOAD_UNSUPPORTED',
  'RM_PAYLOAD_SHAPE',
  'RM_PAYLOAD_TOO_LARGE',
  'RM_TIMER_OPTION',
  'RM_UNKNOWN_MESSAGE',
];

/** Of a question that was rejected. What an actor answers with `reply.error` is an answer. */
function outcomeOf(code: string): AskOutcome {
  if (code === 'RM_REPLY') return 'answered';
  if (code === 'RM_ACTOR_CRASHED') return 'crashed';
  return NOT_ASKED.includes(code) ? 'notAsked' : 'failed';
}
