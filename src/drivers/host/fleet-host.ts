/**
 * A fleet on this machine: store, leader, arbiter, and the drivers that carry its decisions out, put
 * together. Runs in the brain process under an agent. It decides nothing; it takes up what was stored,
 * takes a new fleet in, and ends with its leadership. The records outlive it, and so do the instances.
 */
import { join, resolve } from 'node:path';
import {
  type ArbiterMessages,
  type DecisionEntry,
  type DecisionQuery,
  type FleetSpec,
  type FleetStatus,
  fleetRevision,
  readFleet,
  revisionOf,
  type ServiceRecord,
  type ServiceStatus,
} from '../../actors/index.ts';
import { type Ref, type System, start } from '../../runtime/index.ts';
import { type Leadership, type LmdbStore, openLmdbStore } from '../../runtime/store/index.ts';
import { AddressBook } from '../address-book.ts';
import { driverError } from '../errors.ts';
import { type Ingest, reserveIngest, startIngest } from '../ingest/ingest.ts';
import type { IngestOptions } from '../ingest/ingest-options.ts';
import { Prober } from '../probe/prober.actor.ts';
import { PORT_RANGE_DEFAULT, type PortRange } from '../process/free-ports.ts';
import { ProcessHost } from '../process/process-host.actor.ts';
import { Releases, releaseFiles } from '../process/releases.ts';
import { RequestsUnderWay } from '../router/requests-under-way.ts';
import { isRouterKnown } from '../router/router-process.ts';
import { wallIso } from '../system-time.ts';
import type { AppliedService, ApplyOptions } from './apply-options.ts';
import { leadAfterTheDead } from './dead-leader.ts';
import { driverTroubles } from './driver-troubles.ts';
import { type FleetDocument, keepFleet, placed, storedFleet } from './fleet-document.ts';
import {
  anyRef,
  type FleetLoop,
  FOR_EVER,
  HERE,
  type LoopSurroundings,
  ROUTER,
  startFleetLoop,
} from './fleet-loop.ts';
import { type InstanceLoad, instanceLoads } from './instance-load.ts';
import { type LeaderHistory, noteLeader } from './leader-history.ts';
import type { HostFigures } from './metric-families.ts';
import { openPort } from './open-port.ts';

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
  /** Told what a person should know, and what it does without. */
  readonly trouble?: (what: string) => void;
  /** Called when its store is open: it leads from now on, or waits for somebody else's end. */
  readonly campaigns?: () => void;
};

const LEADER = 'fleet/leader';

type Drivers = Pick<LoopSurroundings, 'instances' | 'prober'>;

type Running = FleetLoop & { readonly fleet: FleetSpec };

/**
 * Opens the store, waits to lead, and takes up the fleet that was applied last.
 * @throws (rejects) RM_STORE_*, RM_AGENT_GONE, RM_HOST_OPTION
 */
export async function startFleetHost(options: FleetHostOptions): Promise<FleetHost> {
  const directory = resolve(options.directory);
  const store = await openLmdbStore(join(directory, 'store'));
  try {
    options.campaigns?.();
    const leader = await leadAfterTheDead(store, LEADER, options.machine);
    // Memory that threads share is reserved before there are any.
    const reservation = options.ingest === undefined ? null : reserveIngest(options.ingest);
    const system = await start({ threads: reservation?.threads ?? 0 });
    const host = new FleetHost({ ...options, directory }, store, leader, system);
    await host.begin();
    if (reservation !== null) await host.takeIn(() => startIngest(system, reservation));
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
  readonly leader: Leadership;
  /** Who has led, this one included. */
  leaders: LeaderHistory = { count: 0, leaders: [] };
  /** Of its actors; for whoever shows what they do. */
  readonly system: System;
  private readonly releases: Releases;
  private readonly book: AddressBook = new AddressBook();
  private readonly underWay: RequestsUnderWay = new RequestsUnderWay();
  private drivers: Drivers | null = null;
  /** Once there is a router it is told everything, also that nothing is routed any more. */
  private hasRouter = false;
  private running: Running | null = null;
  /** Remote write, where it is wanted and its port is free. */
  ingest: Ingest | null = null;
  private tryNoMore: () => void = () => undefined;
  /** Settles when no fleet is being applied. */
  private applying: Promise<unknown> = Promise.resolve();

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
    const { agent, directory, machine, ports = PORT_RANGE_DEFAULT } = this.options;
    const who = { machine, pid: process.pid, sinceIso: wallIso() };
    this.leaders = await noteLeader(this.store, this.leader, who);
    const family = this.system.supervisor({ name: 'drivers', intensity: FOR_EVER });
    const host = await family.spawn(ProcessHost, {
      ...HERE,
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
    const prober = await family.spawn(Prober, { ...HERE, id: 'prober', args: { book } });
    this.drivers = { instances: anyRef(host), prober: anyRef(prober) };
    this.hasRouter = await isRouterKnown(agent, ROUTER);
    const stored = await storedFleet(this.store);
    if (stored !== null) await this.run(stored.fleet);
  }

  /** The fleet that runs; null: none was applied yet. */
  get fleet(): FleetSpec | null {
    return this.running?.fleet ?? null;
  }

  /** Which of its regions runs here; null: none was applied yet. */
  get region(): string | null {
    return this.fleet === null ? null : this.regionOf(this.fleet).name;
  }

  /**
   * Takes a fleet in, one at a time. Files are snapshotted and every service is checked before anything is
   * written, so a fleet is applied whole or not at all, but for a store that fails in between.
   * @throws (rejects) RM_CONTROL_PARAMS, RM_HOST_OPTION, RM_RELEASE_*, RM_REPLY of the arbiter
   */
  apply(document: FleetDocument, options: ApplyOptions = {}): Promise<readonly AppliedService[]> {
    const applied = this.applying.then(() => this.applyNow(document, options));
    this.applying = applied.catch(() => undefined);
    return applied;
  }

  private async applyNow(
    document: FleetDocument,
    { dryRun = false, allow = [], remove = [] }: ApplyOptions,
  ): Promise<readonly AppliedService[]> {
    const reading = readFleet(document.data);
    if (!reading.ok) {
      const lines = reading.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
      throw driverError('RM_CONTROL_PARAMS', `this is no fleet:\n${lines.join('\n')}`);
    }
    const { fleet } = reading;
    const { zones } = await this.sameRegion(fleet);
    const planned = await this.planned(fleet, document.folder);
    const others = await this.others(fleet, remove);
    for (const { spec, applied } of planned) {
      const { service: name, revision } = applied;
      const what = { name, spec, revision, allow, zones: zones.length };
      await this.running?.arbiter.ask('check', what);
    }
    const outcome = [...planned.map(({ applied }) => applied), ...others];
    if (dryRun) return outcome;
    for (const { keep } of planned) keep();
    const wasFrozen = this.fleet?.frozen === true;
    await keepFleet(this.store, document);
    await this.run(fleet);
    // An order like `freeze`, and the last one counts: what somebody has said since is not said again.
    if (fleet.frozen || wasFrozen) await this.arbiter().ask('freeze', fleet.frozen);
    for (const { spec, applied } of planned) {
      const { service: name, revision } = applied;
      await this.arbiter().ask('apply', { name, spec, revision, allow });
    }
    for (const { service, outcome: what } of others) {
      if (what === 'removed') await this.arbiter().ask('remove', service);
    }
    await this.forgetReleases(outcome);
    return outcome;
  }

  /** Snapshots of revisions that are in no history any more, and that nobody was started from. */
  private async forgetReleases(applied: readonly AppliedService[]): Promise<void> {
    const needed = new Set(applied.map(({ revision }) => revision));
    for (const service of await this.services()) {
      const { record } = await this.status(service);
      for (const { id } of record.revisions) needed.add(id);
      for (const { revision } of record.instances.values()) needed.add(revision);
    }
    this.releases.forget(needed);
  }

  /** Names of the services that are tended. */
  async services(): Promise<readonly string[]> {
    return this.running === null ? [] : await this.running.arbiter.ask('services');
  }

  /** @throws (rejects) RM_CONTROL_UNKNOWN when there is no such service */
  async status(service: string): Promise<ServiceStatus> {
    const { running } = this;
    const status = running && (await running.arbiter.ask('status', service));
    if (running !== null && status !== null) {
      const troubles = await driverTroubles(status.record, running);
      return { ...status, attention: [...status.attention, ...troubles] };
    }
    const known = await this.services();
    const message = `there is no service ${service}; there are: ${known.join(', ') || 'none'}`;
    throw driverError('RM_CONTROL_UNKNOWN', message, { service });
  }

  /** What their instances have to do, and what they use. */
  async loads(records: readonly ServiceRecord[]): Promise<readonly InstanceLoad[]> {
    const metrics = this.running?.metrics;
    return metrics === undefined ? [] : await instanceLoads(records, metrics, this.book);
  }

  /** What there is to show of it, as it is now. @throws (rejects) as `Ref.ask` */
  async figures(): Promise<Omit<HostFigures, 'process'>> {
    const services = await Promise.all((await this.services()).map((name) => this.status(name)));
    const ingest = (await this.ingest?.figures()) ?? null;
    const { arbiter, scraper, link } = this.running ?? {};
    const [tallies, scrapes, requests] = await Promise.all([
      arbiter?.ask('tallies') ?? [],
      scraper?.ask('tallies') ?? [],
      link?.ask('requests') ?? [],
    ]);
    return { services, system: this.system.figures(), ingest, tallies, scrapes, requests };
  }

  /** Entries of the decision log, oldest first. */
  async why(query: DecisionQuery): Promise<readonly DecisionEntry[]> {
    return this.running === null ? [] : await this.running.arbiter.ask('why', query);
  }

  /** Whether it is frozen, and its revision. */
  async standing(): Promise<FleetStatus> {
    const { running } = this;
    if (running !== null) return await running.arbiter.ask('fleet');
    return { isFrozen: false, revision: fleetRevision(false, []) };
  }

  /** The arbiter, to be told what operators want. @throws RM_CONTROL_REFUSED before the first apply */
  arbiter(): Ref<ArbiterMessages> {
    if (this.running !== null) return this.running.arbiter;
    throw driverError('RM_CONTROL_REFUSED', 'no fleet was applied yet; apply one.');
  }

  /** Once, by `startFleetHost`. */
  async takeIn(begin: () => Promise<Ingest>): Promise<void> {
    const open = async (): Promise<void> => {
      this.ingest = await begin();
    };
    const trouble = (why: string): void => this.options.trouble?.(`--remote-write: ${why}`);
    this.tryNoMore = await openPort(open, trouble);
  }

  /** Lets go of everything; instances go on. */
  async close(): Promise<void> {
    this.tryNoMore();
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
      if (frameOf(running.fleet) === frameOf(fleet) && this.hasRouter === isRouted) return;
      await running.family.stop();
      this.running = null;
    }
    this.hasRouter = isRouted;
    const region = this.regionOf(fleet);
    const { system, store, leader, book, underWay } = this;
    const { agent, directory } = this.options;
    const ingest = (): Ingest | null => this.ingest;
    const around = { system, store, leader, book, underWay, agent, directory, ingest, ...drivers };
    const loop = await startFleetLoop(fleet, region, isRouted, around);
    this.running = { ...loop, fleet };
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

  /**
   * The region of a fleet that is to follow the one that runs.
   * @throws (rejects) RM_HOST_OPTION when it is another one, and this one still has services
   */
  private async sameRegion(fleet: FleetSpec): Promise<FleetSpec['regions'][number]> {
    const region = this.regionOf(fleet);
    const before = this.running === null ? region : this.regionOf(this.running.fleet);
    const services = region.name === before.name ? [] : await this.services();
    if (services.length === 0) return region;
    const message =
      `the fleet has the region ${region.name}, and what runs here is in ${before.name}: ` +
      `${services.join(', ')}. Another name is another region: keep the name, or remove its ` +
      'services first.';
    throw driverError('RM_HOST_OPTION', message, { region: region.name });
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

function hasRoutes({ services }: FleetSpec): boolean {
  return Object.values(services).some(({ route }) => route !== undefined);
}

/** What an arbiter is started with. */
function frameOf({ regions, policy }: FleetSpec): string {
  return JSON.stringify([regions, policy]);
}
