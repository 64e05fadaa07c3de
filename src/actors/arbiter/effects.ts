/**
 * What has to be done outside for the records to come true: processes started, asked and ended, tables
 * published. Derived from the records alone, so a new leader issues the same effects under the same
 * keys; whoever carries them out treats a key that it knows as done. Pure.
 */
import type { InstanceId, RevisionId, SlotId } from '../protocol/identity.ts';
import type { ServiceSpec } from '../spec/fleet-schema.ts';
import { acknowledged } from './acknowledgement.ts';
import {
  type InstanceEntry,
  type RingRecord,
  type RoutesRecord,
  type ServiceRecord,
  specOf,
} from './records.ts';

/** One of them. The key is the act: with the same key it is the same one. */
export type Effect = { readonly key: string; readonly service: string } & (
  | {
      readonly kind: 'start';
      readonly instance: InstanceId;
      readonly slot: SlotId;
      readonly revision: RevisionId;
      /** That the revision was applied with. */
      readonly spec: ServiceSpec;
    }
  | { readonly kind: 'terminate' | 'kill' | 'askDrain'; readonly instance: InstanceId }
  | { readonly kind: 'publishRing'; readonly ring: RingRecord }
  /** To be held ready beside the ring that routers go by. */
  | { readonly kind: 'prepareRing'; readonly ring: RingRecord }
  | { readonly kind: 'publishRoutes'; readonly routes: RoutesRecord }
);

/** All that is still to be done; in the order of the records. */
export function effectsOf(record: ServiceRecord): readonly Effect[] {
  const { name: service, ring, routes } = record;
  const effects: Effect[] = [];
  const of = (kind: 'terminate' | 'kill' | 'askDrain', instance: InstanceId): void => {
    effects.push({ kind, key: `${kind} ${instance}`, service, instance });
  };
  for (const { id, slot, revision, life } of record.instances.values()) {
    switch (life.state) {
      case 'pending':
        effects.push(startOf(record, { id, slot, revision }));
        break;
      case 'draining':
        if (!life.mayStop) of('askDrain', id);
        break;
      case 'stopping':
        of(life.isKilled ? 'kill' : 'terminate', id);
        break;
      case 'fenced':
        of('kill', id);
    }
  }
  for (const id of record.fenced) of('kill', id);
  const known = acknowledged(record);
  if (ring !== null && known.generation < ring.generation) {
    effects.push({ kind: 'publishRing', key: `ring ${service} ${ring.generation}`, service, ring });
  }
  const second = record.dual?.ring ?? null;
  if (second !== null && known.prepared < second.generation) {
    const key = `prepare ${service} ${second.generation}`;
    effects.push({ kind: 'prepareRing', key, service, ring: second });
  }
  if (known.routes < routes.number) {
    effects.push({
      kind: 'publishRoutes',
      key: `routes ${service} ${routes.number}`,
      service,
      routes,
    });
  }
  return effects;
}

function startOf(
  record: ServiceRecord,
  { id, slot, revision }: Pick<InstanceEntry, 'id' | 'slot' | 'revision'>,
): Effect {
  const { name: service } = record;
  const spec = specOf(record, revision);
  return { kind: 'start', key: `start ${id}`, service, instance: id, slot, revision, spec };
}
