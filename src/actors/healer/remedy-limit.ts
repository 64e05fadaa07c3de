/**
 * How many members may be remedied at once, and when none may: what makes many of them unhealthy is not
 * the members, and replacing them one by one would finish what it began. An identified failed domain (a
 * zone that is gone) does not count against the others, and is left alone itself. Pure.
 */

/** One member. */
export type MemberHealth = {
  readonly id: string;
  /** Zone, or whatever fails together. */
  readonly domain: string;
  readonly isUnhealthy: boolean;
  /** It is being replaced or restarted. */
  readonly isRemedied: boolean;
};

/** Knobs; shares of 1. See `heal` of the fleet specification. */
export type RemedyConfig = {
  readonly maxUnhealthy: number;
  readonly remedyMax: number;
};

/** Who is remedied now. */
export type RemedyVerdict =
  | {
      readonly kind: 'remedy';
      /** In the order of their names. */
      readonly ids: readonly string[];
      /** Unhealthy, but enough are being remedied. */
      readonly waiting: readonly string[];
      readonly failedDomains: readonly string[];
    }
  | {
      readonly kind: 'panic';
      readonly why: string;
      readonly failedDomains: readonly string[];
    };

/** Share of a domain that is unhealthy, from which the domain is what has failed. */
const DOMAIN_FAILED_SHARE = 0.75;
/** Members that a domain needs for that to mean anything. */
const DOMAIN_MEMBERS_MIN = 2;

/** Of so many members: how many may be ill before nobody is remedied, and how many are so at once. */
export function remedyLimits(
  count: number,
  { maxUnhealthy, remedyMax }: RemedyConfig,
): { readonly unhealthyMax: number; readonly remediedMax: number } {
  return {
    unhealthyMax: Math.max(1, Math.ceil(count * maxUnhealthy)),
    remediedMax: Math.max(1, Math.floor(count * remedyMax)),
  };
}

/** One look at all members. `isBlind`: nobody is seen, so nobody is known to be ill. */
export function remedyVerdict(
  members: readonly MemberHealth[],
  config: RemedyConfig,
  isBlind: boolean,
): RemedyVerdict {
  if (isBlind) {
    return {
      kind: 'panic',
      why: 'the healer sees nobody: that is no evidence of illness',
      failedDomains: [],
    };
  }
  const failedDomains = domainsThatFailed(members);
  const counted = members.filter(({ domain }) => !failedDomains.includes(domain));
  const unhealthy = counted.filter(({ isUnhealthy }) => isUnhealthy);
  const { unhealthyMax, remediedMax } = remedyLimits(members.length, config);
  if (unhealthy.length > unhealthyMax) {
    const share = `${unhealthy.length} of ${members.length} are unhealthy, more than ${unhealthyMax}`;
    const why = `${share}: it is not the members`;
    return { kind: 'panic', why, failedDomains };
  }
  const underWay = members.filter(({ isRemedied }) => isRemedied).length;
  const wanted = unhealthy
    .filter(({ isRemedied }) => !isRemedied)
    .map(({ id }) => id)
    .toSorted();
  const room = Math.max(0, remediedMax - underWay);
  return { kind: 'remedy', ids: wanted.slice(0, room), waiting: wanted.slice(room), failedDomains };
}

/** Domains that failed as a whole, while another one stands: with none left, nobody can tell. */
function domainsThatFailed(members: readonly MemberHealth[]): readonly string[] {
  const domains = groupedByDomain(members);
  const failed = [...domains].filter(([, list]) => {
    const ill = list.filter(({ isUnhealthy }) => isUnhealthy).length;
    return list.length >= DOMAIN_MEMBERS_MIN && ill / list.length >= DOMAIN_FAILED_SHARE;
  });
  // Several at once are no identified domain any more.
  return failed.length === 1 && domains.size > 1 ? failed.map(([domain]) => domain) : [];
}

function groupedByDomain(
  members: readonly MemberHealth[],
): ReadonlyMap<string, readonly MemberHealth[]> {
  const domains = new Map<string, MemberHealth[]>();
  for (const member of members) {
    const list = domains.get(member.domain);
    if (list === undefined) domains.set(member.domain, [member]);
    else list.push(member);
  }
  return domains;
}
