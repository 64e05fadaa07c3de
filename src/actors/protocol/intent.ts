/**
 * What controllers want, before anybody has agreed to it. One arbiter for each fleet and region admits
 * intents against shared invariants and one disruption budget; controllers never act.
 */
import type { InstanceId, RevisionId, SlotId } from './identity.ts';

/** Who proposes. Each field of a goal has one owner among them; `placement` is the arbiter's own. */
export type ControllerKind =
  | 'operator'
  | 'rollout'
  | 'hashring'
  | 'autoscaler'
  | 'healer'
  | 'region'
  | 'placement';

/**
 * What goes first when not all can be admitted: safety and added capacity, going back to what worked,
 * healing, going on, giving back, evening out.
 */
export const PRIORITIES = ['safety', 'rollback', 'heal', 'rollout', 'shrink', 'rebalance'] as const;
/** One of them. */
export type Priority = (typeof PRIORITIES)[number];

/** A revision's part of a stateless service. */
export type Share = {
  readonly revision: RevisionId;
  /** Slots that it is to have. */
  readonly count: number;
  /** Percent of the traffic; null for all shares: the traffic follows the instances. */
  readonly weight: number | null;
  /** A fresh group of the stable revision, for a canary to be compared with. */
  readonly isBaseline: boolean;
};

/** A part of the ring's keys that does not go where the ring says. */
export type SliceOverride = {
  /** Number of the slice; there are `SLICES` in `hashring/slices.ts`. */
  readonly slice: number;
  /** Who has it instead: one, or several that share its load. */
  readonly owners: readonly SlotId[];
};

/** What is to be done. */
export type Act =
  /** So many instances, or shards, are needed. The autoscaler's and the operator's. */
  | { readonly kind: 'setDemand'; readonly count: number }
  /** Another revision is wanted: the way back to an old one. The rollout's and the operator's. */
  | { readonly kind: 'setTarget'; readonly revision: RevisionId }
  /** How a stateless service is divided among revisions, all of them. The rollout's. */
  | { readonly kind: 'setSplit'; readonly shares: readonly Share[] }
  /** A rollout is complete: this is what runs when nothing is being rolled out. The rollout's. */
  | { readonly kind: 'setStable'; readonly revision: RevisionId }
  /** A slot is to have an instance of a revision; one that is not there is made. */
  | {
      readonly kind: 'start';
      readonly slot: SlotId;
      readonly revision: RevisionId;
      readonly isBaseline: boolean;
    }
  /** A slot's instance gives way to another one. The rollout's and the healer's. */
  | {
      readonly kind: 'replace';
      readonly slot: SlotId;
      readonly instance: InstanceId;
      readonly revision: RevisionId;
    }
  /** An instance ends and nothing takes its place; its slot goes with it. */
  | { readonly kind: 'stop'; readonly instance: InstanceId }
  /** An instance that was leaving stays. */
  | { readonly kind: 'keep'; readonly instance: InstanceId }
  /** Out of the traffic, or back into it; the process stays. The healer's. */
  | { readonly kind: 'eject' | 'readmit'; readonly instance: InstanceId }
  /** A process that was given up may answer nobody any more. The healer's. */
  | { readonly kind: 'fence'; readonly instance: InstanceId }
  /** Owners of keys change. The hash ring's. */
  | {
      readonly kind: 'publishRing';
      readonly generation: number;
      readonly members: readonly SlotId[];
      /** Of each member, in the same order; 1 is normal. */
      readonly weights: readonly number[];
      readonly overrides: readonly SliceOverride[];
    }
  /** Another table for the ring, which routers hold ready beside the one that they go by. The hash ring's. */
  | {
      readonly kind: 'prepareRing';
      readonly generation: number;
      readonly members: readonly SlotId[];
      readonly weights: readonly number[];
    }
  /** Routers go by the second ring from now on. The hash ring's. */
  | { readonly kind: 'cutOver'; readonly generation: number }
  /**
   * A change of policy that was applied and has waited takes hold. The region's, when it is its turn.
   * `fields`: of the specification, for people; `token`: which change.
   */
  | { readonly kind: 'takePolicy'; readonly fields: readonly string[]; readonly token: string }
  /** A key is answered by nobody, wherever it belongs, or is so again. The healer's. */
  | { readonly kind: 'quarantineKey' | 'releaseKey'; readonly key: string }
  /** A revision is not to be started again by itself. The rollout's and the healer's. */
  | { readonly kind: 'blockRevision'; readonly revision: RevisionId; readonly reason: string }
  /** It may be tried again: somebody has said so. The rollout's and the operator's. */
  | { readonly kind: 'unblockRevision'; readonly revision: RevisionId };

/** A fact that an intent rests on, with its age. `from`: who tells it, where that may be asked. */
export type Input = {
  readonly name: string;
  readonly value: string;
  readonly ageMs: number;
  readonly from?: string;
};

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

/** What is changed: two acts on the same thing in one pass would be a race. */
export function targetOf(act: Act): string {
  switch (act.kind) {
    case 'replace':
    case 'stop':
    case 'eject':
    case 'readmit':
    case 'keep':
    case 'fence':
      return act.instance;
    case 'quarantineKey':
    case 'releaseKey':
      return `key ${act.key}`;
    case 'start':
      return act.slot;
    case 'blockRevision':
    case 'unblockRevision':
      return `revision ${act.revision}`;
    case 'publishRing':
    case 'prepareRing':
    case 'cutOver':
      return 'ring';
    case 'setDemand':
      return 'demand';
    case 'takePolicy':
      return 'policy';
    case 'setTarget':
      return 'target';
    case 'setStable':
      return 'stable';
    case 'setSplit':
      return 'split';
  }
}
