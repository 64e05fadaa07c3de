/**
 * Methods about a fleet: what there is, and what an operator changes. Without a fleet all of them are
 * `unsupported`. A fleet is not applied here: its files are of the machine that runs it, and no business of
 * a socket.
 */
import { WISH_IF } from './change-words.ts';
import { FINDING } from './finding.ts';
import {
  CHANGE,
  DECISION,
  FLEET,
  LOAD,
  OWNERS,
  RING,
  RING_CHANGE,
  SERVICE_DETAIL,
  VERB_NAMES,
} from './fleet-shapes.ts';
import { HEALING } from './healing-shapes.ts';
import { LEADER, REGIONS } from './region-shapes.ts';
import { method, z } from './words.ts';

/** Decisions in one answer, and in the topic. */
export const DECISIONS_MAX = 500;

const service = z.string().min(1).max(200);
const instance = z.string().min(1).max(500);
const text = z.string().min(1).max(1000);

/** All of them. */
export const FLEET_METHODS = {
  'Fleet.list': method({
    about: 'The services of the fleet, each in a line.',
    role: 'viewer',
    params: z.strictObject({}),
    result: FLEET,
  }),
  'Fleet.top': method({
    about: 'What instances have to do, and what they use.',
    role: 'viewer',
    params: z.strictObject({ service: service.optional().describe('default: all') }),
    result: z.strictObject({ instances: z.array(LOAD) }),
  }),
  'Service.get': method({
    about: 'One service with its instances, revisions and failures.',
    role: 'viewer',
    params: z.strictObject({ service }),
    result: SERVICE_DETAIL,
  }),
  'Fleet.diagnose': method({
    about: 'What is wrong with the fleet, with the evidence and the next command; empty: nothing.',
    role: 'viewer',
    params: z.strictObject({ service: service.optional().describe('default: all') }),
    result: z.strictObject({ findings: z.array(FINDING) }),
  }),
  'Decisions.list': method({
    about: 'The last decisions, refused and delayed ones too; the newest last.',
    role: 'viewer',
    params: z.strictObject({
      service: service.optional(),
      about: text.optional().describe('an instance, a slot, a revision, a key, `ring`, `target`'),
      kind: z.enum(['admitted', 'delayed', 'refused']).optional(),
      sinceMs: z.number().optional().describe('that were so then or later; clock of the decisions'),
      last: z.number().int().min(1).max(DECISIONS_MAX).optional().describe('default 50'),
    }),
    result: z.strictObject({ decisions: z.array(DECISION) }),
  }),
  'Fleet.leader': method({
    about: 'Who leads the fleet, by which lease, and who has led it before.',
    role: 'viewer',
    params: z.strictObject({}),
    result: LEADER,
  }),
  'Region.list': method({
    about: 'The regions of the fleet: their zones, what each carries, what it may do.',
    role: 'viewer',
    params: z.strictObject({}),
    result: REGIONS,
  }),
  'Healing.get': method({
    about:
      'What is unwell in each service, what is done about it, what that waits for, and what was given up.',
    role: 'viewer',
    params: z.strictObject({ service: service.optional().describe('default: all') }),
    result: HEALING,
  }),
  'Ring.get': method({
    about: 'The ring of a service that has one.',
    role: 'viewer',
    params: z.strictObject({ service }),
    result: RING,
  }),
  'Ring.owners': method({
    about: 'Who answers for a key.',
    role: 'viewer',
    params: z.strictObject({ service, key: text }),
    result: OWNERS,
  }),
  'Ring.whatIf': method({
    about: 'What a change of a ring’s size would move.',
    role: 'viewer',
    params: z.strictObject({
      service,
      change: z.number().int().min(-1000).max(1000).describe('members more, or fewer; not 0'),
    }),
    result: RING_CHANGE,
  }),
  'Service.verb': method({
    about: 'Says a verb to the rollout of a service.',
    role: 'operator',
    params: z.strictObject({
      service,
      verb: z.enum(VERB_NAMES),
      to: z.string().min(1).max(200).optional().describe('of undo: a version or a revision'),
      ...WISH_IF,
    }),
    result: CHANGE,
  }),
  'Service.hold': method({
    about: 'Holds a service at a number of instances, or shards.',
    role: 'operator',
    params: z.strictObject({
      service,
      count: z.number().int().min(0).max(1000).nullable().describe('null: the hold ends'),
      forMs: z
        .number()
        .int()
        .min(1)
        .optional()
        .describe('milliseconds; default: until it is ended'),
      ...WISH_IF,
    }),
    result: CHANGE,
  }),
  'Service.freeze': method({
    about: 'Nothing voluntary is done in a service any more, or is done again.',
    role: 'operator',
    params: z.strictObject({ service, isFrozen: z.boolean(), ...WISH_IF }),
    result: CHANGE,
  }),
  'Service.release': method({
    about: 'Somebody has looked: a service that is held by an invariant goes on, or a key is back.',
    role: 'operator',
    params: z.strictObject({
      service,
      quarantinedKey: text.optional().describe('absent: the invariant'),
      ...WISH_IF,
    }),
    result: CHANGE,
  }),
  'Fleet.freeze': method({
    about: 'Nothing voluntary is done in the whole fleet any more, or is done again.',
    role: 'operator',
    params: z.strictObject({ isFrozen: z.boolean(), ...WISH_IF }),
    result: CHANGE,
  }),
  'Instance.replace': method({
    about: 'Puts another instance in the place of one: ready first, then this one leaves.',
    role: 'operator',
    params: z.strictObject({ instance, ...WISH_IF }),
    result: CHANGE,
  }),
  'Instance.drain': method({
    about: 'Takes an instance out, gently; a slot that is needed gets another one.',
    role: 'operator',
    params: z.strictObject({
      instance,
      cancel: z.boolean().optional().describe('keeps it after all'),
      ...WISH_IF,
    }),
    result: CHANGE,
  }),
} as const;

/** Name of one of them. */
export type FleetMethod = keyof typeof FLEET_METHODS;

/** Whether a method needs a fleet. */
export function isFleetMethod(name: string): name is FleetMethod {
  return Object.hasOwn(FLEET_METHODS, name);
}
