/**
 * Names of the things of a fleet. A slot is a stable place; an instance is one incarnation of it (or of
 * a stateless service's pool); a shard is the same ordinal in every zone. Names are texts, so that they
 * can be keys of the store, marks of processes and words in a log.
 */

/** A stable place: `receiver/eu/b/2`. */
export type SlotId = string;
/** One incarnation of a slot: `receiver/eu/b/2#7`. */
export type InstanceId = string;
/** Hash of template, resolved configuration and release digest. */
export type RevisionId = string;

/** A slot's parts. */
export type SlotParts = {
  readonly service: string;
  readonly region: string;
  readonly zone: string;
  /** From 0; the shard of a sharded service. */
  readonly ordinal: number;
};

/** The name of a slot. */
export function slotId({ service, region, zone, ordinal }: SlotParts): SlotId {
  return `${service}/${region}/${zone}/${ordinal}`;
}

/** The name of an instance; `incarnation` grows over all slots of its service, from 1. */
export function instanceId(slot: SlotId, incarnation: number): InstanceId {
  return `${slot}#${incarnation}`;
}

const SLOT = /^([^/#]+)\/([^/#]+)\/([^/#]+)\/(\d+)$/;

/** @returns null for a text that is no slot's name */
export function slotParts(id: SlotId): SlotParts | null {
  const match = SLOT.exec(id);
  if (match === null) return null;
  const [, service = '', region = '', zone = '', ordinal = ''] = match;
  return { service, region, zone, ordinal: Number(ordinal) };
}

/** The slot of an instance. */
export function slotOf(id: InstanceId): SlotId {
  const at = id.indexOf('#');
  return at < 0 ? id : id.slice(0, at);
}
