/**
 * What the healer remembers between passes, as plain data: it is stored with the decisions. Everything
 * is kept by slot, instance, revision or key of the last view, and forgotten with it, so that the fleet
 * bounds it; keys are bounded by `KEYS_MAX`.
 */
import type { InstanceId, RevisionId, SlotId } from '../protocol/identity.ts';

/** Replacements of one slot. */
export type RemedyMemory = {
  /** In a row, since it was calm for `heal.backoff.reset`. */
  readonly count: number;
  /** When the last one began; monotonic milliseconds. */
  readonly lastMs: number;
  /** Who was proposed and has not gone yet. */
  readonly target: InstanceId | null;
  /** The last one has begun and has not ended. */
  readonly isOpen: boolean;
};

/** Why somebody is out of the traffic, how often it was, and until when. */
export type EjectionMemory = {
  readonly times: number;
  /** 0: it may come back. */
  readonly untilMs: number;
  readonly why: string;
  readonly isForSlowness: boolean;
};

/** One that is slow, or was. */
export type SlowMemory = {
  /** Without a pause since then; null: not at the last look. */
  readonly sinceMs: number | null;
  /** When it was seen out of the traffic for it; null: it was not. */
  readonly ejectedMs: number | null;
};

/** How often one became ready again. */
export type FlapMemory = {
  readonly readySinceMs: number | null;
  /** Times at which it had become ready again, oldest first. */
  readonly timesMs: readonly number[];
};

/** A key that was frozen, or a revision that was blocked: since when, and when that was lifted. */
export type BanMemory = { readonly sinceMs: number; readonly liftedMs: number | null };

/** What is remembered. */
export type HealerState = {
  /** For people: `healthy`, `remedying 1 …`, `panic: …`, `blind: …`. */
  readonly status: string;
  readonly remedies: Readonly<Record<SlotId, RemedyMemory>>;
  readonly ejections: Readonly<Record<InstanceId, EjectionMemory>>;
  readonly slow: Readonly<Record<InstanceId, SlowMemory>>;
  readonly flaps: Readonly<Record<InstanceId, FlapMemory>>;
  readonly keys: Readonly<Record<string, BanMemory>>;
  readonly revisions: Readonly<Record<RevisionId, BanMemory>>;
};

/** Nothing is remembered. */
export const HEALER_START: HealerState = {
  status: 'healthy',
  remedies: {},
  ejections: {},
  slow: {},
  flaps: {},
  keys: {},
  revisions: {},
};

/** Keys that are frozen or were; of more, it is not the keys, and no more are frozen. */
export const KEYS_MAX = 1000;
