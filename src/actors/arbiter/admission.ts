/**
 * Admits intents of one service in one pass: in the order of their priority, each by the same rules,
 * each admitted one counted before the next is looked at. Adding capacity needs no budget; taking away
 * needs a fresh look, a ring that everybody has heard of, and room in the budget. Pure: the same view
 * and the same intents, in any order, give the same decisions.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { ADMITTED, type Decision, type Rule, type Verdict } from '../protocol/decision.ts';
import { type InstanceView, ownsData, type ServiceView } from '../protocol/fleet-view.ts';
import type { InstanceId } from '../protocol/identity.ts';
import {
  type Act,
  type ControllerKind,
  type Intent,
  isDisruptive,
  PRIORITIES,
  type Priority,
  targetOf,
} from '../protocol/intent.ts';
import { indexOf } from '../protocol/pass-index.ts';
import { DisruptionBudget } from './disruption-budget.ts';
import { dualVerdict } from './dual-guard.ts';
import { waveVerdict } from './policy-wave.ts';
import { ringVerdict } from './ring-guard.ts';

/** Who may propose what: each field of a goal has one owner, beside the operator. */
const OWNERS: Readonly<Record<Act['kind'], readonly ControllerKind[]>> = {
  setDemand: ['autoscaler', 'region'],
  takePolicy: ['region'],
  setTarget: ['rollout'],
  setSplit: ['rollout'],
  setStable: ['rollout'],
  replace: ['rollout', 'healer'],
  stop: ['rollout', 'healer', 'placement'],
  start: ['rollout', 'placement'],
  keep: ['placement'],
  eject: ['healer'],
  readmit: ['healer'],
  fence: ['healer'],
  quarantineKey: ['healer'],
  releaseKey: ['healer'],
  publishRing: ['hashring'],
  prepareRing: ['hashring'],
  cutOver: ['hashring'],
  blockRevision: ['rollout', 'healer'],
  unblockRevision: ['rollout'],
};

/** How urgent a controller may call what it wants: who says safety passes a freeze. */
const CLAIMS: Readonly<Record<ControllerKind, readonly Priority[]>> = {
  operator: PRIORITIES,
  rollout: ['rollback', 'rollout'],
  hashring: ['safety', 'shrink', 'rebalance'],
  autoscaler: ['safety', 'shrink'],
  healer: ['safety', 'heal'],
  region: ['safety', 'rollout', 'shrink'],
  placement: ['safety', 'rollback', 'rollout', 'shrink'],
};

/**
 * Decides on all of them. Intents of other services are not for this view. `taken`: what was decided on
 * in this pass before; added to. `pace`: acts on slots and instances that one pass may admit.
 */
export function admit(
  view: ServiceView,
  intents: readonly Intent[],
  taken: Set<string> = new Set(),
  pace: number = Number.POSITIVE_INFINITY,
): readonly Decision[] {
  if (intents.length === 0) return [];
  const budget = new DisruptionBudget(view);
  let paced = 0;
  return inOrder(intents).flatMap((intent) => {
    // What is more is not decided on now: it is proposed again in the next pass.
    if (paced >= pace && isOfOne(intent.act)) return [];
    const verdict = verdictOn(view, intent, budget, taken);
    if (verdict.kind === 'admitted') {
      if (isOfOne(intent.act)) paced++;
      taken.add(targetOf(intent.act));
      const instance = instanceOf(view, intent.act);
      if (instance !== null && isDisruptive(intent.act)) budget.charge(instance);
      if (intent.act.kind === 'publishRing') budget.publish(intent.act.members);
      if (intent.act.kind === 'cutOver') budget.publish(view.dual?.ring?.members ?? []);
    }
    return [{ intent, verdict }];
  });
}

function verdictOn(
  view: ServiceView,
  intent: Intent,
  budget: DisruptionBudget,
  taken: ReadonlySet<string>,
): Verdict {
  const { act, who, priority } = intent;
  if (who !== 'operator' && !OWNERS[act.kind].includes(who)) {
    const owners = OWNERS[act.kind].join(' or ');
    return refused(
      'owner',
      `${act.kind} is ${owners}'s to propose, not ${who}'s`,
      'its owner proposes it',
    );
  }
  const claim = claimVerdict(view, intent);
  if (claim !== null) return claim;
  if (intent.expiresMs <= view.nowMs) {
    const late = view.nowMs - intent.expiresMs;
    return refused('expired', `it was wanted until ${late} ms ago`, 'it is proposed again');
  }
  const bounds = boundsVerdict(view, intent);
  if (bounds !== null) return bounds;
  if (taken.has(targetOf(act))) {
    const why = `${targetOf(act)} was decided on already in this pass`;
    return delayed('target', why, 'the next pass, if it is still wanted then');
  }
  if (isFrozen(view, intent)) {
    return delayed('frozen', 'the service is frozen', 'resume');
  }
  const blocked = blockedRevision(view, intent);
  if (blocked !== null) return blocked;
  const region = regionVerdict(view, intent);
  if (region !== null) return region;
  if (act.kind === 'takePolicy') return waveVerdict(view, act, who === 'operator') ?? ADMITTED;
  if (act.kind === 'publishRing') {
    return ringVerdict(view, act, (slot) => budget.isServed(slot));
  }
  if (act.kind === 'prepareRing' || act.kind === 'cutOver') {
    return dualVerdict(view, act, (slot) => budget.isServed(slot));
  }
  if (act.kind === 'start') return startVerdict(view, act);
  if (act.kind === 'fence' && view.zombies.includes(act.instance)) return ADMITTED;
  const isTaking = isDisruptive(act);
  if (!isTaking && act.kind !== 'keep' && act.kind !== 'readmit') return ADMITTED;

  const instance = instanceOf(view, act);
  if (instance === null) {
    return refused(
      'target',
      `there is no instance ${instanceIdOf(act)}`,
      'it is proposed for one that is',
    );
  }
  if (!isTaking) return ADMITTED;
  const ageMs = view.nowMs - instance.seenMs;
  if (ageMs > view.maxStalenessMs) {
    const why = `${instance.id} was last seen ${ageMs} ms ago; expected at most ${view.maxStalenessMs}`;
    return delayed('stale', why, 'it is seen again');
  }
  if (act.kind === 'replace' && act.slot !== instance.slot) {
    const why = `${act.instance} is in slot ${instance.slot}, not in ${act.slot}`;
    return refused('target', why, 'it is proposed for the slot of its instance');
  }
  const slot = indexOf(view).slots.get(instance.slot);
  if (act.kind === 'replace' && instance.isGoing && slot?.isReplacing !== true) {
    const why = `${act.instance} is on its way out, and its slot with it`;
    return refused('target', why, 'the slot is needed again');
  }
  // Somebody has named the service that is to go: nothing of it has to serve.
  if (view.isRemoved === true && act.kind === 'stop') return ADMITTED;
  if (!budget.hasSubstitute(instance)) {
    const barrier = barrierVerdict(view, act, instance);
    if (barrier !== null) return barrier;
  }
  return budget.verdict(instance, priority === 'rollback' ? instance.revision : null);
}

/** One slot has one instance that stays, and one data directory has one process. */
function startVerdict(view: ServiceView, act: Extract<Act, { kind: 'start' }>): Verdict {
  const inside = indexOf(view).bySlot.get(act.slot) ?? [];
  const other = inside.find(({ isGoing }) => !isGoing) ?? null;
  // Both those that are there and the one that is to come.
  const hasData = [act.revision, ...inside.map(({ revision }) => revision)].some((one) =>
    ownsData(view, one),
  );
  const blocking = other ?? (hasData ? (inside[0] ?? null) : null);
  if (blocking === null) return ADMITTED;
  const why = `${blocking.id} is in ${act.slot}, ${blocking.state}`;
  return delayed('target', why, 'it has ended, or is replaced');
}

/** It concerns one slot or instance, of which there may be thousands. */
function isOfOne(act: Act): boolean {
  return 'instance' in act || 'slot' in act;
}

/** What is urgent is so by what it does, not by what it is called. */
function claimVerdict({ goal }: ServiceView, { act, who, priority }: Intent): Verdict | null {
  if (who === 'operator') return null;
  const why = `${who} calls ${act.kind} a matter of ${priority}`;
  if (!CLAIMS[who].includes(priority)) {
    return refused('priority', why, `it is proposed as ${CLAIMS[who].join(' or ')}`);
  }
  if (priority === 'rollback' && act.kind === 'replace' && act.revision !== goal.stable) {
    return refused(
      'priority',
      `${why}, and ${act.revision} is not stable`,
      'it goes back to stable',
    );
  }
  const isShrinking = act.kind === 'setDemand' && act.count < goal.demand;
  const isTaking = isShrinking || act.kind === 'stop' || act.kind === 'replace';
  if (priority !== 'safety' || !isTaking) return null;
  return refused('priority', `${why}, and it takes capacity away`, 'it is proposed as what it is');
}

/** A number that is scaled by itself stays between its bounds, whoever proposes it. */
function boundsVerdict({ spec, goal }: ServiceView, { act, who }: Intent): Verdict | null {
  if (act.kind !== 'setDemand' || who === 'operator' || spec.autoscale === undefined) return null;
  const { min, max } = spec.autoscale;
  if (act.count >= min && act.count <= max) return null;
  // As far back to them as the other regions can spare.
  if (who === 'region' && act.count > max && act.count < goal.demand) return null;
  const why = `${act.count} is wanted; autoscale allows ${min} to ${max}`;
  return refused('bounds', why, 'it is within autoscale.min and autoscale.max');
}

/** With several regions, one shrinks at a time, and only while the others can carry its loss. */
function regionVerdict(view: ServiceView, { act, who }: Intent): Verdict | null {
  if (view.reservations === null || who === 'operator') return null;
  if (act.kind !== 'setDemand' || act.count >= view.goal.demand) return null;
  const floors = view.reservations
    .filter(({ kind, untilMs }) => kind === 'shrink' && untilMs > view.nowMs)
    .map((one) => (one.floors === undefined ? 0 : one.floors[view.name]))
    .filter((floor) => floor !== undefined);
  if (floors.some((floor) => act.count >= floor)) return null;
  const why =
    floors.length === 0
      ? `it would shrink region ${view.region} without a reservation`
      : `it would shrink to ${act.count} in region ${view.region}; ${Math.min(...floors)} is reserved`;
  return delayed('region', why, 'the coordinator grants this region a reservation to shrink');
}

/** Only safety and what an operator orders pass while a service is frozen. */
function isFrozen(view: ServiceView, { act, who, priority }: Intent): boolean {
  if (!view.isFrozen || who === 'operator' || priority === 'safety') return false;
  return act.kind !== 'blockRevision' && act.kind !== 'quarantineKey';
}

function blockedRevision(view: ServiceView, { act, who }: Intent): Verdict | null {
  if (who === 'operator') return null;
  const wanted = act.kind === 'start' || act.kind === 'replace' ? act.revision : null;
  const revision = view.revisions.find(({ id }) => id === wanted);
  if (revision?.isBlocked !== true) return null;
  const why = `${revision.version} was aborted and is not started again by itself`;
  return refused('blocked revision', why, 'retry, or another revision');
}

/** Nobody who owns keys is stopped before every router that counts knows another owner. */
function barrierVerdict(
  { ring, spec }: ServiceView,
  act: Act,
  instance: InstanceView,
): Verdict | null {
  // Of alike instances the next in line answers; the ring follows when the slot is gone.
  if (ring === null || act.kind !== 'stop' || spec.kind === 'stateless') return null;
  if (ring.members.includes(instance.slot)) {
    const why = `${instance.slot} owns keys in generation ${ring.generation}`;
    return delayed('ring barrier', why, 'a generation without it is published');
  }
  if (ring.former?.members.includes(instance.slot) === true && ring.former.retainMs > 0) {
    const why = `readers may ask ${instance.slot} for what it owned before`;
    return delayed('ring barrier', why, `${ring.former.retainMs} ms have passed (ring.retain)`);
  }
  if (ring.acknowledged >= ring.generation) return null;
  const why = `generation ${ring.generation} is published, and ${ring.acknowledged} is acknowledged`;
  return delayed(
    'ring barrier',
    why,
    'every router acknowledges it, or an operator says that one is gone',
  );
}

/** By priority, then by what they are about: never by who was faster. */
function inOrder(intents: readonly Intent[]): readonly Intent[] {
  return intents
    .map((intent) => ({
      intent,
      rank: PRIORITIES.indexOf(intent.priority),
      target: targetOf(intent.act),
    }))
    .toSorted(
      (a, b) =>
        a.rank - b.rank ||
        compareText(a.target, b.target) ||
        compareText(keyOf(a.intent), keyOf(b.intent)),
    )
    .map(({ intent }) => intent);
}

function keyOf({ act, who, why, expiresMs }: Intent): string {
  return `${act.kind} ${who} ${why} ${JSON.stringify(act)} ${expiresMs}`;
}

function instanceOf(view: ServiceView, act: Act): InstanceView | null {
  const id = instanceIdOf(act);
  return id === null ? null : (indexOf(view).byId.get(id) ?? null);
}

function instanceIdOf(act: Act): InstanceId | null {
  return 'instance' in act ? act.instance : null;
}

function refused(rule: Rule, why: string, unblock: string): Verdict {
  return { kind: 'refused', rule, why, unblock };
}

function delayed(rule: Rule, why: string, unblock: string): Verdict {
  return { kind: 'delayed', rule, why, unblock };
}
