/**
 * The answer to "why": what was admitted, delayed and refused, newest last. A verdict that is the same
 * pass after pass is one entry with a count, so that what changed can be found. Bounded; the oldest go
 * first. Called by the arbiter after each pass; it decides nothing.
 */
import type { Decision, Verdict } from '../protocol/decision.ts';
import { type Intent, targetOf } from '../protocol/intent.ts';

/** One verdict, and how often it was the same. */
export type DecisionEntry = {
  /** Of the log; grows. */
  readonly id: number;
  /** Of its service, if it was admitted: operations name it. */
  readonly decision: number | null;
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

/**
 * Of what was not admitted, entries that one pass stores; the others are in memory only, until their
 * count doubles. Higher: more survives a restart, and passes over thousands write more.
 */
const WAITING_WRITTEN_MAX = 32;
/** Entries that one pass forgets: the log may be longer than it is to be for a while. */
const DROPPED_MAX = 32;
/** Entries of one region. Range: 100 to 1,000,000. Higher: remembers longer, takes more memory. */
const ENTRIES_MAX = 10_000;

/** What one pass adds; nothing of it counts before it is accepted. */
export type DecisionPlan = {
  /** New, or with another count. */
  readonly entries: readonly DecisionEntry[];
  /** Of them, those that are to be stored: a count is not written each time that it grows. */
  readonly written: readonly DecisionEntry[];
  /** Numbers of the entries that are forgotten for them. */
  readonly dropped: readonly number[];
};

/** Thread rule: the arbiter's. */
export class DecisionLog {
  private readonly most: number;
  /** By what they are about. */
  private readonly latest: Map<string, DecisionEntry> = new Map();
  /** By number, which is the order in which they began. */
  private readonly entries: Map<number, DecisionEntry> = new Map();
  private nextId = 1;

  constructor(most: number = ENTRIES_MAX) {
    this.most = most;
  }

  /** What one pass would add. `firstAdmitted`: number of the first decision that was admitted. */
  plan(decisions: readonly Decision[], firstAdmitted: number, nowMs: number): DecisionPlan {
    let id = this.nextId;
    let admitted = firstAdmitted;
    const entries = decisions.map(({ intent, verdict }): DecisionEntry => {
      const last = this.latest.get(keyOf(intent));
      if (last !== undefined && isRepeated(last, intent, verdict)) {
        return { ...last, verdict, times: last.times + 1, lastMs: nowMs };
      }
      const decision = verdict.kind === 'admitted' ? admitted++ : null;
      return { id: id++, decision, atMs: nowMs, intent, verdict, times: 1, lastMs: nowMs };
    });
    const surplus = Math.min(DROPPED_MAX, this.entries.size + (id - this.nextId) - this.most);
    const dropped: number[] = [];
    for (const old of this.entries.keys()) {
      if (dropped.length >= surplus) break;
      dropped.push(old);
    }
    let waiting = 0;
    const written = entries.filter(({ decision, times }) => {
      if (decision !== null) return times === 1;
      return isPowerOfTwo(times) && ++waiting <= WAITING_WRITTEN_MAX;
    });
    return { entries, written: lastOfEach(written), dropped };
  }

  /** It was stored. */
  accept({ entries, dropped }: DecisionPlan): void {
    for (const entry of entries) this.add(entry);
    for (const id of dropped) this.drop(id);
  }

  /** What was stored before, oldest first. */
  restore(entries: readonly DecisionEntry[]): void {
    for (const entry of entries) this.add(entry);
  }

  /** Those that fit, oldest first. */
  find({ service, about, kind, sinceMs = 0 }: DecisionQuery): readonly DecisionEntry[] {
    return [...this.entries.values()].filter(
      ({ intent, verdict, lastMs }) =>
        (service === undefined || intent.service === service) &&
        (about === undefined || isAbout(intent, about)) &&
        (kind === undefined || verdict.kind === kind) &&
        lastMs >= sinceMs,
    );
  }

  private add(entry: DecisionEntry): void {
    this.entries.set(entry.id, entry);
    this.latest.set(keyOf(entry.intent), entry);
    this.nextId = Math.max(this.nextId, entry.id + 1);
  }

  private drop(id: number): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.delete(id);
    const key = keyOf(entry.intent);
    if (this.latest.get(key) === entry) this.latest.delete(key);
  }
}

/** The same wanted twice in one pass is one entry: a key is written once. */
function lastOfEach(entries: readonly DecisionEntry[]): readonly DecisionEntry[] {
  return [...new Map(entries.map((entry) => [entry.id, entry])).values()];
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

function isPowerOfTwo(times: number): boolean {
  return (times & (times - 1)) === 0;
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
