/**
 * What a tool can ask about a ring: who owns how much, who answers for a key, what moved, what a change
 * would move. Part of the host's methods. Each generation is measured once, on a thread for computing, when
 * somebody looks; one change more with each look, so that the first answer does not wait for all of them.
 */
import {
  type RingRecord,
  type RingTableInput,
  type RingWhatIf,
  replicasOf,
  ringWhatIf,
  type ServiceRecord,
} from '../../actors/index.ts';
import { KeyOwners } from '../router/key-owners.ts';
import type { FleetHost } from './fleet-host.ts';
import type { Method } from './host-changes.ts';
import { type Params, shown, text, wrong } from './params.ts';
import { type KnownRing, knownRings, slicesChanged } from './ring-history.ts';
import type { RingMeasures, RingMoved, RingQuestion } from './ring-measures.ts';

/** What a change of a ring's size would move; shares of all keys. */
export type RingChange = Pick<RingWhatIf, 'before' | 'after' | 'expectedShare' | 'isWithin'> & {
  readonly movedShare: number;
};

/** One generation after another. */
export type RingStep = RingMoved & {
  readonly from: number;
  readonly to: number;
  /** Null: the log does not say when and why. */
  readonly agoMs: number | null;
  readonly why: string | null;
  /** Slices whose owners were told apart from the table, or are not any more. */
  readonly slices: number;
};

/** A ring that is gone by. */
export type RingShown = {
  readonly service: string;
  readonly generation: number;
  readonly algorithm: string;
  /** Of each member, where the algorithm has such. */
  readonly sections: number;
  /** `owned`: share of the keys that it, or its shard, owns by the table; null: not measured. */
  readonly members: readonly {
    readonly slot: string;
    readonly weight: number;
    readonly owned: number | null;
  }[];
  /** Slices that go elsewhere because they are hot. */
  readonly moved: number;
  /** Null: it could not be measured. `most`: what the service bears before slices are moved. */
  readonly balance: {
    readonly imbalance: number;
    readonly most: number;
    readonly isExact: boolean;
  } | null;
  /** The newest first. */
  readonly changes: readonly RingStep[];
};

/** Who answers for a key, the first to ask first. `instance`: null while nobody serves there. */
export type KeyShown = {
  readonly service: string;
  readonly key: string;
  readonly generation: number;
  readonly owners: readonly { readonly slot: string; readonly instance: string | null }[];
};

/** What was measured of one service's ring, by its two generations and their moments. */
type Measured = Map<string, Promise<RingMeasures | null>>;

/** Services whose measures are kept: of more, whoever was not looked at for longest is measured again. */
const SERVICES_MAX = 100;

const MEASURES = new URL('./ring-measures.js', import.meta.url);

/** Thread rule: the host's. */
export class HostRing {
  private readonly host: Pick<FleetHost, 'status' | 'why' | 'system'>;
  private readonly measured: Map<string, Measured> = new Map();

  constructor(host: Pick<FleetHost, 'status' | 'why' | 'system'>) {
    this.host = host;
  }

  /** Method names to what answers them. */
  readonly methods: Readonly<Record<string, Method>> = {
    'Ring.get': (params) => this.ring(text(params, 'service')),
    'Ring.owners': (params) => this.owners(text(params, 'service'), text(params, 'key')),
    'Ring.whatIf': (params) => this.whatIf(params),
  };

  private async ring(service: string): Promise<RingShown> {
    const { record, nowMs } = await this.host.status(service);
    const { ring, algorithm, sections, spec } = ringParts(record);
    const log = await this.host.why({ service, about: 'ring', kind: 'admitted' });
    const rings = knownRings(ring, log);
    const measured = this.measuresOf(service);
    const changes: RingStep[] = [];
    let now: RingMeasures | null = null;
    for (const [i, one] of rings.entries()) {
      const before = rings[i + 1] ?? null;
      // The oldest one has nothing to be compared with; alone, it is measured all the same.
      if (before === null && i > 0) break;
      const isNew = !measured.has(stepOf(one, before));
      const found = await this.measure(measured, record, one, before);
      if (i === 0) now = found;
      if (before !== null && found?.moved) changes.push(stepShown(one, before, found.moved, nowMs));
      if (isNew) break;
    }
    forgetBut(measured, rings);
    const most = 1 + spec.hotKeys.tolerance;
    const { generation, members, weights, overrides } = ring;
    return {
      ...{ service, generation, algorithm, sections, moved: overrides.length, changes },
      members: members.map((slot, i) => {
        return { slot, weight: weights[i] ?? 1, owned: now?.owned[slot] ?? null };
      }),
      balance: now && { imbalance: now.imbalance, most, isExact: now.isExact },
    };
  }

  private measuresOf(service: string): Measured {
    const known = this.measured.get(service) ?? new Map();
    this.measured.delete(service);
    this.measured.set(service, known);
    const [oldest] = this.measured.keys();
    if (this.measured.size > SERVICES_MAX && oldest !== undefined) this.measured.delete(oldest);
    return known;
  }

  /** Null: no table can be made of it, or there is no thread for computing. */
  private measure(
    measured: Measured,
    record: ServiceRecord,
    now: KnownRing,
    before: KnownRing | null,
  ): Promise<RingMeasures | null> {
    const step = stepOf(now, before);
    const known = measured.get(step);
    if (known !== undefined) return known;
    const question: RingQuestion = {
      now: tableInput(record, now),
      before: before === null ? null : tableInput(record, before),
    };
    const asked = this.host.system.offload(MEASURES, 'measureRing', question).then(
      (answer) => answer as RingMeasures,
      // Whoever looks next tries again.
      () => {
        measured.delete(step);
        return null;
      },
    );
    measured.set(step, asked);
    return asked;
  }

  private async owners(service: string, key: string): Promise<KeyShown> {
    const { record } = await this.host.status(service);
    const { ring } = ringParts(record);
    const { kind, replicas } = tableInput(record, ring);
    const owners = KeyOwners.of({ kind, ring: record.spec.ring ?? null, replicas }, ring);
    const serving = new Map(record.routes.routes.map(({ slot, instance }) => [slot, instance]));
    const list = (owners?.overridden(key) ?? owners?.line(key) ?? []).map((slot) => ({
      slot,
      instance: serving.get(slot) ?? null,
    }));
    return { service, key, generation: ring.generation, owners: list };
  }

  private async whatIf(params: Params): Promise<RingChange> {
    const { record } = await this.host.status(text(params, 'service'));
    const { change } = params;
    if (!Number.isInteger(change) || change === 0) {
      throw wrong(`change is ${shown(change)}; expected a number such as 1 or -1.`);
    }
    const answer = ringWhatIf(tableInput(record, ringParts(record).ring), change as number);
    if (answer === null) throw wrong('nobody would be left; a ring is never empty.');
    const { before, after, expectedShare, isWithin, report } = answer;
    return { before, after, expectedShare, isWithin, movedShare: report.movedShare };
  }
}

/** With its moment: of a service that was removed and applied anew, generations begin anew. */
function stepOf(now: KnownRing, before: KnownRing | null): string {
  return [before, now].map((one) => `${one?.generation} at ${one?.said?.atMs}`).join(' → ');
}

function stepShown(after: KnownRing, before: KnownRing, moved: RingMoved, nowMs: number): RingStep {
  const { said, generation: to } = after;
  const agoMs = said === null ? null : Math.max(0, nowMs - said.atMs);
  const slices = slicesChanged(before, after);
  return { from: before.generation, to, agoMs, why: said?.why ?? null, slices, ...moved };
}

/** What is in no list any more is never asked for again. */
function forgetBut(measured: Measured, rings: readonly KnownRing[]): void {
  const steps = new Set(rings.map((one, i) => stepOf(one, rings[i + 1] ?? null)));
  for (const step of measured.keys()) if (!steps.has(step)) measured.delete(step);
}

function ringParts({ spec, ring, name }: ServiceRecord) {
  if (spec.ring !== undefined && ring !== null) {
    const { algorithm, sections } = spec.ring;
    return { ring, algorithm, sections, spec: spec.ring };
  }
  throw wrong(`${name} has no ring; a sharded service has one when all its shards serve.`);
}

/** The table of one of its rings, by the layout that it has now. */
function tableInput(
  record: ServiceRecord,
  { members, weights }: Pick<RingRecord, 'members' | 'weights'>,
): RingTableInput {
  const { spec: layout } = ringParts(record);
  const { spec } = record;
  const zones = new Set(members.map((slot) => slot.split('/')[2] ?? '')).size;
  const replicas = spec.kind === 'sharded' ? replicasOf(spec, zones) : 1;
  const { algorithm, sections } = layout;
  const ring = { algorithm, sections };
  return { kind: spec.kind, ring, members, weights, replicas, addresses: null };
}
