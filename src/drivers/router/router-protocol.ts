/**
 * What the brain and a router host say to each other over the router's own local socket: one JSON object
 * a line. The brain says whole tables; the router says what it knows and what it has measured. Every
 * order carries the epoch of the brain that gives it; a lower one than the highest seen is refused.
 */
import type { RingRecord, RoutesRecord, ServiceSpec, SlotId } from '../../actors/index.ts';
import { driverError } from '../errors.ts';

/** One line of a table: who serves a slot, and where. */
export type RouteLine = {
  readonly slot: SlotId;
  readonly instance: string;
  readonly revision: string;
  readonly isBaseline: boolean;
  readonly zone: string;
  /** TCP, on 127.0.0.1. */
  readonly port: number;
};

/** The same as it is said; without a port: where it was, or nowhere if it was not known. */
export type SaidLine = Omit<RouteLine, 'port'> & { readonly port: number | null };

/** How a service is routed. */
export type RouteConfig = Pick<
  NonNullable<ServiceSpec['route']>,
  'port' | 'timeout' | 'retries'
> & {
  readonly host: string | null;
  /** Without a slash at its end. */
  readonly path: string | null;
  readonly key: NonNullable<ServiceSpec['route']>['key'] | null;
  readonly kind: ServiceSpec['kind'];
  readonly ring: Pick<NonNullable<ServiceSpec['ring']>, 'algorithm' | 'sections'> | null;
  /** Of a key. */
  readonly replicas: number;
  /** Whether requests are counted by slice of the keys. Absent: they are not. */
  readonly countsSlices?: boolean;
};

/** Owners of keys, as they are said. */
export type SaidRing = Pick<RingRecord, 'generation' | 'members' | 'weights' | 'overrides'>;

/** A ring beside the one that is gone by: another one that is held ready, or the one before it. */
export type OtherRing = {
  readonly layout: NonNullable<RouteConfig['ring']> & Pick<RouteConfig, 'replicas'>;
  readonly ring: SaidRing;
};

/** A service's routes, whole. */
export type TableMessage = {
  readonly do: 'table';
  readonly epoch: number;
  readonly service: string;
  readonly config: RouteConfig;
  readonly ring: SaidRing | null;
  /** Of another layout, held ready. Absent: there is none. */
  readonly second?: OtherRing;
  /** Whose owners may still be asked. Absent: there is none. */
  readonly former?: OtherRing;
  readonly routes: {
    readonly number: number;
    readonly routes: readonly SaidLine[];
    readonly weights: RoutesRecord['weights'];
    /** Keys that nobody answers for. Absent: none. */
    readonly quarantined?: readonly string[];
  };
};

/** What the brain says. */
export type BrainMessage =
  /** First of all: windows are for whoever said it last. */
  | { readonly do: 'hello'; readonly epoch: number }
  | TableMessage
  | { readonly do: 'remove'; readonly epoch: number; readonly service: string };

/** An instance's part of a window. */
export type WindowColumn = {
  readonly service: string;
  readonly revision: string;
  readonly zone: string;
  readonly instance: string;
  readonly isBaseline: boolean;
  /** Seconds to the head of each answer: 32-bit floats, little-endian, base64. */
  readonly seconds: string;
  /** For each of them a byte, 1 for an error; base64. */
  readonly errors: string;
  readonly underWay: number;
};

/**
 * Requests of one service by slice of the keys. In `rows` four numbers for each slice that had any: its
 * own, its requests, the votes of who leads there, and his place in `owners`, -1 for nobody.
 */
export type SliceCounts = {
  readonly service: string;
  readonly owners: readonly string[];
  readonly rows: readonly number[];
};

/** A connection was lost on a key; nothing else was asked of the instance at that time. */
export type Cut = { readonly service: string; readonly instance: string; readonly key: string };

/** What was measured in half a second. */
export type WindowMessage = {
  readonly event: 'window';
  /** From 1; a gap is what nobody has read in time. */
  readonly number: number;
  /** Answers that are in no window: there was no room, or nobody read for too long. Since the start. */
  readonly dropped: number;
  /** Requests whose client went away, and answers 421. Since the start. */
  readonly aborted: number;
  readonly misdirected: number;
  readonly columns: readonly WindowColumn[];
  readonly slices: readonly SliceCounts[];
  /** Not more than a hundred. */
  readonly cuts: readonly Cut[];
};

/** Requests under way by instance. */
export type UnderWay = readonly (readonly [instance: string, count: number])[];

/** A port that requests for a service should come to, and do not. */
export type DeafPort = { readonly port: number; readonly why: string };

/** What a router says. */
export type RouterMessage =
  | {
      readonly event: 'welcome';
      readonly name: string;
      /** Grows with each start of this router. */
      readonly incarnation: number;
      readonly services: readonly string[];
    }
  /** Nobody is asked by an earlier table any more. */
  | {
      readonly event: 'knows';
      readonly service: string;
      readonly generation: number;
      readonly routes: number;
      /** Of the ring that is held ready; 0: there is none. */
      readonly prepared: number;
      readonly underWay: UnderWay;
    }
  /** Nobody is asked for it any more. */
  | { readonly event: 'removed'; readonly service: string }
  /** The epoch was lower than this one. */
  | { readonly event: 'refused'; readonly epoch: number }
  /** Ports where it is to listen and cannot, and why; said with a welcome and when that changes. */
  | { readonly event: 'deaf'; readonly ports: readonly DeafPort[] }
  /** Something that a person should know: a port that is taken, a full disk. */
  | { readonly event: 'trouble'; readonly what: string }
  | WindowMessage;

/** Bytes of one message: a table of 50,000 instances. */
export const ROUTER_LINE_BYTES_MAX: number = 16 * 2 ** 20;

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const isText: Check = (value) => typeof value === 'string' && value.length > 0;
const isFlag: Check = (value) => typeof value === 'boolean';
const isPort: Check = (value) => isCount(value) && (value as number) > 0 && Number(value) < 65_536;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isAmount: Check = (value) => typeof value === 'number' && value >= 0 && value < 1e12;
const isName: Check = (value) => typeof value === 'string' && /^[a-z][a-z0-9-]{0,62}$/.test(value);
const isOneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string);
const isNullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isAbsentOr =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const has =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(checks).every(([name, check]) => check((value as Fields)[name]));

const isKey: Check = (value) =>
  value === 'client' || has({ header: isText })(value) || has({ segment: isCount })(value);

const isAlgorithm: Check = isOneOf('ketama', 'rendezvous', 'maglev', 'jump');

const CONFIG = has({
  port: isPort,
  timeout: (value) => isAmount(value) && (value as number) > 0,
  retries: has({ budget: isAmount, max: isCount }),
  host: isNullOr(isText),
  path: isNullOr(isText),
  key: isNullOr(isKey),
  kind: isOneOf('sharded', 'stateless'),
  ring: isNullOr(has({ algorithm: isAlgorithm, sections: isCount })),
  replicas: isCount,
  countsSlices: isAbsentOr(isFlag),
});

const RING = has({
  generation: isCount,
  members: isListOf(isText),
  weights: isListOf(isAmount),
  overrides: isListOf(has({ slice: isCount, owners: isListOf(isText) })),
});

const OTHER_RING = has({
  layout: has({ algorithm: isAlgorithm, sections: isCount, replicas: isCount }),
  ring: RING,
});

const LINE = has({
  slot: isText,
  instance: isText,
  revision: isText,
  isBaseline: isFlag,
  zone: isText,
  port: isNullOr(isPort),
});

const ROUTES = has({
  number: isCount,
  routes: isListOf(LINE),
  weights: isListOf(has({ revision: isText, isBaseline: isFlag, weight: isNullOr(isAmount) })),
  quarantined: isAbsentOr(isListOf(isText)),
});

const MESSAGES: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  hello: { epoch: isCount },
  remove: { epoch: isCount, service: isName },
  table: {
    epoch: isCount,
    service: isName,
    config: CONFIG,
    ring: isNullOr(RING),
    second: isAbsentOr(OTHER_RING),
    former: isAbsentOr(OTHER_RING),
    routes: ROUTES,
  },
};

/** A message of the brain. @throws RM_ROUTER_MESSAGE naming the field that is missing or wrong */
export function brainMessageOf(message: unknown): BrainMessage {
  const fields = message as Fields;
  const kind = String(fields.do);
  const wanted = Object.hasOwn(MESSAGES, kind) ? MESSAGES[kind] : undefined;
  if (wanted === undefined) {
    const known = Object.keys(MESSAGES).join(', ');
    throw driverError('RM_ROUTER_MESSAGE', `do is ${kind.slice(0, 40)}; expected ${known}.`);
  }
  for (const [name, check] of Object.entries(wanted)) {
    if (check(fields[name])) continue;
    const got = JSON.stringify(fields[name])?.slice(0, 80);
    const text = `${kind} with ${name} ${got}; expected what router-protocol.ts says.`;
    throw driverError('RM_ROUTER_MESSAGE', text, { name });
  }
  return message as BrainMessage;
}

/** A message of a router, as far as its kind; both ends are of one build. */
export function routerMessageOf(message: unknown): RouterMessage {
  if (typeof (message as Fields).event === 'string') return message as RouterMessage;
  throw driverError('RM_ROUTER_MESSAGE', 'a router said something without an event; update it.');
}
