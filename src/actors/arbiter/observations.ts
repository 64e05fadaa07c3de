/**
 * What happened since the last pass, folded into the records: words of agents, answers of probes,
 * acknowledgements of routers, ends, and what operators said. Each may come twice, late, or about
 * something that is gone. Pure; who decides is admission.ts.
 */
import { type InstanceInput, instanceStep, newInstance } from '../instance/instance.machine.ts';
import type { FailureView, VerbView } from '../protocol/fleet-view.ts';
import type { InstanceId, RevisionId } from '../protocol/identity.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { routerGone, routerSays } from './acknowledgement.ts';
import { type ApplyAround, applied } from './apply-spec.ts';
import { DraftMap } from './draft-map.ts';
import { withoutDual } from './dual-ring.ts';
import {
  type InstanceEntry,
  type RouterRecord,
  type ServiceRecord,
  specOf,
  withEntry,
} from './records.ts';
import { withRemoval } from './removal.ts';
import type { PassSurroundings } from './service-view.ts';

/** What was seen or said; plain data, and recorded with the pass. */
export type Observation =
  | {
      readonly kind: 'agent';
      readonly instance: InstanceId;
      readonly word: 'running' | 'ended' | 'silent';
      /** It was ended by somebody who may: it has not failed, and its slot is filled at once. */
      readonly isMeant?: true;
    }
  | {
      readonly kind: 'probe';
      readonly instance: InstanceId;
      readonly probe: 'startup' | 'liveness' | 'readiness';
      readonly isWell: boolean;
    }
  | {
      readonly kind: 'drain';
      readonly instance: InstanceId;
      readonly answer: 'mayStop' | 'tooEarly' | 'no';
    }
  /** It ended by itself, and how. */
  | {
      readonly kind: 'failure';
      readonly instance: InstanceId;
      readonly signature: string;
      readonly key: string | null;
    }
  /** Who asked it saw that it was cut off from this key, alone. Says nothing of one that has not failed. */
  | { readonly kind: 'failureKey'; readonly instance: InstanceId; readonly key: string }
  /** It has ended, and something answers in its name. */
  | { readonly kind: 'zombie'; readonly instance: InstanceId; readonly isAnswering: boolean }
  | {
      readonly kind: 'router';
      readonly id: string;
      readonly generation: number;
      readonly routes: number;
      /** Grows with each start of it: one that is gone counts again only with a higher one. */
      readonly incarnation?: number;
      /** Generation of the second ring that it holds ready. */
      readonly prepared?: number;
    }
  /** The agent has seen a router's end, or a human says that it is gone. */
  | { readonly kind: 'routerGone'; readonly id: string; readonly standing: 'dead' | 'excused' }
  /** Nobody knows what became of an operation: an executor was lost with it. */
  | { readonly kind: 'operationUnknown'; readonly key: string }
  | {
      readonly kind: 'apply';
      readonly spec: ServiceSpec;
      readonly revision: RevisionId;
      /** What an operator has said beside it: tokens. */
      readonly allow?: readonly string[];
    }
  /** An operator has named the service: it goes. */
  | { readonly kind: 'remove' }
  | {
      readonly kind: 'verb';
      readonly verb: VerbView['verb'];
      readonly to: RevisionId | null;
    }
  | { readonly kind: 'hold'; readonly count: number | null; readonly untilMs: number }
  | { readonly kind: 'freeze'; readonly isFrozen: boolean };

/** Verbs and ends that are remembered; of more, the oldest are forgotten. */
const VERBS_MAX = 50;
const FAILURES_MAX = 100;
/** Ended instances that still answer; of more, the oldest are forgotten, and found again if they do. */
const ZOMBIES_MAX = 1000;
/**
 * Part of the greatest age after which a look that changed nothing but its time is written down. Higher:
 * older looks. Lower: every probe of every instance makes a new record.
 */
const SEEN_PART = 4;

/** All of them, in the order in which they came. */
export function observe(
  record: ServiceRecord,
  observations: readonly Observation[],
  {
    nowMs,
    maxStalenessMs,
    zones,
    reservations,
    pace = Number.POSITIVE_INFINITY,
  }: Pick<PassSurroundings, 'nowMs' | 'maxStalenessMs' | 'zones' | 'pace' | 'reservations'>,
): Observed {
  const region = { zonesCount: zones.length, hasRegions: reservations !== null };
  const draft = new Draft(record, maxStalenessMs / SEEN_PART, pace, region);
  const used: Observation[] = [];
  const deferred: Observation[] = [];
  for (const one of observations) {
    draft.begin();
    draft.note(one, nowMs);
    if (draft.isDeferred) deferred.push(one);
    else if (draft.hasChanged) used.push(one);
  }
  return { record: draft.record(), used, deferred };
}

/** The records with what was seen. */
export type Observed = {
  readonly record: ServiceRecord;
  /** Those that changed something: without the others the records would be the same. */
  readonly used: readonly Observation[];
  /** For the next pass: they move more instances than this one may. */
  readonly deferred: readonly Observation[];
};

/** The records under change: each map is copied once, however much happened. */
class Draft {
  /** Set by whatever changes the records. */
  hasChanged = false;
  /** It would have moved one instance more than may be. */
  isDeferred = false;
  /** Instances that may still be moved. */
  private moves: number;
  private next: ServiceRecord;
  private readonly seenEveryMs: number;
  private readonly region: Pick<ApplyAround, 'zonesCount' | 'hasRegions'>;
  private readonly instances: DraftMap<InstanceId, InstanceEntry>;

  constructor(
    record: ServiceRecord,
    seenEveryMs: number,
    moves: number,
    region: Pick<ApplyAround, 'zonesCount' | 'hasRegions'>,
  ) {
    this.region = region;
    this.moves = moves;
    this.next = record;
    this.seenEveryMs = seenEveryMs;
    this.instances = new DraftMap(record.instances);
  }

  record(): ServiceRecord {
    const { map } = this.instances;
    return map === this.next.instances ? this.next : { ...this.next, instances: map };
  }

  begin(): void {
    this.hasChanged = false;
    this.isDeferred = false;
  }

  note(one: Observation, nowMs: number): void {
    switch (one.kind) {
      case 'agent':
        if (one.isMeant === true) this.dismissed(one.instance);
        this.step(one.instance, { ...one, nowMs } as InstanceInput);
        return;
      case 'probe':
      case 'drain':
        this.step(one.instance, { ...one, nowMs } as InstanceInput);
        return;
      case 'failure':
        this.failed(one, nowMs);
        return;
      case 'failureKey':
        this.failedOn(one.instance, one.key);
        return;
      case 'zombie':
        this.zombie(one.instance, one.isAnswering);
        return;
      case 'router':
        this.routers(one.id, routerSays(this.next.routers.get(one.id), one, nowMs));
        return;
      case 'routerGone': {
        const routers = routerGone(this.next.routers, one.id, one.standing);
        if (routers !== this.next.routers) this.set({ routers });
        return;
      }
      case 'operationUnknown': {
        const operation = this.next.operations.get(one.key);
        if (operation === undefined) return;
        const unknown = { ...operation, outcome: 'unknown' as const };
        this.set({ operations: withEntry(this.next.operations, one.key, unknown) });
        return;
      }
      case 'apply':
        this.set(this.applied(one, nowMs));
        return;
      case 'remove': {
        const going = withRemoval(this.next, nowMs);
        if (going !== this.next) this.set(going);
        return;
      }
      case 'verb': {
        const number = (this.next.verbs.at(-1)?.number ?? 0) + 1;
        const said = { number, verb: one.verb, to: one.to, atMs: nowMs };
        this.set({ verbs: [...this.next.verbs, said].slice(-VERBS_MAX) });
        // What is under way is given up, and a second ring is.
        if (one.verb === 'abort' || one.verb === 'undo') this.set(withoutDual(this.next));
        return;
      }
      case 'hold':
        this.set({ hold: one.count === null ? null : { count: one.count, untilMs: one.untilMs } });
        return;
      case 'freeze':
        this.set({ isFrozen: one.isFrozen });
    }
  }

  private applied(one: Extract<Observation, { kind: 'apply' }>, nowMs: number): ServiceRecord {
    const more = { ...this.region, allow: one.allow ?? [] };
    return applied(this.next, one.spec, one.revision, nowMs, more);
  }

  private set(more: Partial<ServiceRecord>): void {
    this.hasChanged = true;
    this.next = { ...this.next, ...more };
  }

  private step(id: InstanceId, input: InstanceInput): void {
    const entry = this.instances.get(id);
    if (entry === undefined) return;
    const { record: life } = instanceStep(entry.life, input, specOf(this.next, entry.revision));
    if (isSameBut(entry.life, life, this.seenEveryMs)) return;
    // A look alone is not stored, and is never late; a move is.
    if (life.state !== entry.life.state && this.moves-- <= 0) {
      this.isDeferred = true;
      return;
    }
    this.hasChanged = true;
    this.instances.set(id, { ...entry, life });
  }

  private failed(
    one: { readonly instance: InstanceId; readonly signature: string; readonly key: string | null },
    nowMs: number,
  ): void {
    const entry = this.instances.get(one.instance);
    if (entry === undefined) return;
    const { id, slot, zone, revision, going } = entry;
    this.step(id, { kind: 'agent', word: 'ended', nowMs });
    if (this.isDeferred) return;
    // One that was told to go has not failed by going.
    if (going !== null && entry.life.state === 'stopping') return;
    const { signature, key } = one;
    const failure: FailureView = {
      instance: id,
      slot,
      zone,
      revision,
      atMs: nowMs,
      signature,
      key,
    };
    if (this.next.failures.some((known) => known.instance === id)) return;
    this.set({ failures: [...this.next.failures, failure].slice(-FAILURES_MAX) });
  }

  /** As if it had been told to go. */
  private dismissed(id: InstanceId): void {
    const entry = this.instances.get(id);
    if (entry === undefined || entry.going !== null) return;
    this.instances.set(id, { ...entry, going: 'stop' });
  }

  private failedOn(id: InstanceId, key: string): void {
    const { failures } = this.next;
    const isIt = (one: FailureView): boolean => one.instance === id && one.key === null;
    if (!failures.some(isIt)) return;
    this.set({ failures: failures.map((one) => (isIt(one) ? { ...one, key } : one)) });
  }

  private zombie(id: InstanceId, isAnswering: boolean): void {
    const { zombies, fenced } = this.next;
    if (!isAnswering) {
      if (!zombies.includes(id)) return;
      const isOther = (one: InstanceId): boolean => one !== id;
      this.set({ zombies: zombies.filter(isOther), fenced: fenced.filter(isOther) });
    } else if (!zombies.includes(id) && this.instances.get(id) === undefined) {
      this.set({ zombies: [...zombies, id].slice(-ZOMBIES_MAX) });
    }
  }

  private routers(id: string, router: RouterRecord): void {
    const routers = withEntry(this.next.routers, id, router);
    if (routers !== this.next.routers) this.set({ routers });
  }
}

/** Nothing but the time of the look is new, and that hardly. */
function isSameBut(
  before: InstanceEntry['life'],
  after: InstanceEntry['life'],
  seenEveryMs: number,
): boolean {
  if (before === after) return true;
  const isLate = after.seenMs - before.seenMs >= seenEveryMs;
  return (
    !isLate &&
    before.state === after.state &&
    before.mayStop === after.mayStop &&
    before.isKilled === after.isKilled &&
    sameTally(before, after, 'startup') &&
    sameTally(before, after, 'liveness') &&
    sameTally(before, after, 'readiness')
  );
}

function sameTally(
  { probes: before }: InstanceEntry['life'],
  { probes: after }: InstanceEntry['life'],
  kind: 'startup' | 'liveness' | 'readiness',
): boolean {
  return (
    before[kind].verdict === after[kind].verdict && before[kind].against === after[kind].against
  );
}

/** A new entry of a slot; nobody has started it yet. */
export function newEntry(
  slot: Pick<InstanceEntry, 'zone' | 'ordinal' | 'revision' | 'isBaseline'> & {
    readonly id: string;
  },
  id: InstanceId,
  nowMs: number,
): InstanceEntry {
  const { zone, ordinal, revision, isBaseline } = slot;
  const place = { id, slot: slot.id, zone, ordinal, revision, isBaseline };
  return {
    ...place,
    createdMs: nowMs,
    life: newInstance(nowMs),
    isEjected: false,
    going: null,
    leftRoutes: null,
  };
}
