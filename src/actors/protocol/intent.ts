/**
 * What controllers want, before anybody has agreed to it. One arbiter for each fleet and region admits
 * intents against shared invariants and one disruption budget; controllers never act.
 */
import type { InstanceId, RevisionId, SlotId } from './identity.ts';

/** Who proposes. Each field of a goal has one owner among them. */
export type ControllerKind =
  | 'operator'
  | 'rollout'
  | 'hashring'
  | 'autoscaler'
  | 'healer'
  | 'region';

/**
 * What goes first when not all can be admitted: safety and added capacity, going back to what worked,
 * healing, going on, giving back, evening out.
 */
export const PRIORITIES = ['safety', 'rollback', 'heal', 'rollout', 'shrink', 'rebalance'] as const;
/** One of them. */
export type Priority = (typeof PRIORITIES)[number];

/** What is to be done. */
export type Act =
  /** So many instances, or shards, are needed. The autoscaler's and the operator's. */
  | { readonly kind: 'setDemand'; readonly count: number }
  /** Which slots are to have which revision, and what may be there beside them. The rollout's. */
  | {
      readonly kind: 'setSplit';
      readonly target: RevisionId;
      /** Instances of the target, of a stateless service. */
      readonly targetCount: number;
      /** Instances of other revisions that stay. */
      readonly stableCount: number;
      /** Percent of the traffic for the target. */
      readonly weight: number;
    }
  /** A slot's instance gives way to one of another revision. The rollout's and the healer's. */
  | {
      readonly kind: 'replace';
      readonly slot: SlotId;
      readonly instance: InstanceId;
      readonly revision: RevisionId;
    }
  /** An instance ends and nothing takes its place. */
  | { readonly kind: 'stop'; readonly instance: InstanceId }
  /** An instance is added. */
  | { readonly kind: 'start'; readonly slot: SlotId; readonly revision: RevisionId }
  /** Out of the traffic, or back into it; the process stays. The healer's. */
  | { readonly kind: 'eject' | 'readmit'; readonly instance: InstanceId }
  /** A process that was given up may answer nobody any more. The healer's. */
  | { readonly kind: 'fence'; readonly instance: InstanceId }
  /** Owners of keys change. The hash ring's. */
  | {
      readonly kind: 'publishRing';
      readonly generation: number;
      readonly members: readonly SlotId[];
    }
  /** A revision is not to be started again by itself. The rollout's and the healer's. */
  | { readonly kind: 'blockRevision'; readonly revision: RevisionId };

/** A fact that an intent rests on, with its age. */
export type Input = { readonly name: string; readonly value: string; readonly ageMs: number };

/** What somebody wants, and why. */
export type Intent = {
  readonly who: ControllerKind;
  readonly service: string;
  readonly act: Act;
  readonly priority: Priority;
  /** A sentence. */
  readonly why: string;
  readonly inputs: readonly Input[];
  /** What else was considered. */
  readonly alternatives: readonly string[];
  /** Monotonic milliseconds after which it is not wanted any more. */
  readonly expiresMs: number;
};

/** Acts that can take something away from those who use it, also as operations that are open. */
export const DISRUPTIVE: readonly string[] = [
  'replace',
  'stop',
  'eject',
  'fence',
] satisfies readonly Act['kind'][];

/** Whether an act is one of them. */
export function isDisruptive(act: Act): boolean {
  return DISRUPTIVE.includes(act.kind);
}
