/**
 * Coordinates regions: grants reservations to shrink and to take up a change of policy, which end by
 * themselves. It never takes anything away, and nothing waits for it but what a region cannot do without
 * one: when it is gone, regions only grow. It is asked by reports and answers each of them.
 *
 *   region:   unheard ──report with an echo──▶ heard ──silence──▶ unheard (lost, for capacity)
 *   shrink:   free ──wanted, carried, longest since its last──▶ reserved ──given back, expired──▶ free
 *   wave:     free ──wanted, by the last one or `wave` after it, it well──▶ reserved ──the same──▶ free
 *
 * No two regions hold a shrink at one time. No shrink within one reservation's time of its own start: it
 * has forgotten who holds what. No shrink while a region has never been heard: its load is unknown. A
 * report counts from the answer that it echoes, so a late one is old, however lately it came. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { type Ledger, type LedgerRegion, leastCount, worstCapacity } from './capacity-ledger.ts';
import type { CoordinatorAnswer, Grant, RegionReport, ServiceCapacity } from './region-report.ts';

/** Lengths of time are milliseconds. */
export type CoordinatorConfig = {
  readonly regions: readonly { readonly name: string; readonly forecast: number | null }[];
  /** `policy.regionLoss`. */
  readonly isLossKept: boolean;
  /**
   * How long a reservation lasts. Range: above a few reports and the time that a service takes to shrink.
   * Longer: a region that dies with one keeps the others waiting. Shorter: a shrink is under way when the
   * next region begins.
   */
  readonly reservationMs: number;
  /** `policy.wave`: between two regions that take up a change. */
  readonly waveMs: number;
  /**
   * A region whose newest report is older is lost, for capacity. Range: above a few reports. Longer: one
   * that is gone is counted for longer. Shorter: late messages stop all shrinking.
   */
  readonly silenceMs: number;
};

/** A reservation that may still be used by its region. */
export type HeldReservation = {
  readonly grant: Grant;
  readonly region: string;
  /** The report that it answered. */
  readonly incarnation: number;
  readonly sequence: number;
  /** By the coordinator's clock, and later than by the region's. */
  readonly expiresMs: number;
  /** It cannot be used any more, but what was done by it has not been reported. */
  readonly isOver: boolean;
};

/** What is remembered. Plain data. */
export type CoordinatorState = {
  /** Another one for each start. */
  readonly epoch: string;
  readonly startedMs: number;
  /** Grants that were made. */
  readonly grants: number;
  /** The newest report of each region, and the moment that it was certainly made after. */
  readonly heard: Readonly<
    Record<string, { readonly report: RegionReport; readonly asOfMs: number }>
  >;
  readonly reservations: readonly HeldReservation[];
  /** When each region was last granted a shrink. */
  readonly shrankMs: Readonly<Record<string, number>>;
  /** The last wave; null: none since its start. */
  readonly wave: { readonly region: string; readonly atMs: number } | null;
};

/** What it answers. */
export type CoordinatorStep = {
  readonly state: CoordinatorState;
  /** Null: nobody of this fleet has asked. */
  readonly answer: CoordinatorAnswer | null;
};

/**
 * How much longer a reservation counts here than in its region: clocks may run apart by so much. Range: 1
 * to 2. Higher: others wait longer. Lower: with clocks that run apart by more, two shrink at once.
 */
const CLOCK_SLACK = 1.1;

/** Nothing is remembered. */
export function coordinatorStart(epoch: string, nowMs: number): CoordinatorState {
  return {
    epoch,
    startedMs: nowMs,
    grants: 0,
    heard: {},
    reservations: [],
    shrankMs: {},
    wave: null,
  };
}

/** One report. */
export function coordinatorStep(
  before: CoordinatorState,
  config: CoordinatorConfig,
  report: RegionReport,
  nowMs: number,
): CoordinatorStep {
  if (!config.regions.some(({ name }) => name === report.region)) {
    return { state: before, answer: null };
  }
  const listened = listen(expired(before, nowMs), report, nowMs);
  const { incarnation, sequence, region } = report;
  const echo = { epoch: before.epoch, sequence, ms: nowMs };
  // Only what is known to be new is answered with a grant.
  const isNewest = listened.heard[region]?.report === report;
  const granted = isNewest
    ? grant(listened, config, report, nowMs)
    : { state: listened, grants: [] };
  return { state: granted.state, answer: { incarnation, echo, grants: granted.grants } };
}

/** What cannot be used any more is free for others; its floors count until its region has reported. */
function expired(state: CoordinatorState, nowMs: number): CoordinatorState {
  const reservations = state.reservations.map((one) =>
    one.expiresMs <= nowMs && !one.isOver ? { ...one, isOver: true } : one,
  );
  return { ...state, reservations };
}

/** The newest report counts, and ends what its region does not hold any more. */
function listen(state: CoordinatorState, report: RegionReport, nowMs: number): CoordinatorState {
  const { region, echo, incarnation, sequence, holds } = report;
  const known = state.heard[region];
  if (echo === null || echo.epoch !== state.epoch || echo.ms > nowMs) return state;
  if (known !== undefined) {
    const older = known.report;
    if (incarnation < older.incarnation) return state;
    if (incarnation === older.incarnation && sequence <= older.sequence) return state;
  }
  const isDone = (one: HeldReservation): boolean => {
    if (one.region !== region || holds.includes(one.grant.id)) return false;
    if (incarnation > one.incarnation) return true;
    // Whoever has had a later answer takes no grant of an earlier one.
    return echo.sequence >= one.sequence || one.expiresMs <= echo.ms;
  };
  return {
    ...state,
    heard: { ...state.heard, [region]: { report, asOfMs: echo.ms } },
    reservations: state.reservations.filter((one) => !isDone(one)),
  };
}

type Granted = { readonly state: CoordinatorState; readonly grants: readonly Grant[] };

function grant(
  state: CoordinatorState,
  config: CoordinatorConfig,
  report: RegionReport,
  nowMs: number,
): Granted {
  const floors = floorsOf(state, config, report.region, nowMs);
  const isTurn = floors !== null && isNext(state, config, report.region, nowMs);
  const shrunk = isTurn
    ? reserved(state, report, { kind: 'shrink', forMs: config.reservationMs, floors }, nowMs)
    : { state, grants: [] };
  if (!report.wantsWave || !mayWave(shrunk.state, config, report.region, nowMs)) return shrunk;
  const wave = { kind: 'wave' as const, forMs: config.reservationMs, floors: {} };
  const waved = reserved(shrunk.state, report, wave, nowMs);
  return { state: waved.state, grants: [...shrunk.grants, ...waved.grants] };
}

function reserved(
  state: CoordinatorState,
  { region, incarnation, sequence }: RegionReport,
  what: Omit<Grant, 'id'>,
  nowMs: number,
): Granted {
  const grants = state.grants + 1;
  const made: Grant = { id: `${state.epoch}/${grants}`, ...what };
  const expiresMs = nowMs + what.forMs * CLOCK_SLACK;
  const held = { grant: made, region, incarnation, sequence, expiresMs, isOver: false };
  const next = { ...state, grants, reservations: [...state.reservations, held] };
  const after: CoordinatorState =
    what.kind === 'wave'
      ? { ...next, wave: { region, atMs: nowMs } }
      : { ...next, shrankMs: { ...state.shrankMs, [region]: nowMs } };
  return { state: after, grants: [made] };
}

/** How far down a region may go now; null: it wants nothing, or may not. */
function floorsOf(
  state: CoordinatorState,
  config: CoordinatorConfig,
  region: string,
  nowMs: number,
): Readonly<Record<string, number>> | null {
  if (!knowsAll(state, config)) return null;
  if (state.reservations.some((one) => one.grant.kind === 'shrink' && !one.isOver)) return null;
  if (!isHeard(state, config, region, nowMs)) return null;
  const ledger = ledgerOf(state, config, nowMs);
  const own = ledger.regions.find(({ name }) => name === region);
  if (own === undefined) return null;
  const floors = own.services
    .toSorted((a, b) => compareText(a.name, b.name))
    .flatMap((service) => {
      const floor = floorOf(ledger, own, service);
      return floor === null ? [] : [[service.name, floor] as const];
    });
  return floors.length === 0 ? null : Object.fromEntries(floors);
}

function floorOf(ledger: Ledger, own: LedgerRegion, service: ServiceCapacity): number | null {
  const least = leastCount(ledger, own.name, service.name);
  if (worstCapacity(own, service.name) < least) return null;
  const floor = Math.max(service.wanted, Math.ceil(least));
  return floor < service.demand ? floor : null;
}

/** Every region was heard, and since whoever coordinated before has no reservation left. */
function knowsAll({ heard, startedMs }: CoordinatorState, config: CoordinatorConfig): boolean {
  const sinceMs = startedMs + config.reservationMs * CLOCK_SLACK;
  return config.regions.every(({ name }) => (heard[name]?.asOfMs ?? -1) >= sinceMs);
}

function isHeard(
  { heard }: CoordinatorState,
  { silenceMs }: CoordinatorConfig,
  region: string,
  nowMs: number,
): boolean {
  const asOfMs = heard[region]?.asOfMs;
  return asOfMs !== undefined && nowMs - asOfMs <= silenceMs;
}

/** Of those that could shrink now, the one whose last time is longest ago. */
function isNext(
  state: CoordinatorState,
  config: CoordinatorConfig,
  region: string,
  nowMs: number,
): boolean {
  const lastMs = (name: string): number => state.shrankMs[name] ?? Number.NEGATIVE_INFINITY;
  const [first] = config.regions
    .map(({ name }) => name)
    .filter((name) => floorsOf(state, config, name, nowMs) !== null)
    .toSorted((a, b) => {
      const [aMs, bMs] = [lastMs(a), lastMs(b)];
      return aMs === bMs ? compareText(a, b) : aMs < bMs ? -1 : 1;
    });
  return first === region;
}

/** One region after the other, `wave` apart, and only while the last one is well. */
function mayWave(
  state: CoordinatorState,
  config: CoordinatorConfig,
  region: string,
  nowMs: number,
): boolean {
  if (state.reservations.some((one) => one.grant.kind === 'wave' && !one.isOver)) return false;
  // A new coordinator does not know when the last wave began, nor whether it is still held.
  const waitMs = state.wave === null ? config.reservationMs * CLOCK_SLACK : 0;
  const lastMs = state.wave?.atMs ?? state.startedMs;
  // Who has taken the last one may take another: what went wrong there is mended there first.
  if (state.wave?.region === region) return true;
  if (nowMs - lastMs < Math.max(config.waveMs, waitMs)) return false;
  const isWell = (name: string): boolean =>
    isHeard(state, config, name, nowMs) && state.heard[name]?.report.isHealthy === true;
  // It does not know either which region was the last one: all others have to be well.
  if (state.wave === null) {
    return config.regions.every(({ name }) => name === region || isWell(name));
  }
  return isWell(state.wave.region);
}

function ledgerOf(state: CoordinatorState, config: CoordinatorConfig, nowMs: number): Ledger {
  const regions = config.regions.map(({ name, forecast }) => ({
    name,
    forecast,
    isLost: !isHeard(state, config, name, nowMs),
    services: state.heard[name]?.report.services ?? [],
    floors: openFloors(state, name),
  }));
  return { regions, isLossKept: config.isLossKept };
}

function openFloors({ reservations }: CoordinatorState, region: string): Record<string, number> {
  const floors: Record<string, number> = {};
  for (const one of reservations) {
    if (one.region !== region) continue;
    for (const [service, floor] of Object.entries(one.grant.floors)) {
      floors[service] = Math.min(floors[service] ?? Number.POSITIVE_INFINITY, floor);
    }
  }
  return floors;
}
