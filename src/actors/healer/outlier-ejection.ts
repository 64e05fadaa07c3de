/**
 * Which members are taken out of the traffic for a while, by what their callers see: errors in a row, or
 * a success rate that lies too far below the others'. Never more than a share of them, since what ails
 * many is not the members. Pure; the figures are of one interval. As Envoy's outlier detection names it.
 */

/** What callers saw of one member. */
export type MemberTraffic = {
  readonly id: string;
  readonly requests: number;
  readonly errors: number;
  readonly consecutiveErrors: number;
};

/** How often a member was ejected, and until when it is; monotonic milliseconds. */
export type Ejection = { readonly times: number; readonly untilMs: number };

/** Knobs; see `heal.ejection` of the fleet specification. */
export type EjectionConfig = {
  readonly consecutiveErrors: number;
  readonly deviations: number;
  readonly minMembers: number;
  readonly minRequests: number;
  /** Milliseconds; times how often it was ejected. */
  readonly time: number;
  /** Share of the members, at least one. */
  readonly maxEjected: number;
};

/** Who is out after this look, and why those who are new. */
export type EjectionStep = {
  readonly ejections: ReadonlyMap<string, Ejection>;
  readonly ejected: readonly { readonly id: string; readonly why: string }[];
  /** Whose time is over. They may be ejected again, for longer. */
  readonly readmitted: readonly string[];
  /** Who should be out, but too many are. */
  readonly spared: readonly string[];
};

/** Ejections that are held against a member at most: its times out do not grow for ever. */
const TIMES_MAX = 20;

/** So many of so many members may be out at once. */
export function ejectedMax(
  count: number,
  { maxEjected }: Pick<EjectionConfig, 'maxEjected'>,
): number {
  return Math.max(1, Math.floor(count * maxEjected));
}

/** One look at all members. Who is no member any more is forgotten. */
export function ejectionStep(
  members: readonly MemberTraffic[],
  before: ReadonlyMap<string, Ejection>,
  config: EjectionConfig,
  nowMs: number,
): EjectionStep {
  const ids = new Set(members.map(({ id }) => id));
  const ejections = new Map([...before].filter(([id]) => ids.has(id)));
  const readmitted: string[] = [];
  const isOut = (id: string): boolean => (before.get(id)?.untilMs ?? 0) > nowMs && ids.has(id);
  for (const [id, { times, untilMs }] of ejections) {
    if (untilMs > nowMs || untilMs === 0) continue;
    ejections.set(id, { times, untilMs: 0 });
    readmitted.push(id);
  }
  const inTraffic = members.filter(({ id }) => !isOut(id));
  let room = ejectedMax(members.length, config) - (members.length - inTraffic.length);
  const ejected: { id: string; why: string }[] = [];
  const spared: string[] = [];
  for (const { id, why } of suspects(inTraffic, config)) {
    if (room <= 0) {
      spared.push(id);
      continue;
    }
    room--;
    const times = Math.min(TIMES_MAX, (ejections.get(id)?.times ?? 0) + 1);
    ejections.set(id, { times, untilMs: nowMs + times * config.time });
    ejected.push({ id, why });
  }
  return {
    ejections,
    ejected,
    readmitted: readmitted.filter((id) => !ejected.some((one) => one.id === id)),
    spared,
  };
}

/** The worst first; of equal ones the first by name, so that the order of the input is nothing. */
function suspects(
  members: readonly MemberTraffic[],
  config: EjectionConfig,
): readonly { readonly id: string; readonly why: string }[] {
  const found = new Map<string, { readonly why: string; readonly rate: number }>();
  const compared = members.filter(({ requests }) => requests >= config.minRequests);
  const threshold = rateThreshold(compared, config);
  for (const member of members) {
    const rate = successRate(member);
    if (member.consecutiveErrors >= config.consecutiveErrors) {
      found.set(member.id, { why: `${member.consecutiveErrors} errors in a row`, rate });
    } else if (
      threshold !== null &&
      member.requests >= config.minRequests &&
      rate < threshold(member.requests)
    ) {
      const least = threshold(member.requests);
      const why = `success rate ${percent(rate)}; the others' allow ${percent(least)}`;
      found.set(member.id, { why, rate });
    }
  }
  return [...found]
    .toSorted(([a, one], [b, other]) => one.rate - other.rate || (a < b ? -1 : 1))
    .map(([id, { why }]) => ({ id, why }));
}

/**
 * Mean less so many standard deviations; null: too few can be compared. Of many members one is always
 * the worst: it also has to lack more than chance takes from one with so many requests. Envoy asks for
 * the deviations only, and in calm traffic ejects whoever is unlucky.
 */
function rateThreshold(
  members: readonly MemberTraffic[],
  { minMembers, deviations }: EjectionConfig,
): ((requests: number) => number) | null {
  if (members.length < minMembers) return null;
  const rates = members.map(successRate);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance =
    rates.reduce((sum, rate) => sum + (rate - mean) * (rate - mean), 0) / rates.length;
  const far = mean - deviations * Math.sqrt(variance);
  // With hardly an error among all of them the spread of a share says little: at least one in requests.
  return (requests) => {
    const share = Math.max(mean * (1 - mean), 1 / requests);
    return Math.min(far, mean - CHANCE_DEVIATIONS * Math.sqrt(share / requests));
  };
}

/**
 * Standard deviations of a share of so many requests. Range: 3 to 6. Higher: a member that is a little
 * worse stays. Lower: with a look each second, somebody is unlucky every few minutes.
 */
const CHANCE_DEVIATIONS = 5;

function successRate({ requests, errors }: MemberTraffic): number {
  return requests === 0 ? 1 : (requests - errors) / requests;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
