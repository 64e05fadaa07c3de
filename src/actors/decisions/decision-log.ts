/**
 * The answer to "why": what was admitted, delayed and refused, newest last. A verdict that is the same
 * pass after pass is one entry with a count, so that what changed can be found. Bounded; the oldest go
 * first. Called by the arbiter after each pass; it decides nothing.
 */
import type { Decision, Verdict } from '../protocol/decision.ts';
import { type Intent, targetOf } from '../protocol/intent.ts';

/** One verdict, and how often it was the same. */
export type DecisionEntry = {
  /** Unique in its service, and growing. */
  readonly id: number;
  readonly atMs: number;
  readonly intent: Intent;
  readonly verdict: Verdict;
  /** Passes that came to the same, this one included. */
  readonly times: number;
  readonly lastMs: number;
};

/** Which entries. Absent fields: all. */
export type DecisionQuery = {
  readonly service?: string;
  /** A slot, an instance, a revision, a key, `ring`, `demand`, `split`, `target` or `stable`. */
  readonly about?: string;
  readonly kind?: Verdict['kind'];
  readonly sinceMs?: number;
};

/** Entries of one region. Range: 100 to 1,000,000. Higher: remembers longer, takes more memory. */
const ENTRIES_MAX = 10_000;

/** Thread rule: the arbiter's. */
export class DecisionLog {
  private readonly most: number;
  /** By what they are about; in the order of their last change. */
  private readonly latest: Map<string, DecisionEntry> = new Map();
  private entries: DecisionEntry[] = [];

  constructor(most: number = ENTRIES_MAX) {
    this.most = most;
  }

  /**
   * One pass. @returns the entries that are new or have another count, to be stored.
   */
  note(decisions: readonly Decision[], firstId: number, nowMs: number): readonly DecisionEntry[] {
    const changed = decisions.map(({ intent, verdict }, i) => {
      const key = keyOf(intent);
      const last = this.latest.get(key);
      const isSame = last !== undefined && isRepeated(last, intent, verdict);
      const entry: DecisionEntry = isSame
        ? { ...last, verdict, times: last.times + 1, lastMs: nowMs }
        : { id: firstId + i, atMs: nowMs, intent, verdict, times: 1, lastMs: nowMs };
      if (isSame) this.replace(last, entry);
      else this.entries.push(entry);
      this.latest.set(key, entry);
      return entry;
    });
    this.shorten();
    return changed;
  }

  /** What was stored before, oldest first. */
  restore(entries: readonly DecisionEntry[]): void {
    for (const entry of entries) {
      this.entries.push(entry);
      this.latest.set(keyOf(entry.intent), entry);
    }
    this.shorten();
  }

  /** Those that fit, oldest first. */
  find({ service, about, kind, sinceMs = 0 }: DecisionQuery): readonly DecisionEntry[] {
    return this.entries.filter(
      ({ intent, verdict, lastMs }) =>
        (service === undefined || intent.service === service) &&
        (about === undefined || isAbout(intent, about)) &&
        (kind === undefined || verdict.kind === kind) &&
        lastMs >= sinceMs,
    );
  }

  private replace(old: DecisionEntry, entry: DecisionEntry): void {
    // What repeats is among the last: looked for from the end.
    const at = this.entries.lastIndexOf(old);
    if (at >= 0) this.entries[at] = entry;
    else this.entries.push(entry);
  }

  private shorten(): void {
    if (this.entries.length <= this.most) return;
    const dropped = this.entries.length - this.most;
    for (const entry of this.entries.slice(0, dropped)) {
      const key = keyOf(entry.intent);
      if (this.latest.get(key) === entry) this.latest.delete(key);
    }
    this.entries = this.entries.slice(dropped);
  }
}

/** One line for people: when, what, who, verdict, why. */
export function decisionLine({ atMs, intent, verdict, times }: DecisionEntry): string {
  const { who, act, why, service } = intent;
  const often = times === 1 ? '' : ` (${times} times)`;
  const what = `${service}: ${act.kind} ${targetOf(act)}, ${who}: ${why}`;
  if (verdict.kind === 'admitted') return `${atMs} ms  admitted${often}  ${what}`;
  const { rule, why: reason, unblock } = verdict;
  return `${atMs} ms  ${verdict.kind}${often}  ${what}; ${rule}: ${reason}; until ${unblock}`;
}

/** Nothing but figures has changed: who wants what, and by which rule it does not happen. */
function isRepeated(last: DecisionEntry, intent: Intent, verdict: Verdict): boolean {
  if (verdict.kind === 'admitted' || last.verdict.kind !== verdict.kind) return false;
  if (last.verdict.rule !== verdict.rule) return false;
  return JSON.stringify(last.intent.act) === JSON.stringify(intent.act);
}

function keyOf({ service, who, act }: Intent): string {
  return `${service} ${who} ${act.kind} ${targetOf(act)}`;
}

/** A slot is asked about with its instances, a revision with what starts it. */
function isAbout({ act }: Intent, about: string): boolean {
  if (targetOf(act) === about) return true;
  if ('instance' in act && (act.instance === about || act.instance.startsWith(`${about}#`))) {
    return true;
  }
  if ('slot' in act && act.slot === about) return true;
  if ('key' in act && act.key === about) return true;
  return 'revision' in act && act.revision === about;
}
