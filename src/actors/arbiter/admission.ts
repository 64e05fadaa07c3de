/**
 * Admits intents of one service in one pass: in the order of their priority, each by the same rules,
 * each admitted one counted before the next is looked at. Adding capacity needs no budget; taking away
 * needs a fresh look, a ring that everybody has heard of, and room in the budget. Pure: the same view
 * and the same intents, in any order, give the same decisions.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import { ADMITTED, type Decision, type Rule, type Verdict } from '../protocol/decision.ts';
import type { InstanceView, ServiceView } from '../protocol/fleet-view.ts';
import type { InstanceId } from '../protocol/identity.ts';
import {
  type Act,
  type ControllerKind,
  type Intent,
  isDisruptive,
  PRIORITIES,
} from '../protocol/intent.ts';
import { DisruptionBudget } from './disruption-budget.ts';
import { ringVerdict } from './ring-guard.ts';

/** Who may propose what: each field of a goal has one owner, beside the operator. */
const OWNERS: Readonly<Record<Act['kind'], readonly ControllerKind[]>> = {
  setDemand: ['autoscaler', 'region'],
  setSplit: ['rollout'],
  replace: ['rollout', 'healer'],
  stop: ['rollout', 'healer', 'autoscaler'],
  start: ['rollout', 'healer', 'autoscaler', 'region'],
  eject: ['healer'],
  readmit: ['healer'],
  fence: ['healer'],
  publishRing: ['hashring'],
  blockRevision: ['rollout', 'healer'],
};

/** Decides on all of them. Intents of other services are not for this view. */
export function admit(view: ServiceView, intents: readonly Intent[]): readonly Decision[] {
  const budget = new DisruptionBudget(view);
  const taken = new Set<string>();
  return intents.toSorted(inOrder).map((intent) => {
    const verdict = verdictOn(view, intent, budget, taken);
    if (verdict.kind === 'admitted') {
      taken.add(targetOf(intent.act));
      const instance = instanceOf(view, intent.act);
      if (instance !== null && isDisruptive(intent.act)) budget.charge(instance);
      if (intent.act.kind === 'publishRing') budget.publish(intent.act.members);
    }
    return { intent, verdict };
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
  if (intent.expiresMs <= view.nowMs) {
    const late = view.nowMs - intent.expiresMs;
    return refused('expired', `it was wanted until ${late} ms ago`, 'it is proposed again');
  }
  if (taken.has(targetOf(act))) {
    const why = `${targetOf(act)} was decided on already in this pass`;
    return delayed('target', why, 'the next pass, if it is still wanted then');
  }
  if (isFrozen(view, intent)) {
    return delayed('frozen', 'the service is frozen', 'resume');
  }
  const blocked = blockedRevision(view, intent);
  if (blocked !== null) return blocked;
  if (act.kind === 'publishRing') {
    return ringVerdict(view, act, (slot) => budget.isServed(slot));
  }
  if (!isDisruptive(act)) return ADMITTED;

  const instance = instanceOf(view, act);
  if (instance === null) {
    return refused(
      'target',
      `there is no instance ${instanceIdOf(act)}`,
      'it is proposed for one that is',
    );
  }
  const ageMs = view.nowMs - instance.seenMs;
  if (ageMs > view.maxStalenessMs) {
    const why = `${instance.id} was last seen ${ageMs} ms ago; expected at most ${view.maxStalenessMs}`;
    return delayed('stale', why, 'it is seen again');
  }
  if (act.kind === 'replace' && act.slot !== instance.slot) {
    const why = `${act.instance} is in slot ${instance.slot}, not in ${act.slot}`;
    return refused('target', why, 'it is proposed for the slot of its instance');
  }
  if (!budget.hasSubstitute(instance)) {
    const barrier = barrierVerdict(view, act, instance);
    if (barrier !== null) return barrier;
  }
  return budget.verdict(instance, priority === 'rollback' ? instance.revision : null);
}

/** Only safety and what an operator orders pass while a service is frozen. */
function isFrozen(view: ServiceView, { act, who, priority }: Intent): boolean {
  if (!view.isFrozen || who === 'operator' || priority === 'safety') return false;
  return act.kind !== 'blockRevision';
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
function barrierVerdict({ ring }: ServiceView, act: Act, instance: InstanceView): Verdict | null {
  if (ring === null || act.kind !== 'stop') return null;
  if (ring.members.includes(instance.slot)) {
    const why = `${instance.slot} owns keys in generation ${ring.generation}`;
    return delayed('ring barrier', why, 'a generation without it is published');
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
function inOrder(a: Intent, b: Intent): number {
  const rank = ({ priority }: Intent): number => PRIORITIES.indexOf(priority);
  return rank(a) - rank(b) || compareText(keyOf(a), keyOf(b));
}

function keyOf({ act, who, why, expiresMs }: Intent): string {
  return `${targetOf(act)} ${act.kind} ${who} ${why} ${JSON.stringify(act)} ${expiresMs}`;
}

/** What is changed: two acts on the same thing in one pass would be a race. */
function targetOf(act: Act): string {
  switch (act.kind) {
    case 'replace':
    case 'stop':
    case 'eject':
    case 'readmit':
    case 'fence':
      return act.instance;
    case 'start':
      return act.slot;
    case 'blockRevision':
      return act.revision;
    case 'publishRing':
      return 'ring';
    case 'setDemand':
      return 'demand';
    case 'setSplit':
      return 'split';
  }
}

function instanceOf(view: ServiceView, act: Act): InstanceView | null {
  const id = instanceIdOf(act);
  return view.instances.find((one) => one.id === id) ?? null;
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
