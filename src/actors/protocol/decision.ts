/**
 * What the arbiter made of an intent: the answer to "why". Refused will not happen as it was asked;
 * delayed may in a later pass, and says what it waits for.
 */
import type { Intent } from './intent.ts';

/** Rules by which intents are admitted, in the order in which they are asked. */
export const RULES = [
  'owner',
  'priority',
  'expired',
  'bounds',
  'frozen',
  'target',
  'blocked revision',
  'region',
  'stale',
  'ring',
  'ring barrier',
  'budget',
  'zone',
] as const;
/** One of them. */
export type Rule = (typeof RULES)[number];

/** The verdict on one intent. */
export type Verdict =
  | { readonly kind: 'admitted' }
  | {
      readonly kind: 'delayed' | 'refused';
      readonly rule: Rule;
      /** What was got and what was expected, with figures. */
      readonly why: string;
      /** What would let it pass. */
      readonly unblock: string;
    };

/** An intent and its verdict. */
export type Decision = { readonly intent: Intent; readonly verdict: Verdict };

/** Admitted. */
export const ADMITTED: Verdict = { kind: 'admitted' };
