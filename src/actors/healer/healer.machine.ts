/**
 * Heals a service: it replaces who is ill, takes out of the traffic who fails its callers, fences who
 * answers though it has ended, and blames keys and revisions before members. It keeps its hands off
 * when too many are ill, when what ails them is not theirs, and when it sees too little. Pure.
 *
 *                     more than max(1, maxUnhealthy) ill, or all end alike
 *   healthy ⇄ remedying ────────────────────────────────────────────▶ panic ─▶ healthy, when it is less
 *      └────────┴── most were not seen of late ──▶ blind ─▶ healthy, when they are seen
 *
 * In panic and blind nothing is replaced and nobody is ejected; who is out is still let back in, zombies
 * are fenced, and poison is frozen: none of these takes anything away. Who ended by itself is restarted
 * by placement, with backoff, and not here.
 */

import { compareText } from '../arithmetic/compare-text.ts';
import { type ControllerStep, INTENT_EXPIRES_MS } from '../protocol/controller-step.ts';
import type { FailureView, InstanceView, ServiceView } from '../protocol/fleet-view.ts';
import type { SlotId } from '../protocol/identity.ts';
import type { Act, Input, Intent } from '../protocol/intent.ts';
import { indexOf } from '../protocol/pass-index.ts';
import {
  type BanMemory,
  HEALER_START,
  type HealerState,
  KEYS_MAX,
  type RemedyMemory,
} from './healer-state.ts';
import { flapsSeen, type Member, membersOf, remediesSeen } from './member-health.ts';
import { type Blame, KEY_WINDOW_MS, poisonBlame } from './poison-blame.ts';
import { type RemedyVerdict, remedyVerdict } from './remedy-limit.ts';
import { type TrafficStep, trafficStep } from './traffic-ejection.ts';

/**
 * After so long a frozen key is tried again, if no operator has released it before. Longer: the poison is
 * surely gone, and so is the key's service meanwhile. It costs two members each time. Milliseconds.
 */
export const KEY_RELEASE_MS = 86_400_000;
/**
 * Between two looks at the traffic of a service in which all are well. Longer: failing members are found
 * later. Shorter: calm services cost more passes. Milliseconds.
 */
const CALM_LOOK_MS = 2000;
/** Share of the instances that are not seen of late, above which the healer is what is ill. */
const BLIND_SHARE = 0.5;
/** So many members that end alike at least are no bad luck, however small the service. */
const ALIKE_MIN = 3;

/** One pass. */
export function healerStep(
  state: HealerState,
  { view }: { readonly view: ServiceView },
): ControllerStep<HealerState> {
  const keys = bansSeen(view.nowMs, state.keys, view.quarantinedKeys);
  const blocked = view.revisions.filter(({ isBlocked }) => isBlocked).map(({ id }) => id);
  const known = new Set(view.revisions.map(({ id }) => id));
  const bans = bansSeen(view.nowMs, state.revisions, blocked);
  const revisions = Object.fromEntries(Object.entries(bans).filter(([id]) => known.has(id)));
  const blames = blamesOf(view, keys, revisions);
  const blind = blindness(view);
  const common = blames.find((blame) => blame.kind === 'common') ?? null;
  const flaps = flapsSeen(view, state.flaps);
  const seen = remediesSeen(view, state.remedies);

  // Whom callers find slow again is known only after a look at the traffic, which needs to know whether
  // too many are ill: so it is asked what it would say of the others first.
  const health = { remedies: seen, flaps };
  const others = membersOf(view, health, new Map());
  const first = verdictOf(view, others, blind);
  const maySuspect = blind === null && common === null && first.kind === 'remedy';
  const traffic = trafficStep(view, state, maySuspect);
  const isSame = traffic.slowAgain.size === 0;
  const members = isSame ? others : membersOf(view, health, traffic.slowAgain);
  const verdict = isSame ? first : verdictOf(view, members, blind);
  const cured = verdict.kind === 'remedy' && common === null ? curable(members, verdict) : [];

  const remedies = remediesAsked(seen, cured);
  const { ejections, slow } = traffic;
  const status = statusOf(members, verdict, cured, { blind, common });
  return {
    state: { status, remedies, ejections, slow, flaps, keys, revisions },
    intents: [
      ...urgentIntents(view, blames, keys),
      ...trafficIntents(view, traffic),
      ...cured.map((member) => replaceIntent(view, member, members)),
    ],
    againMs: view.nowMs + (isCalm({ status, ejections, slow }) ? CALM_LOOK_MS : 0),
  };
}

/** Nobody is ill, out, or suspected: only what callers see can change that unheard. */
function isCalm({
  status,
  ejections,
  slow,
}: Pick<HealerState, 'status' | 'ejections' | 'slow'>): boolean {
  const isEmpty = (record: object): boolean => Object.keys(record).length === 0;
  return status === HEALER_START.status && isEmpty(ejections) && isEmpty(slow);
}

/** Who is proposed now; who was and is not any more has recovered, or has to wait. */
function remediesAsked(
  seen: HealerState['remedies'],
  cured: readonly Member[],
): HealerState['remedies'] {
  const asked = new Map(cured.map(({ id, instance }) => [id, instance?.id ?? null]));
  const after: Record<SlotId, RemedyMemory> = {};
  for (const [id, memory] of Object.entries(seen)) {
    const target = asked.get(id) ?? null;
    if (target !== null || memory.count > 0) after[id] = { ...memory, target };
  }
  for (const [id, target] of asked) {
    after[id] ??= { count: 0, lastMs: 0, target, isOpen: false };
  }
  return after;
}

/** Ends from before a ban was lifted count no more: somebody has said that it may be tried again. */
function blamesOf(
  view: ServiceView,
  keys: HealerState['keys'],
  revisions: HealerState['revisions'],
): readonly Blame[] {
  const counts = ({ key, revision, atMs }: FailureView): boolean =>
    atMs > (keys[key ?? '']?.liftedMs ?? -1) && atMs > (revisions[revision]?.liftedMs ?? -1);
  const { failures, slots, goal, spec, nowMs } = view;
  const share = Math.ceil(slots.length * spec.heal.maxUnhealthy);
  return poisonBlame({
    failures: failures.filter(counts),
    slots,
    stable: goal.stable,
    many: Math.max(ALIKE_MIN, share + 1),
    nowMs,
  });
}

/** What is banned now, since when, and what is no more: remembered until it can be no evidence. */
function bansSeen(
  nowMs: number,
  before: Readonly<Record<string, BanMemory>>,
  banned: readonly string[],
): Readonly<Record<string, BanMemory>> {
  const now = new Set(banned);
  const after: [string, BanMemory][] = [];
  for (const [name, memory] of Object.entries(before)) {
    if (now.has(name)) continue;
    const liftedMs = memory.liftedMs ?? nowMs;
    if (nowMs - liftedMs <= KEY_WINDOW_MS) after.push([name, { ...memory, liftedMs }]);
  }
  for (const name of now) {
    const memory = before[name];
    const isNew = memory === undefined || memory.liftedMs !== null;
    after.push([name, isNew ? { sinceMs: nowMs, liftedMs: null } : memory]);
  }
  return Object.fromEntries(after.slice(-KEYS_MAX));
}

/** Too few are seen: that says something about the looking, and nothing about them. */
function blindness({ instances, nowMs, maxStalenessMs }: ServiceView): string | null {
  const live = instances.filter(({ state }) => state !== 'stopped' && state !== 'failed');
  const unseen = live.filter(
    ({ state, seenMs }) => state === 'unknown' || nowMs - seenMs > maxStalenessMs,
  ).length;
  if (unseen === 0 || unseen <= live.length * BLIND_SHARE) return null;
  return `${unseen} of ${live.length} instances were not seen for ${maxStalenessMs} ms`;
}

function verdictOf(
  { spec }: ServiceView,
  members: readonly Member[],
  blind: string | null,
): RemedyVerdict {
  return remedyVerdict(members, spec.heal, blind !== null);
}

/** As many as the limit has room for, of those whom it helps; and those whose new one failed, too. */
function curable(
  members: readonly Member[],
  verdict: Extract<RemedyVerdict, { kind: 'remedy' }>,
): readonly Member[] {
  const wanted = new Set([...verdict.ids, ...verdict.waiting]);
  const isFrozen = ({ domain }: Member): boolean => verdict.failedDomains.includes(domain);
  const ill = members
    .filter(({ id, isCurable }) => isCurable && wanted.has(id))
    .toSorted((a, b) => compareText(a.id, b.id));
  const stuck = members
    .filter((member) => member.isRemedied && member.isCurable && !isFrozen(member))
    .toSorted((a, b) => compareText(a.id, b.id));
  return [...stuck, ...ill.slice(0, verdict.ids.length)];
}

function statusOf(
  members: readonly Member[],
  verdict: RemedyVerdict,
  cured: readonly Member[],
  {
    blind,
    common,
  }: { readonly blind: string | null; readonly common: { readonly why: string } | null },
): string {
  if (blind !== null) return `blind: ${blind}`;
  if (verdict.kind === 'panic') return `panic: ${verdict.why}`;
  if (common !== null) return `panic: ${common.why}`;
  const [domain] = verdict.failedDomains;
  const failed = domain === undefined ? '' : `; ${domain} has failed as a whole and is left alone`;
  const isTreated = new Set(cured.map(({ id }) => id));
  const under = members.filter(({ id, isRemedied }) => isRemedied || isTreated.has(id)).length;
  const ill = members.filter(({ isUnhealthy }) => isUnhealthy).length;
  if (under > 0) return `remedying ${under}; ${ill} of ${members.length} are ill${failed}`;
  if (ill > 0) return `watching ${ill} that cannot be helped here${failed}`;
  return `healthy${failed}`;
}

/** What takes nothing away from anybody: it is done in panic, too. */
function urgentIntents(
  view: ServiceView,
  blames: readonly Blame[],
  keys: HealerState['keys'],
): readonly Intent[] {
  const fences = view.zombies.toSorted(compareText).map((instance) =>
    intentOf(view, { kind: 'fence', instance }, 'safety', {
      why: `${instance} has ended, by the agent's word, and answers`,
      inputs: [],
      alternatives: [],
    }),
  );
  return [...fences, ...blames.flatMap((blame) => blameIntents(view, blame)), ...releases()];

  function releases(): readonly Intent[] {
    return view.quarantinedKeys.toSorted(compareText).flatMap((key) => {
      const frozenMs = view.nowMs - (keys[key]?.sinceMs ?? view.nowMs);
      if (frozenMs < KEY_RELEASE_MS) return [];
      const why = `${key} has been frozen for ${frozenMs} ms and is tried again`;
      const alternatives = ['keep it frozen: nobody has looked at it'];
      return [
        intentOf(view, { kind: 'releaseKey', key }, 'heal', { why, inputs: [], alternatives }),
      ];
    });
  }
}

function blameIntents(view: ServiceView, blame: Blame): readonly Intent[] {
  const inputs = [{ name: 'failures', value: String(view.failures.length), ageMs: 0 }];
  switch (blame.kind) {
    case 'key': {
      const { key, why } = blame;
      const isFull = view.quarantinedKeys.length >= KEYS_MAX;
      if (isFull || view.quarantinedKeys.includes(key)) return [];
      const alternatives = ['move it: the next member would end, too'];
      const act = { kind: 'quarantineKey', key } as const;
      return [intentOf(view, act, 'safety', { why, inputs, alternatives })];
    }
    case 'revision': {
      const { revision, why } = blame;
      const found = view.revisions.find(({ id }) => id === revision);
      if (found === undefined || found.isBlocked) return [];
      const alternatives = ['replace its members: they would end alike'];
      const act = { kind: 'blockRevision', revision, reason: why } as const;
      return [intentOf(view, act, 'heal', { why, inputs, alternatives })];
    }
    case 'common':
      return [];
  }
}

function trafficIntents(view: ServiceView, { eject, readmit }: TrafficStep): readonly Intent[] {
  const { byId } = indexOf(view);
  const because = (id: string, why: string, alternative: string) => {
    const inputs = inputsOf(view, byId.get(id) ?? null);
    return { why, inputs, alternatives: [alternative] };
  };
  return [
    ...readmit.map(({ id, why }) =>
      intentOf(
        view,
        { kind: 'readmit', instance: id },
        'safety',
        because(id, why, 'keep it out: nobody would know whether it is well'),
      ),
    ),
    ...eject.map(({ id, why }) =>
      intentOf(
        view,
        { kind: 'eject', instance: id },
        'heal',
        because(id, why, 'replace it: its process may be well'),
      ),
    ),
  ];
}

function replaceIntent(view: ServiceView, member: Member, members: readonly Member[]): Intent {
  const { slot, instance, cause } = member;
  const act = {
    kind: 'replace',
    slot: slot.id,
    instance: instance?.id ?? '',
    revision: slot.revision,
  } as const;
  const ill = members.filter(({ isUnhealthy }) => isUnhealthy).length;
  const inputs = [
    ...inputsOf(view, instance),
    { name: 'ill', value: `${ill} of ${members.length}`, ageMs: 0 },
  ];
  return intentOf(view, act, 'heal', {
    why: `${instance?.id ?? slot.id}: ${cause ?? 'its replacement is not well either'}`,
    inputs,
    alternatives: ['wait: it may recover by itself'],
  });
}

function inputsOf({ nowMs }: ServiceView, instance: InstanceView | null): readonly Input[] {
  if (instance === null) return [];
  return [{ name: instance.id, value: instance.state, ageMs: nowMs - instance.seenMs }];
}

function intentOf(
  view: ServiceView,
  act: Act,
  priority: 'safety' | 'heal',
  because: Pick<Intent, 'why' | 'inputs' | 'alternatives'>,
): Intent {
  const expiresMs = view.nowMs + INTENT_EXPIRES_MS;
  return { who: 'healer', service: view.name, act, priority, ...because, expiresMs };
}
