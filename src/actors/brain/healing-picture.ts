/**
 * What the healer makes of a service, for people: who is unwell, what is done about each and what that
 * waits for, how much of each limit is used, and what was given up until somebody looks. By the same rules
 * as the healer's own, from its state after its last pass; metrics are not read. It decides nothing. Pure.
 */
import { DisruptionBudget } from '../arbiter/disruption-budget.ts';
import { restartDelayMs } from '../arithmetic/restart-delay.ts';
import { KEY_RELEASE_MS } from '../healer/healer.machine.ts';
import { HEALER_START, type HealerState } from '../healer/healer-state.ts';
import { type Member, membersOf } from '../healer/member-health.ts';
import { ejectedMax } from '../healer/outlier-ejection.ts';
import { remedyLimits, remedyVerdict } from '../healer/remedy-limit.ts';
import type { InstanceView, ServiceView } from '../protocol/fleet-view.ts';

/**
 * What is done about one: `replacing`; `next`: its replacement is proposed now; `queued`: others are being
 * replaced; `backoff`: it was replaced before, and not again before its time; `restarting`: it has ended,
 * and is started again after its time; `asking`: nobody sees it, and the agent has to say; `blocked`: its
 * revision was given up; `spared`: too many are unwell, its zone has failed, or nothing may be done;
 * `watched`: it is given time to recover.
 */
export type Treatment =
  | 'replacing'
  | 'next'
  | 'queued'
  | 'backoff'
  | 'restarting'
  | 'asking'
  | 'blocked'
  | 'spared'
  | 'watched';

/** One that is not well. */
export type UnwellMember = {
  readonly slot: string;
  readonly zone: string;
  /** Null: nobody is there. */
  readonly instance: string | null;
  readonly state: string | null;
  /** Milliseconds in that state. */
  readonly forMs: number | null;
  readonly cause: string;
  readonly treatment: Treatment;
  /** Milliseconds until the next of it; null: no time ends this wait. */
  readonly waitMs: number | null;
  /** Ends in a row, or replacements in a row: whichever it is treated for. */
  readonly times: number;
};

/** All of it. Lists have `LISTED_MAX` elements at most; counts are of all. */
export type HealingPicture = {
  readonly mode: 'healthy' | 'remedying' | 'watching' | 'panic' | 'blind';
  /** The healer's own sentence. */
  readonly status: string;
  readonly unwell: readonly UnwellMember[];
  readonly counts: {
    readonly members: number;
    readonly unwell: number;
    /** Of more, nobody is replaced: it is not the members. */
    readonly unwellMax: number;
    readonly remedied: number;
    readonly remediedMax: number;
    readonly ejected: number;
    readonly ejectedMax: number;
  };
  /** Instances that may be taken away now by the disruption budget; why no more, and what ends that. */
  readonly spare: { readonly count: number; readonly why: string; readonly unblock: string };
  readonly ejections: readonly {
    readonly instance: string;
    readonly why: string;
    readonly times: number;
    /** Milliseconds until it may come back. */
    readonly leftMs: number;
  }[];
  /** Keys that nobody answers for. `triedMs`: until it is tried again by itself. */
  readonly keys: readonly {
    readonly key: string;
    readonly forMs: number;
    readonly triedMs: number;
    readonly ends: number;
    readonly signature: string | null;
  }[];
  readonly keysCount: number;
};

/** Elements of one list. More are counted, and a service's own view has them. */
const LISTED_MAX = 100;

/** `healer`: null: it has not begun. */
export function healingPicture(view: ServiceView, healer: HealerState | null): HealingPicture {
  const state = healer ?? HEALER_START;
  const members = membersOf(view, state, new Map());
  const { heal } = view.spec;
  const limits = remedyLimits(members.length, heal);
  const ejected = view.instances.filter(({ isEjected, isGoing }) => isEjected && !isGoing);
  const inTraffic = view.instances.filter(({ isGoing }) => !isGoing).length;
  const ill = members.filter(({ isUnhealthy }) => isUnhealthy);
  return {
    mode: modeOf(state.status),
    status: state.status,
    unwell: [...treated(view, state, members), ...watched(view, state, ill)].slice(0, LISTED_MAX),
    counts: {
      members: members.length,
      unwell: ill.length,
      unwellMax: limits.unhealthyMax,
      remedied: members.filter(({ isRemedied }) => isRemedied).length,
      remediedMax: limits.remediedMax,
      ejected: ejected.length,
      ejectedMax: ejectedMax(inTraffic, heal.ejection),
    },
    spare: spareOf(view),
    ejections: ejected.slice(0, LISTED_MAX).map(({ id }) => {
      const { why = 'it was out already', times = 1, untilMs = 0 } = state.ejections[id] ?? {};
      return { instance: id, why, times, leftMs: Math.max(0, untilMs - view.nowMs) };
    }),
    keys: view.quarantinedKeys.slice(0, LISTED_MAX).map((key) => keyOf(view, state, key)),
    keysCount: view.quarantinedKeys.length,
  };
}

function modeOf(status: string): HealingPicture['mode'] {
  const [word] = status.split(/[ :;]/, 1);
  return word === 'remedying' || word === 'watching' || word === 'panic' || word === 'blind'
    ? word
    : 'healthy';
}

/** The healer's members that are ill: the same order as its own, by name. */
function treated(
  view: ServiceView,
  state: HealerState,
  members: readonly Member[],
): readonly UnwellMember[] {
  const mode = modeOf(state.status);
  const verdict = remedyVerdict(members, view.spec.heal, mode === 'blind');
  const mayAct = verdict.kind === 'remedy' && mode !== 'panic' && !view.isFrozen;
  const room = verdict.kind === 'remedy' ? verdict.ids.length : 0;
  const blocked = new Set(view.revisions.filter((one) => one.isBlocked).map(({ id }) => id));
  let proposed = 0;
  const treatmentOf = (member: Member): Treatment => {
    const { instance, domain, slot, isCurable, isRemedied } = member;
    if (isRemedied && !isCurable) return 'replacing';
    if (isCurable) {
      if (!mayAct || verdict.failedDomains.includes(domain)) return 'spared';
      return isRemedied || proposed++ < room ? 'next' : 'queued';
    }
    if (instance !== null && isUnseen(view, instance)) return 'asking';
    if (blocked.has(slot.revision)) return 'blocked';
    const isUp = instance?.state === 'ready' || instance?.state === 'unready';
    return isUp || instance?.isFailing === true ? 'backoff' : 'restarting';
  };
  return members
    .filter(({ isUnhealthy }) => isUnhealthy)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((member) => unwellOf(view, state, member, treatmentOf(member)));
}

function unwellOf(
  { nowMs, spec }: ServiceView,
  { remedies }: HealerState,
  { slot, instance, cause }: Member,
  treatment: Treatment,
): UnwellMember {
  const { count = 0, lastMs = nowMs } = remedies[slot.id] ?? {};
  const isRestarting = treatment === 'restarting';
  const untilMs = isRestarting
    ? slot.notBeforeMs
    : lastMs + restartDelayMs(count + 1, spec.heal.backoff);
  const hasWait = isRestarting || treatment === 'backoff';
  return {
    ...placeOf(slot, instance, nowMs),
    cause: cause ?? 'another one takes its place',
    treatment,
    waitMs: hasWait ? Math.max(0, untilMs - nowMs) : null,
    times: isRestarting ? slot.ends : count,
  };
}

function placeOf(
  { id, zone }: Pick<InstanceView, 'id' | 'zone'>,
  instance: InstanceView | null,
  nowMs: number,
): Pick<UnwellMember, 'slot' | 'zone' | 'instance' | 'state' | 'forMs'> {
  const { id: name = null, state = null } = instance ?? {};
  const forMs = instance === null ? null : Math.max(0, nowMs - instance.sinceMs);
  return { slot: id, zone, instance: name, state, forMs };
}

/** Unready or slow, and not for so long that anything is done. */
function watched(
  view: ServiceView,
  { slow }: HealerState,
  ill: readonly Member[],
): readonly UnwellMember[] {
  const { nowMs, spec } = view;
  const isIll = new Set(ill.flatMap(({ instance }) => instance?.id ?? []));
  return view.instances.flatMap((one): UnwellMember[] => {
    const { id, slot, zone, state, sinceMs, isGoing, isEjected } = one;
    if (isIll.has(id) || isGoing || isEjected || isUnseen(view, one)) return [];
    const slowMs = slow[id]?.sinceMs ?? null;
    const until =
      state === 'unready'
        ? { cause: 'it is unready', atMs: sinceMs + spec.heal.unreadyFor }
        : state === 'ready' && slowMs !== null
          ? { cause: 'it is slower than its peers', atMs: slowMs + spec.heal.slow.sustain }
          : null;
    if (until === null) return [];
    const waitMs = Math.max(0, until.atMs - nowMs);
    const place = placeOf({ id: slot, zone }, one, nowMs);
    return [{ ...place, cause: until.cause, treatment: 'watched', waitMs, times: 0 }];
  });
}

function isUnseen({ nowMs, maxStalenessMs }: ServiceView, one: InstanceView): boolean {
  return one.state === 'unknown' || nowMs - one.seenMs > maxStalenessMs;
}

/** One after the other is taken away, in thought, until the budget says no. */
function spareOf(view: ServiceView): HealingPicture['spare'] {
  const budget = new DisruptionBudget(view);
  let count = 0;
  let last = { why: '', unblock: '' };
  for (const one of view.instances) {
    if (one.state !== 'ready' || one.isGoing || one.isEjected) continue;
    const verdict = budget.verdict(one, null);
    if (verdict.kind === 'admitted') {
      budget.charge(one);
      count++;
    } else if (last.why === '') last = { why: verdict.why, unblock: verdict.unblock };
  }
  return { count, ...last };
}

function keyOf({ nowMs, failures }: ServiceView, { keys }: HealerState, key: string) {
  const own = failures.filter((one) => one.key === key);
  const forMs = nowMs - (keys[key]?.sinceMs ?? nowMs);
  const triedMs = Math.max(0, KEY_RELEASE_MS - forMs);
  return { key, forMs, triedMs, ends: own.length, signature: own.at(-1)?.signature ?? null };
}
