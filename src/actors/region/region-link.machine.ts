/**
 * A region's side of the coordination: what it reports, what it holds, and when it gives that back. Told
 * by the arbiter what its services are like; a reservation counts from the moment of the report that it
 * answers, by this region's own clock, so no answer can come too late to be safe.
 *
 *   free ──granted──▶ holds ──every floor is reached, or not wanted any more──▶ free
 *                       └──── its time is over ────▶ free
 *
 * No answer is taken that is older than the last one: that one has promised that nothing else is held.
 */
import type {
  CoordinatorAnswer,
  Echo,
  Grant,
  RegionReport,
  ServiceCapacity,
} from './region-report.ts';

/** What is remembered. Plain data. */
export type LinkState = {
  readonly region: string;
  readonly incarnation: number;
  readonly sequence: number;
  /** The last reports, and when they were made. */
  readonly sent: readonly { readonly sequence: number; readonly atMs: number }[];
  readonly echo: Echo | null;
  readonly holds: readonly { readonly grant: Grant; readonly untilMs: number }[];
  /** The most that each service wanted, by the minute it was wanted in, oldest first. */
  readonly peaks: Readonly<
    Record<string, readonly { readonly atMs: number; readonly most: number }[]>
  >;
};

/** A region as its arbiter sees it. */
export type RegionLook = {
  readonly services: readonly Omit<ServiceCapacity, 'peak'>[];
  readonly isHealthy: boolean;
  /** Nothing comes or goes. */
  readonly isCalm: boolean;
  readonly wantsWave: boolean;
};

/** Reports whose answers are still taken. Higher: slower coordinators are understood. */
const SENT_MAX = 64;
/** The time that a forecast looks back. Milliseconds. */
const PEAK_WINDOW_MS = 3_600_000;
/** Within it, the most of each so long is kept. Milliseconds. */
const PEAK_BUCKET_MS = 60_000;

/** Nothing is held. */
export function linkStart(region: string, incarnation: number, nowMs: number): LinkState {
  // Reports are rarer than milliseconds: one that begins anew begins above where it was.
  const sequence = Math.floor(nowMs);
  return { region, incarnation, sequence, sent: [], echo: null, holds: [], peaks: {} };
}

/** The next report. What is done or over is given back by it. */
export function linkReport(
  before: LinkState,
  look: RegionLook,
  nowMs: number,
): { readonly state: LinkState; readonly report: RegionReport } {
  const holds = before.holds.filter(
    ({ grant, untilMs }) => nowMs < untilMs && !isDone(grant, look),
  );
  const peaks: Record<string, LinkState['peaks'][string]> = {};
  for (const { name, demand, wanted } of look.services) {
    peaks[name] = withPeak(before.peaks[name] ?? [{ atMs: nowMs, most: demand }], wanted, nowMs);
  }
  const sequence = before.sequence + 1;
  const sent = [...before.sent, { sequence, atMs: nowMs }].slice(-SENT_MAX);
  const state = { ...before, holds, peaks, sequence, sent };
  const services = look.services.map((one) => ({
    ...one,
    peak: Math.max(...(peaks[one.name] ?? []).map(({ most }) => most)),
  }));
  const { region, incarnation, echo } = before;
  return {
    state,
    report: {
      region,
      incarnation,
      sequence,
      echo,
      holds: holds.map(({ grant }) => grant.id),
      services,
      isHealthy: look.isHealthy,
      wantsWave: look.wantsWave,
    },
  };
}

/** What came back. One that is not for this incarnation, or older than the last, is nothing. */
export function linkAnswered(
  state: LinkState,
  answer: CoordinatorAnswer,
  nowMs: number,
): LinkState {
  const { incarnation, echo, grants } = answer;
  const sent = state.sent.find(({ sequence }) => sequence === echo.sequence);
  if (incarnation !== state.incarnation || sent === undefined) return state;
  if (state.echo !== null && echo.sequence <= state.echo.sequence) return state;
  const holds = grants.flatMap((grant) => {
    const untilMs = sent.atMs + grant.forMs;
    return untilMs > nowMs ? [{ grant, untilMs }] : [];
  });
  return { ...state, echo, holds: [...state.holds, ...holds] };
}

/** What is held now. */
export function linkHolds(state: LinkState, nowMs: number): LinkState['holds'] {
  return state.holds.filter(({ untilMs }) => nowMs < untilMs);
}

/** Every service is where it may go, or does not want to go there any more, and all who leave have left. */
function isDone({ kind, floors }: Grant, look: RegionLook): boolean {
  const { services, isCalm, wantsWave } = look;
  if (kind === 'wave') return !wantsWave;
  if (!isCalm) return false;
  return Object.entries(floors).every(([name, floor]) => {
    const service = services.find((one) => one.name === name);
    if (service === undefined) return true;
    return service.demand <= floor || service.wanted >= service.demand;
  });
}

function withPeak(
  list: LinkState['peaks'][string],
  wanted: number,
  nowMs: number,
): LinkState['peaks'][string] {
  const kept = list.filter(({ atMs }) => nowMs - atMs <= PEAK_WINDOW_MS);
  const last = kept.at(-1);
  if (last === undefined || nowMs - last.atMs >= PEAK_BUCKET_MS) {
    return [...kept, { atMs: nowMs, most: wanted }];
  }
  return [...kept.slice(0, -1), { atMs: last.atMs, most: Math.max(last.most, wanted) }];
}
