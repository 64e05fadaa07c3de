/** What the goal may be, and who writes it: A9, A10, A11, A15 and A18. */
import type { ControllerKind, Intent } from '../protocol/intent.ts';
import { targetOf } from '../protocol/intent.ts';
import { admittedOf, isNoGround, type PassFacts, type Violation } from './invariant.ts';

/** A9: no more slots than the split says, no traffic for what is blocked, nothing on missing data. */
export function exposureViolations(facts: PassFacts): readonly Violation[] {
  const { before, after, view } = facts;
  const found: Violation[] = [];
  const blocked = new Set(after.revisions.flatMap(({ id, blocked: why }) => (why ? [id] : [])));
  for (const share of after.goal.shares) {
    const old = before.goal.shares.find(
      (one) => one.revision === share.revision && one.isBaseline === share.isBaseline,
    );
    const grows = (share.weight ?? 0) > (old?.weight ?? 0) || share.count > (old?.count ?? 0);
    if (blocked.has(share.revision) && grows && share.revision !== after.goal.stable) {
      found.push({ invariant: 'A9', what: `${share.revision} is blocked, and its share grows` });
    }
  }
  if (after.spec.kind === 'stateless') {
    const [old, now] = [slotsCount(before), slotsCount(after)];
    const most = after.goal.shares.reduce((sum, { count }) => sum + count, 0);
    if (now > most && now > old) {
      found.push({ invariant: 'A9', what: `${now} slots, and the split has ${most}` });
    }
  }
  for (const { who, act } of admittedOf(facts)) {
    if (who === 'operator' || (act.kind !== 'start' && act.kind !== 'replace')) continue;
    const isBlocked = view.revisions.some(({ id, isBlocked: is }) => is && id === act.revision);
    if (!isBlocked) continue;
    found.push({
      invariant: 'A9',
      what: `${act.kind}: ${act.revision} is blocked, and comes again`,
    });
  }
  if (view.spec.rollout.analysis.length === 0) return found;
  for (const { who, act, inputs, why } of admittedOf(facts)) {
    if (who !== 'rollout' || act.kind !== 'setStable') continue;
    const missing = inputs.filter(({ value }) => isNoGround(value));
    if (missing.length === 0) continue;
    const names = missing.map(({ name, value }) => `${name} is ${value}`).join(', ');
    found.push({ invariant: 'A9', what: `${act.revision} is promoted while ${names}: ${why}` });
  }
  return found;
}

/** Slots that are not on their way out. */
function slotsCount({ slots }: PassFacts['after']): number {
  let count = 0;
  for (const { isRemoved } of slots.values()) if (!isRemoved) count++;
  return count;
}

/** A10. */
export function remedyViolations(facts: PassFacts): readonly Violation[] {
  const { view } = facts;
  const healed = admittedOf(facts).filter(
    ({ who, act }) => who === 'healer' && act.kind === 'replace',
  );
  if (healed.length === 0) return [];
  const { remedyMax } = view.spec.heal;
  const most = Math.max(1, Math.floor(view.instances.length * remedyMax));
  if (healed.length <= most) return [];
  return [{ invariant: 'A10', what: `${healed.length} are remedied in one pass; ${most} may be` }];
}

/** A11. */
export function demandViolations(facts: PassFacts): readonly Violation[] {
  const { after, before } = facts;
  const { autoscale } = after.spec;
  if (autoscale === undefined) return [];
  const found: Violation[] = [];
  const { demand } = after.goal;
  const isOperators = actsByOthers(facts, 'setDemand', 'autoscaler');
  // What was decided by the bounds of before is as wrong as the bounds of now allow, for one pass.
  const isMoved = actsByOthers(facts, 'takePolicy', 'autoscaler');
  if (!(isOperators || isMoved) && demand !== before.goal.demand) {
    if (demand < autoscale.min || demand > autoscale.max) {
      const what = `the demand is ${demand}; ${autoscale.min} to ${autoscale.max} are allowed`;
      found.push({ invariant: 'A11', what });
    }
  }
  for (const { who, act, inputs } of admittedOf(facts)) {
    if (who !== 'autoscaler' || act.kind !== 'setDemand') continue;
    if (act.count >= before.goal.demand || !inputs.some(({ value }) => isNoGround(value))) continue;
    found.push({ invariant: 'A11', what: `the demand shrinks to ${act.count} on missing data` });
  }
  return found;
}

/** Who may write what; a second list, so that a slip in the first one shows. */
const WRITERS: readonly (readonly [Intent['act']['kind'], readonly ControllerKind[]])[] = [
  ['setDemand', ['autoscaler', 'region', 'operator']],
  ['takePolicy', ['region', 'operator']],
  ['setSplit', ['rollout', 'operator']],
  ['setStable', ['rollout', 'operator']],
  ['setTarget', ['rollout', 'operator']],
  ['publishRing', ['hashring', 'operator']],
  ['prepareRing', ['hashring', 'operator']],
  ['cutOver', ['hashring', 'operator']],
  ['eject', ['healer', 'operator']],
  ['fence', ['healer', 'operator']],
];

/** A15. */
export function ownerViolations(facts: PassFacts): readonly Violation[] {
  const seen = new Set<string>();
  return admittedOf(facts).flatMap(({ who, act }) => {
    const found: Violation[] = [];
    const writers = WRITERS.find(([kind]) => kind === act.kind)?.[1];
    if (writers !== undefined && !writers.includes(who)) {
      found.push({ invariant: 'A15', what: `${who} has written ${act.kind}` });
    }
    const target = targetOf(act);
    if (seen.has(target)) {
      found.push({ invariant: 'A15', what: `${target} was written twice in one pass` });
    }
    seen.add(target);
    return found;
  });
}

/** A18. */
export function traceViolations({ after, effects }: PassFacts): readonly Violation[] {
  const found: Violation[] = [];
  for (const { key, decision } of after.operations.values()) {
    if (decision >= 1 && decision <= after.decisions) continue;
    found.push({ invariant: 'A18', what: `${key} names decision ${decision}, which there is not` });
  }
  for (const effect of effects) {
    if (!('instance' in effect)) continue;
    const isKnown = after.instances.has(effect.instance) || after.fenced.includes(effect.instance);
    if (!isKnown) found.push({ invariant: 'A18', what: `${effect.key} has no record` });
  }
  return found;
}

function actsByOthers(facts: PassFacts, kind: Intent['act']['kind'], who: ControllerKind): boolean {
  return admittedOf(facts).some((one) => one.act.kind === kind && one.who !== who);
}
