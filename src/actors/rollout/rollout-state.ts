/**
 * What a rollout remembers between passes, and the phases that it moves through.
 *
 *                    ┌───────────────────────────────────────────────────────────┐
 *                    ▼                                                           │
 *   restarting ⇄ idle ──▶ restoring ──▶ progressing ⇄ analysing ──▶ promoting ───┘
 *                 ▲  ▲        ▲             ⇅             ⇅             ⇅
 *                 │  │        │           paused ─────────┴─────────────┘
 *                 │  │        │             │   every phase of a run: a newer target ──▶ restoring,
 *                 │  │        │             ▼   a gate failed or `abort` ──▶ rollingBack
 *                 │  └────────┴──────── rollingBack ⇄ aborted ──▶ restoring: `retry`, a new target
 *                 └────────────────────────────────────┘
 *
 * No idle → progressing: every run first looks whether all is at stable (nothing to do: the same pass).
 * No aborted → progressing: what was aborted begins again from the start. No rollingBack → promoting:
 * once turned back nothing makes the target's part grow. No restarting → paused: a restart that does
 * not get on ends with a note, as there is nothing to go back to.
 */
import { assert } from '../../hotpath/index.ts';
import type { RevisionId } from '../protocol/identity.ts';
import type { Share } from '../protocol/intent.ts';
import { type GateState, NO_GATES } from './gates.ts';
import type { RolloutCounts } from './progress.ts';

/** Where a rollout is. */
export type RolloutPhase =
  | 'idle'
  | 'restarting'
  | 'restoring'
  | 'progressing'
  | 'analysing'
  | 'paused'
  | 'promoting'
  | 'rollingBack'
  | 'aborted';

const RUN_ENDS: readonly RolloutPhase[] = ['restoring', 'rollingBack', 'idle', 'aborted'];

/** Edges of the drawing. */
export const ROLLOUT_EDGES: Readonly<Record<RolloutPhase, readonly RolloutPhase[]>> = {
  idle: ['restarting', 'restoring', 'rollingBack', 'aborted'],
  restarting: ['idle', 'restoring', 'rollingBack', 'aborted'],
  restoring: ['progressing', 'analysing', 'promoting', 'paused', ...RUN_ENDS],
  progressing: ['analysing', 'promoting', 'paused', ...RUN_ENDS],
  analysing: ['progressing', 'promoting', 'paused', ...RUN_ENDS],
  paused: ['progressing', 'analysing', 'promoting', ...RUN_ENDS],
  promoting: ['progressing', 'analysing', 'paused', ...RUN_ENDS],
  rollingBack: ['restoring', 'aborted', 'idle'],
  aborted: ['restoring', 'rollingBack', 'idle'],
};

/** Why a run does not go on by itself. */
export type Pause = {
  /**
   * `manual`: a step says so; `failed`: a gate failed, and `autoRollback` is off; `unmeasured`: nobody has
   * sent anything to a preview, and it goes on by itself when somebody does.
   */
  readonly kind: 'operator' | 'manual' | 'inconclusive' | 'failed' | 'unmeasured';
  readonly why: string;
};

/** One way from a stable revision to a target. Times are monotonic milliseconds. */
export type RolloutRun = {
  readonly target: RevisionId;
  readonly stable: RevisionId;
  readonly startedMs: number;
  /** Steps and analysis are skipped: `promoteFull`, the rollback window, or there is nothing to keep. */
  readonly isFast: boolean;
  /** All was at stable once: since then the target may grow. */
  readonly isRestored: boolean;
  /** The run itself took something away from stable: it has to grow before it takes the traffic. */
  readonly hasShrunkStable: boolean;
  /** From 0; as many as there are steps: it is being promoted. */
  readonly step: number;
  /** Since when what the step asks for was seen, and when it was first in effect; null: not yet. */
  readonly seenMs: number | null;
  readonly effectMs: number | null;
  /** A manual step was resumed. */
  readonly isResumed: boolean;
  readonly pause: Pause | null;
  readonly gates: GateState;
  /** The best that was seen in this step, and when it last became better. */
  readonly best: RolloutCounts | null;
  readonly progressMs: number;
  /** The demand for which the split was made; null: not looked at yet. */
  readonly sized: { readonly desired: number; readonly max: number } | null;
  /** The split of a demand that has changed since; until it is seen. */
  readonly resizing: {
    readonly desired: number;
    readonly max: number;
    readonly shares: readonly Share[];
  } | null;
};

/** For people: `ringmaster status`. */
export type RolloutStatus = {
  /** From 1; 0: no step. */
  readonly step: number;
  readonly steps: number;
  /** Percent of the traffic, or of the instances, that the target has. */
  readonly weight: number;
  readonly pausedFor: string | null;
  readonly message: string;
};

/** All of it. Plain data. */
export type RolloutState = {
  readonly phase: RolloutPhase;
  /** Since when it is in that phase. */
  readonly sinceMs: number;
  readonly run: RolloutRun | null;
  /** Turned back, and to be blocked. */
  readonly aborted: { readonly revision: RevisionId; readonly reason: string } | null;
  /** To be tried again: the block is to be lifted. */
  readonly retrying: RevisionId | null;
  /** Another target is wanted instead of the one that was there. */
  readonly undo: { readonly from: RevisionId; readonly to: RevisionId } | null;
  /** Instances from before are replaced by others of their revision. */
  readonly restart: {
    readonly beforeMs: number;
    readonly left: number;
    readonly progressMs: number;
  } | null;
  /** Number of the last verb that was done. */
  readonly verbSeen: number;
  /** What became of the last verb, or of what it began. */
  readonly lastNote: string | null;
  readonly status: RolloutStatus;
};

/** Nothing is known. */
export const ROLLOUT_START: RolloutState = {
  phase: 'idle',
  sinceMs: 0,
  run: null,
  aborted: null,
  retrying: null,
  undo: null,
  restart: null,
  verbSeen: 0,
  lastNote: null,
  status: { step: 0, steps: 0, weight: 0, pausedFor: null, message: 'nothing is being rolled out' },
};

/** The one place where the phase changes. */
export function moved(state: RolloutState, to: RolloutPhase, nowMs: number): RolloutState {
  if (state.phase === to) return state;
  assert(ROLLOUT_EDGES[state.phase].includes(to), `illegal move: ${state.phase} -> ${to}`);
  return { ...state, phase: to, sinceMs: nowMs };
}

/** A way that begins. */
export function newRun(
  ends: { readonly target: RevisionId; readonly stable: RevisionId },
  nowMs: number,
  isFast: boolean,
): RolloutRun {
  return {
    ...ends,
    startedMs: nowMs,
    isFast,
    isRestored: false,
    hasShrunkStable: false,
    step: 0,
    seenMs: null,
    effectMs: null,
    isResumed: false,
    pause: null,
    gates: NO_GATES,
    best: null,
    progressMs: nowMs,
    sized: null,
    resizing: null,
  };
}

/** At another step: what was seen of the last one says nothing about it. */
export function atStep(run: RolloutRun, step: number, nowMs: number): RolloutRun {
  return {
    ...run,
    step,
    seenMs: null,
    effectMs: null,
    isResumed: false,
    pause: null,
    best: null,
    progressMs: nowMs,
  };
}
