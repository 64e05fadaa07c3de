/**
 * A service's records as they are stored: one key for each slot, instance, operation, controller and
 * router, one for the ring, for the number of the routes, and for the rest. What is written is what
 * changed, found by identity, since records are immutable; what only says when somebody was last seen is
 * not written. Pure: texts, not bytes.
 */
import type { InstanceRecord } from '../instance/instance.machine.ts';
import type {
  ControllerStates,
  InstanceEntry,
  OperationRecord,
  RouterRecord,
  ServiceRecord,
  SlotRecord,
} from './records.ts';

/** Of every record. A build reads its own and the one before it. */
export const RECORD_VERSION = 1;

/** Puts and deletions; keys are relative to the service's prefix. */
export type RecordChanges = {
  readonly put: readonly (readonly [key: string, text: string])[];
  readonly delete: readonly string[];
};

const HEAD = 'head';
const RING = 'ring';
const ROUTES = 'routes';
const FOLDERS = ['slot', 'instance', 'operation', 'router'] as const;

/**
 * What has to be written for the store to hold `after`; `before` null: nothing is there. `version`: of this
 * build.
 */
export function recordChanges(
  before: ServiceRecord | null,
  after: ServiceRecord,
  version: number = RECORD_VERSION,
): RecordChanges {
  const put: (readonly [string, string])[] = [];
  const gone: string[] = [];
  const write = (key: string, value: unknown): void => {
    put.push([key, JSON.stringify({ version, value })]);
  };
  const compare = <T>(
    folder: (typeof FOLDERS)[number],
    old: ReadonlyMap<string, T> | undefined,
    now: ReadonlyMap<string, T>,
    isSame: (one: T, other: T) => boolean,
  ): void => {
    if (old === now) return;
    for (const [id, value] of now) {
      const known = old?.get(id);
      if (known !== undefined && (known === value || isSame(known, value))) continue;
      write(`${folder}/${id}`, value);
    }
    for (const id of old?.keys() ?? []) if (!now.has(id)) gone.push(`${folder}/${id}`);
  };
  const never = (): boolean => false;
  compare('slot', before?.slots, after.slots, never);
  compare('instance', before?.instances, after.instances, isSameInstance);
  compare('operation', before?.operations, after.operations, never);
  compare('router', before?.routers, after.routers, isSameRouter);
  for (const [kind, state] of Object.entries(after.controllers)) {
    if (before?.controllers[kind as keyof ControllerStates] === state) continue;
    write(`controller/${kind}`, state);
  }
  if (before === null || !isSameHead(before, after)) write(HEAD, headOf(after));
  if (before === null || before.ring !== after.ring) write(RING, after.ring);
  const { routes: _lines, ...said } = after.routes;
  const { number, weights } = said;
  const isSameRoutes = before?.routes.number === number && before.routes.weights === weights;
  // The lines follow from the instances: they are made again, under the next number.
  if (!isSameRoutes) write(ROUTES, { ...said, routes: [] });
  return { put, delete: gone };
}

/**
 * The records that were stored. @returns null when there is no head: the service was never applied
 */
export function recordFrom(entries: readonly (readonly [string, string])[]): ServiceRecord | null {
  let head: Head | null = null;
  let ring: ServiceRecord['ring'] = null;
  let routes: ServiceRecord['routes'] = { number: 0, routes: [], weights: [] };
  const maps = {
    slot: new Map<string, SlotRecord>(),
    instance: new Map<string, InstanceEntry>(),
    operation: new Map<string, OperationRecord>(),
    router: new Map<string, RouterRecord>(),
  };
  const controllers: Record<string, unknown> = {};
  for (const [key, text] of entries) {
    const { value } = JSON.parse(text) as { readonly value: never };
    if (key === HEAD) head = value;
    if (key === RING) ring = value;
    if (key === ROUTES) routes = value;
    const at = key.indexOf('/');
    const [folder, id] = [key.slice(0, at), key.slice(at + 1)];
    if (folder === 'controller') controllers[id] = value;
    else if (folder in maps) maps[folder as keyof typeof maps].set(id, value);
  }
  if (head === null) return null;
  const { slot: slots, instance: instances, operation: operations, router: routers } = maps;
  const none = { rollout: null, hashring: null, autoscaler: null, healer: null };
  return {
    ...(head as Head),
    ring,
    routes,
    slots,
    instances,
    operations,
    routers,
    controllers: { ...none, ...controllers },
  };
}

/** All in one text: a keyframe of a journal. */
export function recordText(record: ServiceRecord): string {
  const { put } = recordChanges(null, record);
  const routes = JSON.stringify({ version: RECORD_VERSION, value: record.routes });
  return JSON.stringify([...put.filter(([key]) => key !== ROUTES), [ROUTES, routes]]);
}

/** The records of a keyframe. Throws `SyntaxError` for what is no keyframe. */
export function recordOf(text: string): ServiceRecord | null {
  return recordFrom(JSON.parse(text) as readonly (readonly [string, string])[]);
}

type Apart = 'slots' | 'instances' | 'operations' | 'routers' | 'controllers' | 'ring' | 'routes';
type Head = Omit<ServiceRecord, Apart>;

function headOf(record: ServiceRecord): Head {
  const { slots, instances, operations, routers, controllers, ring, routes, ...head } = record;
  return head;
}

function isSameHead(before: ServiceRecord, after: ServiceRecord): boolean {
  const old = headOf(before);
  return Object.entries(headOf(after)).every(([key, value]) => old[key as keyof Head] === value);
}

function isSameInstance(before: InstanceEntry, after: InstanceEntry): boolean {
  return (
    before.isEjected === after.isEjected &&
    before.going === after.going &&
    before.leftRoutes === after.leftRoutes &&
    isSameLife(before.life, after.life)
  );
}

/** Answers of probes are asked for anew after a restart. */
function isSameLife(before: InstanceRecord, after: InstanceRecord): boolean {
  return (
    before.state === after.state &&
    before.sinceMs === after.sinceMs &&
    before.mayStop === after.mayStop &&
    before.isKilled === after.isKilled &&
    before.before === after.before
  );
}

function isSameRouter(before: RouterRecord, after: RouterRecord): boolean {
  return (
    before.generation === after.generation &&
    before.routes === after.routes &&
    before.standing === after.standing &&
    before.prepared === after.prepared &&
    before.incarnation === after.incarnation
  );
}
