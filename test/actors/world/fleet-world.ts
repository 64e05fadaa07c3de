/**
 * One service of a small fleet in virtual time: processes that boot, serve, fail and end, routers that
 * hear of tables late, and the brain's passes over it. Everything is drawn from one seed. It is what the
 * tests of the whole brain run against; no process and no actor is real.
 */

import { seededRandom } from 'ringmaster';
import {
  acknowledged,
  type ControllerName,
  type Effect,
  fleet,
  type InstanceId,
  type Intent,
  newService,
  type Observation,
  type PassInput,
  type PassSurroundings,
  type Reservation,
  recordOf,
  recordText,
  recovered,
  revisionOf,
  runPass,
  type ServiceInput,
  type ServiceRecord,
  type ServiceSpec,
  type VerbView,
  type WholePass,
} from 'ringmaster/control-plane';
import { Traffic } from './traffic.ts';

/** How instances of a version behave. */
export type Behaviour = {
  readonly bootMs: number;
  readonly isReady: boolean;
  readonly isLive: boolean;
  /** Ends by itself so long after it was started; null: never. */
  readonly crashAfterMs: number | null;
  readonly signature: string;
  /** The key that an end is blamed on. */
  readonly key: string | null;
  /** Share of the requests. */
  readonly errorRatio: number;
  readonly latencyMs: number;
  /** Until it may stop, after it was asked. */
  readonly drainMs: number;
  /** Between the signal and the end. */
  readonly stopMs: number;
};

export const WELL: Behaviour = {
  bootMs: 2000,
  isReady: true,
  isLive: true,
  crashAfterMs: null,
  signature: 'exit 1',
  key: null,
  errorRatio: 0.001,
  latencyMs: 10,
  drainMs: 0,
  stopMs: 500,
};

/** A process. */
export type Process = {
  readonly id: InstanceId;
  readonly version: string;
  readonly startedMs: number;
  behaviour: Behaviour;
  askedMs: number | null;
  signalledMs: number | null;
  /** It was told to end, has been reported, and runs on. */
  isZombie: boolean;
  /** Nobody sees it. */
  isHidden: boolean;
};

/** Somebody who uses the tables. */
export type Router = {
  readonly id: string;
  generation: number;
  routes: number;
  /** Second ring that it holds ready. */
  prepared: number;
  /** Hears of nothing. */
  isDeaf: boolean;
};

export type WorldOptions = {
  readonly seed?: number;
  readonly zones?: readonly string[];
  /** Between two passes. */
  readonly tickMs?: number;
  readonly routers?: number;
  /** Requests in a second for the whole service. */
  readonly load?: number;
};

export const NAME = 'shop';

/** Where in a pass the brain dies. */
export type Crash =
  | { readonly at: 'beforeCommit' }
  | { readonly at: 'afterCommit' }
  /** After so many of the pass's effects. */
  | { readonly at: 'effect'; readonly count: number };

export class FleetWorld {
  nowMs = 1_000_000;
  record: ServiceRecord;
  load: number;
  isFrozen = false;
  reservations: readonly Reservation[] | null = null;
  readonly processes: Map<InstanceId, Process> = new Map();
  readonly routers: Router[];
  readonly behaviours: Map<string, Partial<Behaviour>> = new Map();
  readonly traffic: Traffic;
  /** Observations are lost, or seen twice, with these chances. */
  loss = 0;
  twice = 0;
  /** Routers that say nothing. */
  readonly silentRouters: Set<string> = new Set();
  /** Controllers that do not answer. */
  silent: readonly ControllerName[] = [];
  last: WholePass | null = null;
  /** Told of every pass: before, after. */
  onPass: (before: ServiceRecord, pass: WholePass) => void = () => undefined;
  readonly zones: readonly string[];
  private readonly tickMs: number;
  private readonly random: () => number;
  private queued: Observation[] = [];
  private wanted: Intent[] = [];
  private readonly done: Set<string> = new Set();

  constructor(service: ServiceInput, options: WorldOptions = {}) {
    const { seed = 1, zones = ['a', 'b', 'c'], tickMs = 1000, routers = 2, load = 600 } = options;
    const random = seededRandom(seed);
    this.random = () => random.nextU32() / 2 ** 32;
    this.zones = zones;
    this.tickMs = tickMs;
    this.load = load;
    const spec = this.specOf(service);
    this.record = newService(NAME, spec, revisionOf(spec, ''), this.nowMs);
    this.routers = Array.from({ length: routers }, (_, i) => ({
      id: `router ${i}`,
      generation: 0,
      routes: 0,
      prepared: 0,
      isDeaf: false,
    }));
    this.traffic = new Traffic(this.random);
  }

  /** The specification of a service in this world's region. */
  specOf(service: ServiceInput): ServiceSpec {
    const regions = [{ name: 'eu', zones: [...this.zones] }];
    const spec = fleet({ name: 'world', regions, services: { [NAME]: service } }).services[NAME];
    if (spec === undefined) throw new Error('the fleet has lost its service');
    return spec;
  }

  /** @returns the revision that was applied */
  apply(service: ServiceInput, allow: readonly string[] = []): string {
    const spec = this.specOf(service);
    const revision = revisionOf(spec, '');
    this.queued.push({ kind: 'apply', spec, revision, allow });
    return revision;
  }

  say(verb: VerbView['verb'], to: string | null = null): void {
    this.queued.push({ kind: 'verb', verb, to });
  }

  observe(one: Observation): void {
    this.queued.push(one);
  }

  want(intent: Intent): void {
    this.wanted.push(intent);
  }

  /** So many milliseconds, pass by pass. */
  run(ms: number): this {
    for (let at = 0; at < ms; at += this.tickMs) this.tick();
    return this;
  }

  /** Passes until it is so. @returns whether it came to be within `ms` */
  until(is: () => boolean, ms = 3_600_000): boolean {
    for (let at = 0; at < ms; at += this.tickMs) {
      if (is()) return true;
      this.tick();
    }
    return is();
  }

  /** Time passes, and one pass is made. */
  tick(crash: Crash | null = null): void {
    this.nowMs += this.tickMs;
    this.age();
    this.traffic.tick(this);
    const observations = this.disturbed([...this.queued, ...this.looks()]);
    const before = this.record;
    const intents = this.wanted;
    const pass = this.pass(before, {
      observations,
      intents,
      around: this.around(),
      silent: this.silent,
    });
    if (crash?.at === 'beforeCommit') {
      this.recover();
      return;
    }
    this.queued = [];
    this.wanted = [];
    this.record = pass.record;
    this.last = pass;
    this.onPass(before, pass);
    const count = crash === null ? pass.effects.length : crash.at === 'effect' ? crash.count : 0;
    for (const effect of pass.effects.slice(0, count)) this.carryOut(effect);
    if (crash !== null) this.recover();
  }

  pass(before: ServiceRecord, input: PassInput): WholePass {
    return runPass(before, input);
  }

  around(): PassSurroundings {
    return {
      nowMs: this.nowMs,
      region: 'eu',
      zones: this.zones,
      maxStalenessMs: 15_000,
      isFrozen: this.isFrozen,
      reservations: this.reservations,
      metric: (query) => this.traffic.read(query, this),
    };
  }

  /** Another brain takes over: it has what was stored, and nothing else. */
  recover(): void {
    const stored = recordOf(recordText(this.record));
    if (stored === null) throw new Error('the records cannot be read back');
    this.record = recovered(stored, this.nowMs);
  }

  /** Processes that are up, and of which version. */
  versions(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const one of this.processes.values()) {
      if (one.isZombie) continue;
      counts[one.version] = (counts[one.version] ?? 0) + 1;
    }
    return counts;
  }

  isServing(id: InstanceId): boolean {
    const process = this.processes.get(id);
    return process !== undefined && !process.isZombie && this.isUp(process);
  }

  isUp({ startedMs, behaviour }: Process): boolean {
    return this.nowMs - startedMs >= behaviour.bootMs && behaviour.isReady;
  }

  /** It ends by itself, now. */
  crash(id: InstanceId, signature?: string, key: string | null = null): void {
    const process = this.processes.get(id);
    if (process === undefined) return;
    this.processes.delete(id);
    const said = signature ?? process.behaviour.signature;
    this.queued.push({ kind: 'failure', instance: id, signature: said, key });
  }

  private age(): void {
    for (const process of [...this.processes.values()]) {
      const { id, startedMs, behaviour, signalledMs, isZombie } = process;
      if (signalledMs !== null && this.nowMs - signalledMs >= behaviour.stopMs && !isZombie) {
        this.processes.delete(id);
        this.queued.push({ kind: 'agent', instance: id, word: 'ended' });
        continue;
      }
      const { crashAfterMs, key } = behaviour;
      if (crashAfterMs !== null && this.nowMs - startedMs >= crashAfterMs) {
        this.crash(id, behaviour.signature, key);
      }
    }
  }

  /** What agents, probes and routers say. */
  private looks(): Observation[] {
    const seen: Observation[] = [];
    for (const process of this.processes.values()) {
      const { id: instance, behaviour, askedMs, isZombie, startedMs, isHidden } = process;
      if (isHidden) continue;
      if (isZombie) {
        seen.push({ kind: 'zombie', instance, isAnswering: true });
        continue;
      }
      seen.push({ kind: 'agent', instance, word: 'running' });
      const isBooted = this.nowMs - startedMs >= behaviour.bootMs;
      if (isBooted) {
        seen.push({ kind: 'probe', instance, probe: 'startup', isWell: true });
        seen.push({ kind: 'probe', instance, probe: 'liveness', isWell: behaviour.isLive });
      }
      seen.push({
        kind: 'probe',
        instance,
        probe: 'readiness',
        isWell: isBooted && behaviour.isReady,
      });
      if (askedMs === null) continue;
      const mayStop = this.nowMs - askedMs >= behaviour.drainMs;
      seen.push({ kind: 'drain', instance, answer: mayStop ? 'mayStop' : 'tooEarly' });
    }
    for (const { id, generation, routes, prepared } of this.routers) {
      if (this.silentRouters.has(id)) continue;
      seen.push({ kind: 'router', id, generation, routes, prepared });
    }
    return seen;
  }

  private disturbed(list: readonly Observation[]): readonly Observation[] {
    const out: Observation[] = [];
    for (const one of list) {
      // What is said once is said until it is heard: only looks are lost.
      const isLook = one.kind === 'probe' || one.kind === 'router' || one.kind === 'drain';
      if (isLook && this.random() < this.loss) continue;
      out.push(one);
      if (this.random() < this.twice && one.kind !== 'verb') out.push(one);
    }
    return out;
  }

  private carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'start': {
        if (this.done.has(effect.key)) return;
        this.done.add(effect.key);
        const version =
          this.record.revisions.find(({ id }) => id === effect.revision)?.version ?? 'unknown';
        this.processes.set(effect.instance, {
          id: effect.instance,
          version,
          startedMs: this.nowMs,
          behaviour: { ...WELL, ...this.behaviours.get(version) },
          askedMs: null,
          signalledMs: null,
          isZombie: false,
          isHidden: false,
        });
        return;
      }
      case 'terminate': {
        const process = this.processes.get(effect.instance);
        if (process === undefined) {
          // It ended before the signal came; the agent says so again.
          this.queued.push({ kind: 'agent', instance: effect.instance, word: 'ended' });
        } else process.signalledMs ??= this.nowMs;
        return;
      }
      case 'kill':
        this.processes.delete(effect.instance);
        this.queued.push({ kind: 'agent', instance: effect.instance, word: 'ended' });
        this.queued.push({ kind: 'zombie', instance: effect.instance, isAnswering: false });
        return;
      case 'askDrain': {
        const process = this.processes.get(effect.instance);
        if (process !== undefined) process.askedMs ??= this.nowMs;
        return;
      }
      case 'publishRing':
        for (const router of this.routers) {
          if (!router.isDeaf)
            router.generation = Math.max(router.generation, effect.ring.generation);
        }
        return;
      case 'prepareRing':
        for (const router of this.routers) {
          if (!router.isDeaf) router.prepared = Math.max(router.prepared, effect.ring.generation);
        }
        return;
      case 'publishRoutes':
        for (const router of this.routers) {
          if (!router.isDeaf) router.routes = Math.max(router.routes, effect.routes.number);
        }
    }
  }

  /** Whether everybody knows the newest tables. */
  isKnown(): boolean {
    const known = acknowledged(this.record);
    return known.routes === this.record.routes.number;
  }
}
