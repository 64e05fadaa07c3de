/**
 * Routing inside one process: the same tables, rings and choice as a router's, with refs in the place of
 * addresses. Each question is measured by service, version and instance. It keeps no queue and repeats
 * nothing: whoever asks knows whether that is safe.
 */
import {
  type FedInstance,
  type MetricFeed,
  type RingRecord,
  type RoutesRecord,
  type ServiceSpec,
  slotParts,
} from '../../actors/index.ts';
import type { Random } from '../../runtime/index.ts';
import { driverError } from '../errors.ts';
import { KeyOwners } from '../router/key-owners.ts';
import { RequestTally } from '../router/request-tally.ts';
import { type Candidate, RouteChoice } from '../router/route-choice.ts';
import type { Cut } from '../router/router-protocol.ts';
import { SliceRates } from '../router/slice-rates.ts';
import { countsSlices, ownersConfig } from '../router/table-message.ts';

/** What is said of one service. */
type Said = {
  spec: ServiceSpec | null;
  ring: RingRecord | null;
  second: RingRecord | null;
  routes: RoutesRecord | null;
};

/** `turns`: questions that it was given so far. */
type Target = Candidate & { underWay: number; turns: number };

type Table = {
  readonly targets: readonly Target[];
  readonly choice: RouteChoice<Target>;
  readonly owners: KeyOwners | null;
};

/** `crashed`: it ended before it answered. `notAsked`: a mistake of whoever asks, nobody's request. */
export type AskOutcome = 'answered' | 'failed' | 'crashed' | 'notAsked';

/** What a table of one service is known by. */
export type KnownTables = {
  readonly service: string;
  readonly generation: number;
  readonly routes: number;
  readonly prepared: number;
};

/** Thread rule: one thread. */
export class LocalRoutes {
  readonly feed: MetricFeed;
  /** For those who watch. */
  readonly tally: RequestTally = new RequestTally();
  /** Of those that want their slices counted. */
  readonly slices: SliceRates = new SliceRates();
  private lost: Cut[] = [];
  private readonly random: Random;
  private readonly said: Map<string, Said> = new Map();
  private readonly tables: Map<string, Table> = new Map();
  /** By instance, through all tables that name it. */
  private readonly targets: Map<string, Target> = new Map();

  constructor(feed: MetricFeed, random: Random) {
    this.feed = feed;
    this.random = random;
  }

  /** Goes by it from the next question on. What is not given stays as it was. */
  take(service: string, news: Partial<Said>): void {
    const nothing: Said = { spec: null, ring: null, second: null, routes: null };
    const said: Said = { ...(this.said.get(service) ?? nothing), ...news };
    this.said.set(service, said);
    const { spec, ring, routes } = said;
    if (spec === null || routes === null) return;
    const targets = routes.routes.map((route) => this.targetOf(route));
    const owners = KeyOwners.of(ownersConfig(spec, ring), ring);
    const { weights } = routes;
    const { kind } = spec;
    const input = { kind, candidates: targets, weights, owners, former: null, zone: null };
    this.tables.set(service, { targets, owners, choice: new RouteChoice(input) });
    if (!countsSlices(spec)) this.slices.forget(service);
    this.tidy();
  }

  /** The specification of one that nothing was said of yet. */
  expect(service: string, spec: ServiceSpec): void {
    if ((this.said.get(service)?.spec ?? null) === null) this.take(service, { spec });
  }

  /** It is asked for no more. */
  remove(service: string): void {
    this.said.delete(service);
    this.tally.keep(service, new Set());
    this.tables.delete(service);
    this.slices.forget(service);
    this.tidy();
  }

  /** Of all services; zeros where there is no table yet: who says nothing is not waited for. */
  known(): readonly KnownTables[] {
    return [...this.said].map(([service, { ring, second, routes }]) => {
      if (!this.tables.has(service)) return { service, generation: 0, routes: 0, prepared: 0 };
      const generation = ring?.generation ?? 0;
      const prepared = second?.generation ?? 0;
      return { service, generation, routes: routes?.number ?? 0, prepared };
    });
  }

  /** Questions that an instance has. */
  underWay(instance: string): number {
    return this.targets.get(instance)?.underWay ?? 0;
  }

  /** Who is asked. @throws RM_NO_INSTANCE when nobody may be */
  choose(service: string, key: string | null): Target {
    const table = this.tables.get(service);
    const said = this.said.get(service);
    const facts = { key, replica: null, former: false, without: [], nowMs: 0, random: this.random };
    const isPoison = key !== null && said?.routes?.quarantined?.includes(key) === true;
    const found = isPoison ? null : (table?.choice.choose(facts) ?? null);
    if (found !== null) return found;
    const isSharded = said?.spec?.kind === 'sharded';
    const why = isPoison
      ? `the key ${key.slice(0, 80)} has ended the instances of ${service} that worked on it; release it`
      : table === undefined
        ? `${service} is no service of this fleet, or none of it has served yet`
        : isSharded && key === null
          ? `${service} is sharded, and no key was given; give one`
          : `nobody of ${service} can be asked now; ask again later`;
    throw driverError('RM_NO_INSTANCE', `${why}.`, { service });
  }

  /** A question to it begins. @returns to be called with what came of it */
  begin(
    service: string,
    target: Target,
    key: string | null,
  ): (seconds: number, outcome: AskOutcome) => void {
    const wasFree = target.underWay === 0;
    target.underWay += 1;
    const turn = ++target.turns;
    this.count(service, key);
    return (seconds, outcome) => {
      target.underWay -= 1;
      if (outcome === 'notAsked') return;
      const wasAlone = wasFree && turn === target.turns;
      const { instance, revision } = target;
      if (outcome === 'crashed' && wasAlone && key !== null)
        this.lost.push({ service, instance, key });
      const isError = outcome !== 'answered';
      this.feed.record(fedOf(service, target), seconds, isError);
      this.tally.note(service, revision, [{ seconds, isError }]);
    };
  }

  /** Instances that were lost while they had one question, and its key; those of since the last call. */
  takeLost(): readonly Cut[] {
    const { lost } = this;
    this.lost = [];
    return lost;
  }

  /** Of its ring. */
  membersOf(service: string): number {
    return this.said.get(service)?.ring?.members.length ?? 0;
  }

  private count(service: string, key: string | null): void {
    const spec = this.said.get(service)?.spec ?? null;
    const owners = this.tables.get(service)?.owners ?? null;
    if (key === null || spec === null || owners === null || !countsSlices(spec)) return;
    const { slice, owner } = owners.place(key);
    this.slices.of(service).note(slice, owner);
  }

  private targetOf({
    slot,
    instance,
    revision,
    isBaseline,
  }: RoutesRecord['routes'][number]): Target {
    const known = this.targets.get(instance);
    const zone = slotParts(slot)?.zone ?? '';
    const now = { slot, instance, revision, isBaseline, zone, outUntilMs: 0 };
    if (known !== undefined) return Object.assign(known, now);
    const target: Target = { ...now, underWay: 0, turns: 0 };
    this.targets.set(instance, target);
    return target;
  }

  /** Those in no table, and with nothing under way. */
  private tidy(): void {
    const used = new Set([...this.tables.values()].flatMap(({ targets }) => targets));
    for (const target of this.targets.values()) {
      if (used.has(target) || target.underWay > 0) continue;
      this.targets.delete(target.instance);
      this.feed.forget(target.instance);
    }
  }
}

function fedOf(service: string, target: Target): FedInstance {
  const { instance, revision, zone, isBaseline } = target;
  return { service, revision, zone, instance, isBaseline };
}
