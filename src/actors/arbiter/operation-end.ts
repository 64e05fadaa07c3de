/**
 * When an operation is over, and what came of it: both are seen in the records, since nobody reports an
 * operation as such. Used by settle.ts, which closes it, and by whoever counts. Pure.
 */
import { slotOf } from '../protocol/identity.ts';
import type { Acknowledged } from './acknowledgement.ts';
import type { OperationRecord, ServiceRecord } from './records.ts';

/**
 * `done`: what was wanted is so. `failed`: an instance ended, or was given up, before it served. `dropped`:
 * it was taken back, or what it was about went away, before it was so.
 */
export type OperationEnd = 'done' | 'failed' | 'dropped';

/** States of an instance that has come up, or never will. */
const STARTED: readonly string[] = [
  'ready',
  'unready',
  'leaving',
  'draining',
  'stopping',
  'fenced',
];
const SERVED: readonly string[] = ['ready', 'unready', 'leaving', 'draining'];
const OF_TRAFFIC: readonly string[] = ['eject', 'readmit'];

/** It puts somebody out of the traffic, or back. Everything else ends when it is seen in the records. */
export function isOfTraffic({ kind }: Pick<OperationRecord, 'kind'>): boolean {
  return OF_TRAFFIC.includes(kind);
}

/** Its end is seen. `known`: of the tables. */
export function isOver(
  record: ServiceRecord,
  { kind, target, routes }: OperationRecord,
  known: Acknowledged,
): boolean {
  const entry = record.instances.get(target);
  switch (kind) {
    case 'start':
      return entry === undefined || STARTED.includes(entry.life.state);
    case 'stop':
      return entry === undefined || entry.going === null;
    case 'replace':
      return record.slots.get(slotOf(target))?.replaced !== target;
    case 'publishRing':
    case 'cutOver':
      return known.generation >= Number(target);
    case 'prepareRing':
      return record.dual?.ring?.generation !== Number(target) || known.prepared >= Number(target);
    case 'fence':
      return entry === undefined && !record.fenced.includes(target);
    default:
      // Out of the traffic, or back in it, once everybody knows the routes that say so.
      return entry === undefined || (routes !== undefined && known.routes >= routes);
  }
}

/** What came of one that is over. `before` and `after`: the records around the pass that closed it. */
export function endOf(
  { kind, target }: OperationRecord,
  before: ServiceRecord,
  after: ServiceRecord,
): OperationEnd {
  const entry = after.instances.get(target);
  switch (kind) {
    case 'start':
      return startEnd(target, before, after);
    case 'stop':
      return entry === undefined ? 'done' : 'dropped';
    case 'replace':
      // The one that comes after it serves, or nobody is wanted there any more.
      return after.slots.get(slotOf(target))?.replaced === null ? 'done' : 'dropped';
    case 'prepareRing':
      return after.dual?.ring?.generation === Number(target) ? 'done' : 'dropped';
    case 'eject':
    case 'readmit':
      return entry === undefined ? 'dropped' : 'done';
    default:
      return 'done';
  }
}

function startEnd(target: string, before: ServiceRecord, after: ServiceRecord): OperationEnd {
  const now = after.instances.get(target);
  if (now !== undefined && SERVED.includes(now.life.state)) return 'done';
  // Whoever was told to go has not failed.
  const { going } = now ?? before.instances.get(target) ?? { going: null };
  return going === null ? 'failed' : 'dropped';
}
