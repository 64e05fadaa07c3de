/**
 * A fleet on this machine: store, leader, arbiter, and the drivers that carry its decisions out, put
 * together. Runs in the brain process under an agent. It decides nothing; it takes up what was stored,
 * takes a new fleet in, and ends with its leadership. The records outlive it, and so do the instances.
 */
import { join, resolve } from 'node:path';
import {
  Arbiter,
  type ArbiterMessages,
  type DecisionEntry,
  type DecisionQuery,
  type FleetSpec,
  Metrics,
  readFleet,
  revisionOf,
  type ServiceSpec,
  type ServiceStatus,
} from '../../actors/index.ts';
import { type AnyRef, type Ref, type Supervisor, type System, start } from '../../runtime/index.ts';
import {
  campaign,
  type Leadership,
  type LmdbStore,
  openLmdbStore,
} from '../../runtime/store/index.ts';
import { AddressBook } from '../address-book.ts';
import { driverError } from '../errors.ts';
import { type Ingest, reserveIngest, startIngest } from '../ingest/ingest.ts';
import type { IngestOptions } from '../ingest/ingest-options.ts';
import { Prober } from '../probe/prober.actor.ts';
import { PORT_RANGE_DEFAULT, type PortRange } from '../process/free-ports.ts';
import { ProcessHost } from '../process/process-host.actor.ts';
import { Releases, releaseFiles } from '../process/releases.ts';
import { RequestsUnderWay } from '../router/requests-under-way.ts';
import { RouterLink, type RouterLinkMessages } from '../router/router-link.actor.ts';
import { isRouterKnown } from '../router/router-process.ts';
import { Scraper } from '../scrape/scraper.actor.ts';
import { holderOf, removeDeadLeader } from './dead-leader.ts';
import { Executor } from './executor.actor.ts';
import { type FleetDocument, keepFleet, storedFleet } from './fleet-document.ts';

/** How a host is started. */
export type FleetHostOptions = {
  /** Its own: store, releases, data. Made if it is not there. */
  readonly directory: string;
  /** Socket of the agent that keeps the instances. */
  readonly agent: string;
  /** Which of the fleet's regions runs here. Default: its only one. */
  readonly region?: string;
  /** For instances. */
  readonly ports?: PortRange;
  /** Name of this machine: another one's leader is never taken for dead. */
  readonly machine: string;
  /** Takes samples of Prometheus remote write in, on threads of its own. Default: not. */
  readonly ingest?: IngestOptions;
};

/** What an apply came to, service by service, in the order of the fleet. */
export type AppliedService = {
  readonly service: string;
  /**
   * `same`: nothing of its instances changes; its knobs may have. `left`: the fleet no longer names it, and
   * it goes on; `removed`: it was named to go.
   */
  readonly outcome: 'new' | 'changed' | 'same' | 'left' | 'removed';
  readonly revision: string;
  readonly version: string;
};

/** What is said beside a fleet. */
export type ApplyOptions = {
  /** Says what would come of it. */
  readonly dryRun?: boolean;
  /** Tokens that a refusal has named. */
  readonly allow?: readonly string[];
  /** Services that the fleet no longer names, and that are to go. */
  readonly remove?: readonly string[];
};

const LEADER = 'fleet/leader';
/** Windows of metrics: how often one is looked for, in milliseconds, and how many are kept. */
const INTERVAL_MS = 250;
const METRICS_KEPT = 1024;
/** Part of the greatest age after which silence of a feed counts: before its readings are too old. */
const STALE_PART = 2 / 3;

type Drivers = Readonly<Record<'host' | 'prober', AnyRef>>;

type Running = {
  readonly arbiter: Ref<ArbiterMessages>;
  readonly fleet: FleetSpec;
  readonly family: Supervisor;
};

/**
 * Opens the store, waits to lead, and takes up the fleet that was applied last.
 * @throws (rejects) RM_STORE_*, RM_AGENT_GONE, RM_HOST_OPTION
 */
export async function startFleetHost(options: FleetHostOptions): Promise<FleetHost> {
  const directory = resolve(options.directory);
  const store = await openLmdbStore(join(directory, 'store'));
  try {
    // As the writer of this store nobody else can be in the middle of anything.
    await removeDeadLeader(store, LEADER, options.machine).catch(() => false);
    const leader = await campaign(store, { key: LEADER, holder: holderOf(options.machine) });
    // Memory that threads share is reserved before there are any.
    const reservation = options.ingest === undefined ? null : reserveIngest(options.ingest);
    const system = await start({ threads: reservation?.threads ?? 0 });
    const host = new FleetHost({ ...options, directory }, store, leader, system);
    await host.begin();
    if (reservation !== null) host.ingest = await startIngest(system, reservation);
    return host;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Thread rule: the main thread. */
export class FleetHost {
  /** Settles when another host leads: this one has to end. */
  readonly deposed: Promise<Error>;
  private readonly options: FleetHostOptions;
  private readonly store: LmdbStore;
  private readonly leader: Leadership;
  private readonly system: System;
  private readonly releases: Releases;
  private readonly book: AddressBook = new AddressBook();
  private readonly underWay: RequestsUnderWay = new RequestsUnderWay();
  private drivers: Drivers | null = null;
  /** Once there is a router it is told everything, also that nothing is routed any more. */
  private hasRouter = false;
  private running: Running | null = null;
  /** Remote write, where it is wanted. Set once, by `startFleetHost`. */
  ingest: Ingest | null = null;

  constructor(options: FleetHostOptions, store: LmdbStore, leader: Leadership, system: System) {
    this.options = options;
    this.store = store;
    this.leader = leader;
    this.system = system;
    this.deposed = leader.deposed;
    this.releases = new Releases(join(options.directory, 'releases'));
  }

  /** Once, by `startFleetHost`. */
  async begin(): Promise<void> {
    const { book, releases } = this;
    const { agent, directory, ports = PORT_RANGE_DEFAULT } = this.options;
    const family = this.system.supervisor({ name: 'drivers', intensity: FOR_EVER });
    const host = await family.spawn(ProcessHost, {
      id: 'processes',
      args: {
        socket: agent,
        book,
        releases,
        data: join(directory, 'data'),
        ports,
        underWay: (instance) => this.underWay.of(instance),
      },
    });
    const prober = await family.spawn(Prober, { id: 'prober', args: { book } });
    this.drivers = { host: anyRef(host), prober: anyRef(prober) };
    this.hasRouter = await isRouterKnown(agent, ROUTER);
    const stored = await storedFleet(this.store);
    if (stored !== null) await this.run(stored.fleet);
  }

  /** The fleet that runs; null: none was applied yet. */
  get fleet(): FleetSpec | null {
    return this.running?.fleet ?? null;
  }

  /**
   * Takes a fleet in. Files are snapshotted before anything is written, so a fleet is applied whole or not
   * at all, but for a store that fails in between, and for services that the arbiter refuses.
   * @throws (rejects) RM_FLEET_INVALID, RM_HOST_OPTION, RM_RELEASE_*, RM_REPLY of the arbiter
   */
  async apply(
    document: FleetDocument,
    { dryRun = false, allow = [], remove = [] }: ApplyOptions = {},
  ): Promise<readonly AppliedService[]> {
    const reading = readFleet(document.data);
    if (!reading.ok) {
      const lines = reading.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
      throw driverError('RM_CONTROL_PARAMS', `this is no fleet:\n${lines.join('\n')}`);
    }
    const { fleet } = reading;
    this.regionOf(fleet);
    const planned = await this.planned(fleet, document.folder);
    const others = await this.others(fleet, remove);
    const outcome = [...planned.map(({ applied }) => applied), ...others];
    if (dryRun) return outcome;
    for (const { keep } of planned) keep();
    await keepFleet(this.store, document);
    await this.run(fleet);
    for (const { spec, applied } of planned) {
      const { service: name, revision } = applied;
      await this.arbiter().ask('apply', { name, spec, revision, allow });
    }
    for (const { service, outcome: what } of others) {
      if (what === 'removed') await this.arbiter().ask('remove', service);
    }
    return outcome;
  }

  /** Names of the services that are tended. */
  async services(): Promise<readonly string[]> {
    return this.running === null ? [] : await this.running.arbiter.ask('services');
  }

  /** @throws (rejects) RM_CONTROL_PARAMS when there is no such service */
  async status(service: string): Promise<ServiceStatus> {
    const status = this.running && (await this.running.arbiter.ask('status', service));
    if (status !== null) return status;
    const known = await this.services();
    const message = `there is no service ${service}; there are: ${known.join(', ') || 'none'}`;
    throw driverError('RM_CONTROL_PARAMS', message, { service });
  }

  /** Entries of the decision log, oldest first. */
  async why(query: DecisionQuery): Promise<readonly DecisionEntry[]> {
    return this.running === null ? [] : await this.running.arbiter.ask('why', query);
  }

  /** The arbiter, to be told what operators want. @throws RM_CONTROL_REFUSED before the first apply */
  arbiter(): Ref<ArbiterMessages> {
    if (this.running !== null) return this.running.arbiter;
    throw driverError('RM_CONTROL_REFUSED', 'no fleet was applied yet; apply one.');
  }

  /** Lets go of everything; instances go on. */
  async close(): Promise<void> {
    await this.ingest?.stop();
    await this.system.close();
    await this.leader.resign().catch(() => undefined);
    await this.store.close();
  }

  /** An arbiter for this fleet: another one when what it works by has changed. */
  private async run(fleet: FleetSpec): Promise<void> {
    const { running, drivers } = this;
    const isRouted = this.hasRouter || hasRoutes(fleet);
    if (drivers === null) throw driverError('RM_HOST_OPTION', 'the host was not begun; begin it.');
    if (running !== null) {
      this.running = { ...running, fleet };
      if (isSameFrame(running.fleet, fleet) && this.hasRouter === isRouted) return;
      await running.family.stop();
      this.running = null;
    }
    this.hasRouter = isRouted;
    const region = this.regionOf(fleet);
    const { period, answerWithin, maxStaleness, routerSilence } = fleet.policy;
    const family = this.system.supervisor({ intensity: FOR_EVER });
    const metrics = await family.spawn(Metrics, {
      id: 'metrics',
      args: { interval: INTERVAL_MS, stale: maxStaleness * STALE_PART, kept: METRICS_KEPT },
    });
    const scraper = await family.spawn(Scraper, {
      id: 'scraper',
      args: { book: this.book, metrics: anyRef(metrics) },
    });
    const link = isRouted ? await this.spawnLink(family) : null;
    const executor = await family.spawn(Executor, {
      id: 'executor',
      args: { instances: drivers.host, routers: link === null ? [] : [anyRef(link)] },
    });
    const arbiter = await family.spawn(Arbiter, {
      id: 'arbiter',
      args: {
        region: region.name,
        zones: region.zones,
        period,
        answerWithin,
        maxStaleness,
        routerSilence,
        store: this.store,
        prefix: `fleet/${region.name}/`,
        leader: { key: this.leader.key, token: this.leader.token },
        executor: anyRef(executor),
        prober: drivers.prober,
        metrics: anyRef(metrics),
      },
    });
    drivers.host.tell('attach', arbiter);
    scraper.tell('attach', anyRef(arbiter));
    const epoch = this.leader.token;
    link?.tell('attach', { arbiter: anyRef(arbiter), metrics: anyRef(metrics), epoch });
    if (fleet.frozen) await arbiter.ask('freeze', true);
    this.running = { arbiter, fleet, family };
  }

  private spawnLink(family: Supervisor): Promise<Ref<RouterLinkMessages>> {
    const { book, underWay } = this;
    const { agent, directory } = this.options;
    const router = { name: ROUTER, directory: join(directory, 'router') };
    return family.spawn(RouterLink, {
      id: 'router',
      args: { socket: agent, router, book, underWay },
    });
  }

  private regionOf({ regions }: FleetSpec): FleetSpec['regions'][number] {
    const { region } = this.options;
    const [only, ...others] = regions;
    if (region === undefined && only !== undefined && others.length === 0) return only;
    const found = regions.find(({ name }) => name === region);
    if (found !== undefined) return found;
    const names = regions.map(({ name }) => name).join(', ');
    const got = region === undefined ? 'no region was chosen' : `this host runs region ${region}`;
    const message = `${got}, and the fleet has ${names}; start one host for each, with its region.`;
    throw driverError('RM_HOST_OPTION', message, { names });
  }

  /** Services that this fleet does not name. @throws RM_CONTROL_PARAMS for a name that is no such service */
  private async others(
    { services }: FleetSpec,
    remove: readonly string[],
  ): Promise<readonly AppliedService[]> {
    const unnamed = (await this.services()).filter((name) => services[name] === undefined);
    const wrong = remove.find((name) => !unnamed.includes(name));
    if (wrong !== undefined) {
      const why = services[wrong] === undefined ? 'there is no such service' : 'the fleet names it';
      const message = `${wrong} cannot be removed: ${why}; leave it out of the fleet, or of --remove.`;
      throw driverError('RM_CONTROL_PARAMS', message, { service: wrong });
    }
    return await Promise.all(
      unnamed.map(async (service) => {
        const { applied, spec } = (await this.status(service)).record;
        const outcome = remove.includes(service) ? ('removed' as const) : ('left' as const);
        return { service, outcome, revision: applied, version: spec.version };
      }),
    );
  }

  private async planned(fleet: FleetSpec, folder: string) {
    const known = new Set(await this.services());
    const plans = Object.entries(fleet.services).map(async ([service, written]) => {
      const spec = placed(written, folder);
      const files =
        spec.cwd === undefined ? null : releaseFiles(spec.cwd, [this.options.directory]);
      // Where the files lay is no part of what they are.
      const revision = revisionOf(written, files?.digest ?? '');
      const before = known.has(service) ? (await this.status(service)).record.applied : null;
      const outcome = before === null ? 'new' : before === revision ? 'same' : 'changed';
      const applied = { service, outcome, revision, version: spec.version } as const;
      const keep = (): void => {
        if (files !== null) this.releases.keep(revision, files);
      };
      return { spec, applied, keep };
    });
    return await Promise.all(plans);
  }
}

const FOR_EVER = { restarts: Number.POSITIVE_INFINITY };

/** The one of this host; another region has another host. */
const ROUTER = 'main';

function hasRoutes({ services }: FleetSpec): boolean {
  return Object.values(services).some(({ route }) => route !== undefined);
}

function anyRef(ref: unknown): AnyRef {
  return ref as AnyRef;
}

/** What an arbiter is started with is the same. */
function isSameFrame(a: FleetSpec, b: FleetSpec): boolean {
  const frameOf = ({ regions, policy, frozen }: FleetSpec): string =>
    JSON.stringify([regions, policy, frozen]);
  return frameOf(a) === frameOf(b);
}

/** A program's folder is meant from where the fleet was written; a service without one has the fleet's. */
function placed(spec: ServiceSpec, folder: string): ServiceSpec {
  if (spec.command === undefined) return spec;
  return { ...spec, cwd: resolve(folder, spec.cwd ?? '.') };
}
