/**
 * A change of policy, in the records: with several regions what was applied is split into what holds at
 * once and what waits for this region's turn. Until then the specification in the records has the policy
 * that holds, so everybody decides by one that was in force before; when the turn comes, both come
 * together. Whose turn it is is the coordinator's to say; see region/. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { INTENT_EXPIRES_MS } from '../protocol/controller-step.ts';
import type { Verdict } from '../protocol/decision.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import type { RevisionId } from '../protocol/identity.ts';
import type { Act, Intent } from '../protocol/intent.ts';
import { replicasOf } from '../spec/fleet-checks.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { canonicalText, hashText } from '../spec/revision.ts';
import type { PolicyParts, ServiceRecord, WaitingPolicy } from './records.ts';

/** What is known where a specification is applied. */
export type WaveAround = {
  readonly revision: RevisionId;
  /** Zones of the region. */
  readonly zonesCount: number;
  readonly nowMs: number;
  /** What an operator has said beside it. */
  readonly allow: readonly string[];
};

/** The policy that a specification writes down. */
export function policyOf(spec: ServiceSpec): PolicyParts {
  const { autoscale, budget, heal, ring, rollout, route } = spec;
  const { algorithm: _table, sections: _size, exportThanos: _form, ...knobs } = ring ?? {};
  return {
    autoscale: autoscale ?? null,
    budget: {
      maxUnavailable: budget.maxUnavailable,
      minAvailable: budget.minAvailable ?? null,
    },
    heal,
    ring: ring === undefined ? null : (knobs as NonNullable<PolicyParts['ring']>),
    rollout,
    route: route ?? null,
    size: spec.kind === 'sharded' ? spec.shards : spec.instances,
  };
}

/** The same specification with another policy. Whether it has a ring is no policy. */
export function withPolicy(spec: ServiceSpec, parts: PolicyParts): ServiceSpec {
  const { autoscale, budget, heal, ring: knobs, rollout, route, size } = parts;
  const { autoscale: _scaled, route: _routed, ring, ...rest } = spec;
  const { maxUnavailable, minAvailable } = budget;
  return {
    ...rest,
    heal,
    rollout,
    budget: { maxUnavailable, ...(minAvailable === null ? {} : { minAvailable }) },
    ...(rest.kind === 'sharded' ? { shards: size } : { instances: size }),
    ...(ring === undefined ? {} : { ring: { ...ring, ...knobs } }),
    ...(autoscale === null ? {} : { autoscale }),
    ...(route === null ? {} : { route }),
  } as ServiceSpec;
}

/**
 * A specification as it holds at once in one of several regions, and what of it waits. What does not wait:
 * the template, how many there are, the ring's layout, `frozen`; what belongs to one of those goes with
 * it, so that no two halves meet that nobody has written: `rollout` with another revision, which is
 * rolled out as it was written to be; `budget.minAvailable` with another number of replicas, which it
 * counts; how many there are with whether that is scaled.
 */
export function splitPolicy(
  record: ServiceRecord,
  wanted: ServiceSpec,
  { revision, zonesCount, nowMs, allow }: WaveAround,
): { readonly spec: ServiceSpec; readonly waiting: WaitingPolicy | null } {
  const { spec: before, name } = record;
  const [old, parts] = [policyOf(before), policyOf(wanted)];
  const isOtherCount = replicasCount(before, zonesCount) !== replicasCount(wanted, zonesCount);
  const isScaledAlike = (old.autoscale === null) === (parts.autoscale === null);
  const held: PolicyParts = {
    ...old,
    budget: isOtherCount ? { ...old.budget, minAvailable: parts.budget.minAvailable } : old.budget,
    ring: old.ring === null ? parts.ring : old.ring,
    rollout: revision === record.applied ? old.rollout : parts.rollout,
    size: isScaledAlike ? parts.size : old.size,
  };
  const token = waveToken(name, held, parts);
  const fields = fieldsOf(held, parts);
  if (fields.length === 0 || allow.includes(token)) return { spec: wanted, waiting: null };
  const known = record.waiting?.token === token ? record.waiting.sinceMs : nowMs;
  return { spec: withPolicy(wanted, held), waiting: { fields, token, sinceMs: known, parts } };
}

/** It is this region's turn: what waited holds. Empty: nothing waits. A second ring takes its part along. */
export function takenPolicy(
  record: Pick<ServiceRecord, 'spec' | 'waiting' | 'dual'>,
): Partial<Pick<ServiceRecord, 'spec' | 'waiting' | 'dual'>> {
  const { waiting, spec, dual } = record;
  if (!waiting) return {};
  const { parts } = waiting;
  // It went with the replicas that it counts, or goes with them.
  if (!waiting.fields.includes('budget.minAvailable')) {
    const minAvailable = spec.budget.minAvailable ?? null;
    const budget = { ...parts.budget, minAvailable };
    return { spec: withPolicy(spec, { ...parts, budget }), waiting: null };
  }
  const { minAvailable } = parts.budget;
  const second = dual ? { dual: { ...dual, parts: { ...dual.parts, minAvailable } } } : {};
  return { spec: withPolicy(spec, parts), waiting: null, ...second };
}

/** What waits is proposed again and again. Empty: nothing does. */
export function policyIntents({ waiting, name, nowMs, region }: ServiceView): readonly Intent[] {
  if (!waiting) return [];
  const { fields, token, sinceMs } = waiting;
  return [
    {
      who: 'region',
      service: name,
      act: { kind: 'takePolicy', fields, token },
      priority: 'rollout',
      why: `${fields.join(', ')} were applied in another form than what holds in region ${region}`,
      inputs: [{ name: 'applied', value: token, ageMs: nowMs - sinceMs }],
      alternatives: ['decide by what was applied before'],
      expiresMs: nowMs + INTENT_EXPIRES_MS,
    },
  ];
}

/** Whether it may take hold: with several regions one after the other. Null: it may. */
export function waveVerdict(
  { reservations, nowMs, region, waiting }: ServiceView,
  { token, fields }: Extract<Act, { kind: 'takePolicy' }>,
  isOperators: boolean,
): Verdict | null {
  if (waiting?.token !== token) {
    const why = `${token} does not wait here; ${waiting?.token ?? 'nothing'} does`;
    return { kind: 'refused', rule: 'target', why, unblock: 'the change that waits is named' };
  }
  if (isOperators || reservations === null || hasWave(reservations, nowMs)) return null;
  const why = `${fields.join(', ')} would change in region ${region} before it is its turn`;
  return { kind: 'delayed', rule: 'region', why, unblock: waveCure(token) };
}

/** For people: what waits and what ends it. Empty: nothing does. */
export function waitsOf({ waiting }: ServiceRecord, nowMs: number): readonly string[] {
  if (!waiting) return [];
  const { fields, token, sinceMs } = waiting;
  const since = `${fields.join(', ')} were applied ${nowMs - sinceMs} ms ago and wait`;
  return [`${since} until ${waveCure(token)}`];
}

function waveCure(token: string): string {
  return (
    'the coordinator grants this region a wave (policy.wave after the last region, while that one is ' +
    `healthy), or it is applied again and ${token} allowed`
  );
}

function hasWave(reservations: NonNullable<ServiceView['reservations']>, nowMs: number): boolean {
  return reservations.some(({ kind, untilMs }) => kind === 'wave' && untilMs > nowMs);
}

/** What an operator has to say for it not to wait: it is good for this change only. */
function waveToken(service: string, from: PolicyParts, to: PolicyParts): string {
  return `wave-${hashText(`${service}: ${canonicalText(from)} -> ${canonicalText(to)}`)}`;
}

function fieldsOf(held: PolicyParts, parts: PolicyParts): readonly string[] {
  const differs = (one: unknown, other: unknown): boolean =>
    canonicalText(one) !== canonicalText(other);
  const names = ['autoscale', 'heal', 'ring', 'rollout', 'route'] as const;
  const limits = ['maxUnavailable', 'minAvailable'] as const;
  const fields: readonly string[] = [
    ...(held.size === parts.size ? [] : ['size']),
    ...names.filter((name) => differs(held[name], parts[name])),
    ...limits
      .filter((name) => held.budget[name] !== parts.budget[name])
      .map((name) => `budget.${name}`),
  ];
  return fields.toSorted(compareText);
}

function replicasCount(spec: ServiceSpec, zonesCount: number): number | null {
  return spec.kind === 'sharded' ? replicasOf(spec, zonesCount) : null;
}
