/**
 * Who is out of the traffic, by what callers see: errors first, then slowness, both within one limit. It
 * reads the metrics; where they are missing or old nobody is suspected, and nobody is let back early
 * either. Who was slow, came back and is slow again is told to the healer: the traffic was not it. Pure.
 */
import type { InstanceView, ServiceView } from '../protocol/fleet-view.ts';
import type { InstanceId } from '../protocol/identity.ts';
import { indexOf } from '../protocol/pass-index.ts';
import type { EjectionMemory, HealerState, SlowMemory } from './healer-state.ts';
import {
  type EjectionStep,
  ejectedMax,
  ejectionStep,
  type MemberTraffic,
} from './outlier-ejection.ts';
import { type MemberLatency, type SlowMember, slowMembers } from './slow-members.ts';

/** Who is to be out, who may come back, and what is remembered of it. */
export type TrafficStep = {
  readonly ejections: HealerState['ejections'];
  readonly slow: HealerState['slow'];
  readonly eject: readonly { readonly id: InstanceId; readonly why: string }[];
  readonly readmit: readonly { readonly id: InstanceId; readonly why: string }[];
  /** Slow after they had been out for it, and why. */
  readonly slowAgain: ReadonlyMap<InstanceId, string>;
};

/** Over so long requests and errors are counted. Longer: fewer and later suspicions. Milliseconds. */
const TRAFFIC_WINDOW_MS = 10_000;
/** Over so long latencies are read: `heal.slow.sustain` is what makes them last. Milliseconds. */
const LATENCY_WINDOW_MS = 30_000;
/** So long a slowness that was ejected for is held against a member. Milliseconds. */
const SLOW_MEMORY_MS = 3_600_000;
/** With one in the traffic there is nobody to take over. */
const TRAFFIC_MEMBERS_MIN = 2;

/**
 * All but the last one of a revision that has a part of the traffic to itself: without it that part would
 * go to nobody, and nobody could measure what is wrong with it.
 */
function notAlone(
  { goal }: ServiceView,
  members: readonly InstanceView[],
  inTraffic: readonly InstanceView[],
): readonly InstanceView[] {
  if (goal.shares.every(({ weight }) => weight === null)) return members;
  const shareOf = ({ revision, isBaseline }: InstanceView): string => `${revision} ${isBaseline}`;
  const sizes = new Map<string, number>();
  for (const one of inTraffic) sizes.set(shareOf(one), (sizes.get(shareOf(one)) ?? 0) + 1);
  return members.filter((one) => (sizes.get(shareOf(one)) ?? 0) >= TRAFFIC_MEMBERS_MIN);
}

const membersOfInstances = new WeakMap<readonly InstanceView[], readonly InstanceView[]>();

/**
 * Who may get traffic, or is out of it and only not seen now: it comes back as it went, so it keeps its
 * place among those who are out. In the order of their names; put in order once for the same instances.
 */
function membersOf(view: ServiceView): readonly InstanceView[] {
  const { instances } = view;
  const known = membersOfInstances.get(instances);
  if (known !== undefined) return known;
  const names: InstanceId[] = [];
  for (const { id, state, isGoing, isEjected } of instances) {
    const isSeen = state === 'ready' || state === 'unready';
    if ((isSeen || (isEjected && state === 'unknown')) && !isGoing) names.push(id);
  }
  // Texts alone are put in the same order several times as fast.
  names.sort();
  const { byId } = indexOf(view);
  const members = names.flatMap((id) => byId.get(id) ?? []);
  membersOfInstances.set(instances, members);
  return members;
}

/** One look. `maySuspect`: false while the healer keeps its hands off. */
export function trafficStep(
  view: ServiceView,
  before: Pick<HealerState, 'ejections' | 'slow'>,
  maySuspect: boolean,
): TrafficStep {
  const members = membersOf(view);
  const known = confirmed(view, members, before.ejections);
  const { ejection } = view.spec.heal;
  const inTraffic = members.filter((one) => one.state === 'ready' && !one.isEjected);
  const seen = inTraffic.filter(({ seenMs }) => view.nowMs - seenMs <= view.maxStalenessMs);
  const mayGo = maySuspect && inTraffic.length >= TRAFFIC_MEMBERS_MIN;
  const suspects = mayGo ? notAlone(view, seen, inTraffic) : [];
  const suspected = new Set(suspects.map(({ id }) => id));
  const step = ejectionStep(
    members.map(({ id }) => (suspected.has(id) ? trafficOf(view, id) : silent(id))),
    new Map(Object.entries(known)),
    ejection,
    view.nowMs,
  );
  const ejections = noted(step, known);
  const slowNow = slowAmong(view, suspects);
  const slow = slowSeen(view, members, before.slow, slowNow, ejections);
  ejectSlow(view, members.length, { ejections, slow, slowNow });
  return { ejections, slow, ...wanted(view, members, ejections), ...again(view, slow, slowNow) };
}

/**
 * Whoever is out without our doing is let back in after the first time out. Whoever should be out and is
 * not is judged anew: it was not admitted, and what was seen then is no ground to do it now.
 */
function confirmed(
  { nowMs, spec }: ServiceView,
  members: readonly InstanceView[],
  before: HealerState['ejections'],
): HealerState['ejections'] {
  const known: Record<InstanceId, EjectionMemory> = {};
  const hasAny = Object.keys(before).length > 0;
  for (const { id, isEjected } of members) {
    const memory = hasAny ? before[id] : undefined;
    if (memory === undefined && isEjected) {
      const untilMs = nowMs + spec.heal.ejection.time;
      known[id] = { times: 1, untilMs, why: 'it was out already', isForSlowness: false };
    }
    if (memory === undefined) continue;
    const isMissed = !isEjected && isOut(memory, nowMs);
    if (!isMissed) known[id] = memory;
    else if (memory.times > 1) known[id] = { ...memory, times: memory.times - 1, untilMs: 0 };
  }
  return known;
}

function noted(step: EjectionStep, known: HealerState['ejections']) {
  const whys = new Map(step.ejected.map(({ id, why }) => [id, why]));
  const ejections: Record<InstanceId, EjectionMemory> = {};
  for (const [id, { times, untilMs }] of step.ejections) {
    const why = whys.get(id);
    const { why: last = '', isForSlowness = false } = known[id] ?? {};
    ejections[id] = {
      times,
      untilMs,
      why: why ?? last,
      isForSlowness: why === undefined && isForSlowness,
    };
  }
  return ejections;
}

/** One that was not seen to be slow at this look begins anew: evidence without a gap, or none. */
function slowSeen(
  { nowMs }: ServiceView,
  members: readonly InstanceView[],
  before: HealerState['slow'],
  slowNow: ReadonlyMap<InstanceId, SlowMember>,
  ejections: HealerState['ejections'],
): Record<InstanceId, SlowMemory> {
  const after: Record<InstanceId, SlowMemory> = {};
  for (const { id, isEjected } of members) {
    const memory = before[id] ?? { sinceMs: null, ejectedMs: null };
    const sinceMs = slowNow.has(id) ? (memory.sinceMs ?? nowMs) : null;
    const isOutForIt = isEjected && ejections[id]?.isForSlowness === true;
    const held =
      memory.ejectedMs !== null && nowMs - memory.ejectedMs < SLOW_MEMORY_MS
        ? memory.ejectedMs
        : null;
    const ejectedMs = isOutForIt ? nowMs : held;
    if (sinceMs !== null || ejectedMs !== null) after[id] = { sinceMs, ejectedMs };
  }
  return after;
}

/** The slowest first, while there is room beside those who are out already. */
function ejectSlow(
  view: ServiceView,
  count: number,
  {
    ejections,
    slow,
    slowNow,
  }: {
    readonly ejections: Record<InstanceId, EjectionMemory>;
    readonly slow: HealerState['slow'];
    readonly slowNow: ReadonlyMap<InstanceId, SlowMember>;
  },
): void {
  const { nowMs, spec } = view;
  const { ejection } = spec.heal;
  const { time } = ejection;
  const most = ejectedMax(count, ejection);
  let room = most - Object.values(ejections).filter((one) => isOut(one, nowMs)).length;
  for (const { id, why } of slowNow.values()) {
    if (room <= 0) return;
    if (!isLasting(view, slow[id]) || slow[id]?.ejectedMs !== null) continue;
    if (isOut(ejections[id], nowMs)) continue;
    const times = (ejections[id]?.times ?? 0) + 1;
    ejections[id] = { times, untilMs: nowMs + times * time, why, isForSlowness: true };
    room--;
  }
}

function again(
  view: ServiceView,
  slow: HealerState['slow'],
  slowNow: ReadonlyMap<InstanceId, SlowMember>,
): Pick<TrafficStep, 'slowAgain'> {
  const found = [...slowNow].filter(
    ([id]) => isLasting(view, slow[id]) && slow[id]?.ejectedMs !== null,
  );
  return { slowAgain: new Map(found.map(([id, { why }]) => [id, why])) };
}

function isLasting({ nowMs, spec }: ServiceView, memory: SlowMemory | undefined): boolean {
  const sinceMs = memory?.sinceMs ?? null;
  return sinceMs !== null && nowMs - sinceMs >= spec.heal.slow.sustain;
}

/** What is to change: it is proposed until it is seen. */
function wanted(
  { nowMs }: ServiceView,
  members: readonly InstanceView[],
  ejections: HealerState['ejections'],
): Pick<TrafficStep, 'eject' | 'readmit'> {
  const eject: { id: InstanceId; why: string }[] = [];
  const readmit: { id: InstanceId; why: string }[] = [];
  for (const { id, isEjected } of members) {
    const memory = ejections[id];
    const out = isOut(memory, nowMs);
    if (out && !isEjected) eject.push({ id, why: memory?.why ?? '' });
    if (out || !isEjected) continue;
    const times = memory?.times ?? 1;
    readmit.push({ id, why: `its time out is over, for the ${times}. time` });
  }
  return { eject, readmit };
}

function isOut(memory: EjectionMemory | undefined, nowMs: number): boolean {
  return memory !== undefined && memory.untilMs > nowMs;
}

function slowAmong(
  view: ServiceView,
  suspects: readonly InstanceView[],
): ReadonlyMap<InstanceId, SlowMember> {
  const { slow, ejection } = view.spec.heal;
  const latencies = suspects.flatMap(({ id }): MemberLatency[] => {
    const p50 = latencyOf(view, id, 'p50', ejection.minRequests);
    const p99 = latencyOf(view, id, 'p99', ejection.minRequests);
    return p50 === null || p99 === null ? [] : [{ id, p50, p99 }];
  });
  const limits = { factor: slow.factor, membersMin: ejection.minMembers };
  return new Map(slowMembers(latencies, limits).map((one) => [one.id, one]));
}

function trafficOf(view: ServiceView, id: InstanceId): MemberTraffic {
  const requests = fresh(view, id, 'requests', TRAFFIC_WINDOW_MS);
  const errors = fresh(view, id, 'errors', TRAFFIC_WINDOW_MS);
  const inARow = fresh(view, id, 'consecutive_errors', TRAFFIC_WINDOW_MS);
  const isKnown = requests !== null && errors !== null;
  return {
    id,
    requests: isKnown ? requests.value : 0,
    errors: isKnown ? errors.value : 0,
    consecutiveErrors: inARow?.value ?? 0,
  };
}

/** Nothing is held against it, and nothing is known for it. */
function silent(id: InstanceId): MemberTraffic {
  return { id, requests: 0, errors: 0, consecutiveErrors: 0 };
}

function latencyOf(
  view: ServiceView,
  id: InstanceId,
  name: 'p50' | 'p99',
  samplesMin: number,
): number | null {
  const reading = fresh(view, id, name, LATENCY_WINDOW_MS);
  return reading === null || reading.samples < samplesMin ? null : reading.value;
}

function fresh(
  view: ServiceView,
  instance: InstanceId,
  name: string,
  windowMs: number,
): { readonly value: number; readonly samples: number } | null {
  const reading = view.metric({ name, scope: { service: view.name, instance }, windowMs });
  if (reading.kind !== 'value' || reading.ageMs > view.maxStalenessMs) return null;
  return Number.isFinite(reading.value) ? reading : null;
}
