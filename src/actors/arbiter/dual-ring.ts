/**
 * A change of the ring's layout, in the records: what was applied is split into what holds at once and
 * what waits for a second ring, and the two come together when routers go by it. Until then the
 * specification in the records has the layout that runs, so that nobody decides by a ring that nobody
 * uses. Who says when is the hash ring's machine. Pure.
 */
import { highestGeneration, type RingLayout } from '../protocol/ring-layout.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import type { DualRecord, LayoutParts, RingRecord, ServiceRecord } from './records.ts';

/** What of a specification waits for the second ring. The specification has a ring. */
export function layoutParts(spec: ServiceSpec): LayoutParts {
  const { ring, budget } = spec;
  return {
    algorithm: ring?.algorithm ?? 'ketama',
    sections: ring?.sections ?? 1,
    exportThanos: ring?.exportThanos ?? null,
    replicas: (spec.kind === 'sharded' ? spec.replicas : undefined) ?? null,
    minAvailable: budget.minAvailable ?? null,
  };
}

/** The same specification with another layout. */
export function withLayout<Spec extends ServiceSpec>(spec: Spec, parts: LayoutParts): Spec {
  const { algorithm, sections, exportThanos, replicas, minAvailable } = parts;
  if (spec.ring === undefined) return spec;
  const { exportThanos: exported, ...ring } = spec.ring;
  const { minAvailable: least, ...budget } = spec.budget;
  const next = {
    ...spec,
    ring: { ...ring, algorithm, sections, ...(exportThanos === null ? {} : { exportThanos }) },
    budget: { ...budget, ...(minAvailable === null ? {} : { minAvailable }) },
  };
  if (next.kind !== 'sharded') return next;
  const { replicas: written, ...rest } = next;
  return { ...rest, ...(replicas === null ? {} : { replicas }) } as Spec;
}

/** The change that was allowed; one that is under way to the same goes on where it is. */
export function dualTo(
  record: ServiceRecord,
  { spec, wanted, nowMs }: DualTo,
): Pick<ServiceRecord, 'dual' | 'lastGeneration'> {
  const known = record.dual ?? null;
  const parts = layoutParts(spec);
  if (known !== null && JSON.stringify(known.wanted) === JSON.stringify(wanted)) {
    return { dual: { ...known, parts } };
  }
  const dual: DualRecord = { wanted, parts, sinceMs: nowMs, ring: null };
  return { ...withoutDual(record), dual };
}

type DualTo = {
  readonly spec: ServiceSpec;
  readonly wanted: RingLayout;
  readonly nowMs: number;
};

/** The second ring is given up, and its number with it. Empty: there is none. */
export function withoutDual(
  record: Pick<ServiceRecord, 'ring' | 'dual' | 'lastGeneration'>,
): Pick<ServiceRecord, 'dual' | 'lastGeneration'> {
  if (!record.dual) return {};
  return { dual: null, lastGeneration: highestGeneration(record) };
}

/** Its members are others now: it is proposed again, with another number. Empty: there is none. */
export function withoutSecond(
  record: Pick<ServiceRecord, 'ring' | 'dual' | 'lastGeneration'>,
): Pick<ServiceRecord, 'dual' | 'lastGeneration'> {
  const { dual } = record;
  if (!dual || dual.ring === null) return {};
  return { dual: { ...dual, ring: null }, lastGeneration: highestGeneration(record) };
}

/** Routers are to go by the second ring. Empty: there is none. */
export function afterCutOver(
  { ring, dual, spec }: Pick<ServiceRecord, 'ring' | 'dual' | 'spec'>,
  nowMs: number,
): Partial<Pick<ServiceRecord, 'ring' | 'dual' | 'spec'>> {
  if (!dual || dual.ring === null) return {};
  const former = formerOf(ring, spec, true);
  return {
    ring: { ...dual.ring, publishedMs: nowMs, ...former },
    dual: null,
    spec: withLayout(spec, dual.parts),
  };
}

/** What a ring that is published now takes the place of, where readers are to know it. */
export function formerOf(
  ring: RingRecord | null,
  spec: ServiceSpec,
  isAlways = false,
): Pick<RingRecord, 'former'> {
  const retainMs = spec.ring?.retain ?? 0;
  if (ring === null || (retainMs === 0 && !isAlways)) return {};
  const { former, ...rest } = ring;
  return { former: { ...rest, retainMs } };
}

/** Nobody asks former owners any more. The same object while somebody may. */
export function withoutFormer(
  record: ServiceRecord,
  { generation }: { readonly generation: number },
  nowMs: number,
): ServiceRecord {
  const { ring } = record;
  if (ring?.former === undefined || generation < ring.generation) return record;
  if (nowMs - ring.publishedMs < ring.former.retainMs) return record;
  const { former, ...rest } = ring;
  return { ...record, ring: rest };
}
