/**
 * Whom to blame when many members end alike: seldom the members. The same key on two of them is the key,
 * and it must not be moved to a third; the same end on one revision while others run well is the
 * revision; what all revisions share is something else, and replacing members would not help. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';
import type { FailureView } from '../protocol/fleet-view.ts';
import type { RevisionId, SlotId } from '../protocol/identity.ts';

/** One verdict. */
export type Blame =
  | { readonly kind: 'key'; readonly key: string; readonly why: string }
  | { readonly kind: 'revision'; readonly revision: RevisionId; readonly why: string }
  /** A dependency, or the only revision there is: nobody can tell, and nothing is to be replaced. */
  | { readonly kind: 'common'; readonly why: string };

/** What is known. */
export type BlameInput = {
  readonly failures: readonly FailureView[];
  /** Every slot and the revision that it is to have. */
  readonly slots: readonly { readonly id: SlotId; readonly revision: RevisionId }[];
  /** Going back to it is the cure, so it is never blamed alone. */
  readonly stable: RevisionId;
  /** So many members that end alike are more than bad luck. */
  readonly many: number;
  readonly nowMs: number;
};

/**
 * So long ends on the same key are held against it. Longer: a rare poison is found. Shorter: a key that
 * is merely popular is suspected less. Milliseconds.
 */
export const KEY_WINDOW_MS = 3_600_000;
/**
 * So long ends that look alike belong together. Longer: slow trouble is found, and two troubles are taken
 * for one. Milliseconds.
 */
const ALIKE_WINDOW_MS = 120_000;
/** Members that a key has to end. 2: the third is spared. More: more are lost before it is believed. */
const KEY_MEMBERS = 2;
/** Of the ends that look alike, this share at least was on the key: a popular key is on fewer. */
const KEY_SHARE = 0.5;
/** Members of one revision that end alike; fewer, if it has fewer, but never one. */
const REVISION_MEMBERS = 3;
/** Its members end so many times as often as the others'. Range: above 1. Lower: blamed on less. */
const REVISION_RATIO = 3;

/** All verdicts, keys first. The order of the failures is nothing. */
export function poisonBlame(input: BlameInput): readonly Blame[] {
  const { failures, nowMs } = input;
  const keys = poisonKeys(failures.filter(({ atMs }) => nowMs - atMs <= KEY_WINDOW_MS));
  const poison = new Set(keys.map(({ key }) => key));
  const others = failures.filter(
    ({ atMs, key }) => nowMs - atMs <= ALIKE_WINDOW_MS && !(key !== null && poison.has(key)),
  );
  const signatures = [...grouped(others, ({ signature }) => signature)];
  const sorted = signatures.toSorted(([a], [b]) => compareText(a, b));
  return [...keys, ...sorted.flatMap(([signature, alike]) => alikeBlame(signature, alike, input))];
}

function poisonKeys(failures: readonly FailureView[]): readonly Extract<Blame, { kind: 'key' }>[] {
  const keyed = failures.filter(({ key }) => key !== null);
  const byKey = [...grouped(keyed, ({ key }) => key ?? '')].toSorted(([a], [b]) =>
    compareText(a, b),
  );
  return byKey.flatMap(([key, own]) => {
    const slots = slotsOf(own);
    if (slots.length < KEY_MEMBERS) return [];
    const signatures = new Set(own.map(({ signature }) => signature));
    const alike = failures.filter(({ signature }) => signatures.has(signature)).length;
    if (own.length / alike < KEY_SHARE) return [];
    const ends = `${slots.join(' and ')} ended working on it`;
    const why = `${ends}, and ${own.length} of ${alike} ends like these were on it`;
    return [{ kind: 'key', key, why }];
  });
}

/** One signature: whose it is. */
function alikeBlame(
  signature: string,
  alike: readonly FailureView[],
  { slots, stable, many }: BlameInput,
): readonly Blame[] {
  const failing = grouped(alike, ({ revision }) => revision);
  const revisions = [...failing.keys()].toSorted(compareText);
  const blamed = revisions.find((revision) => {
    const own = slots.filter((slot) => slot.revision === revision).length;
    const ended = slotsOf(failing.get(revision) ?? []).length;
    const members = Math.max(own, ended);
    if (revision === stable || ended < Math.max(2, Math.min(REVISION_MEMBERS, members))) {
      return false;
    }
    const peers = slots.filter((slot) => slot.revision !== revision).length;
    const peersEnded = slotsOf(alike.filter((one) => one.revision !== revision)).length;
    const share = ended / members;
    // As often as it, at least one of the others should have ended, if it were not the revision.
    if (peers * share < 1) return false;
    return share >= (REVISION_RATIO * peersEnded) / peers;
  });
  if (blamed !== undefined) {
    const ended = slotsOf(failing.get(blamed) ?? []).length;
    const why = `${ended} of its members ended with ${signature}, and others run well`;
    return [{ kind: 'revision', revision: blamed, why }];
  }
  const ended = slotsOf(alike).length;
  if (ended < many) return [];
  const all = new Set(slots.map(({ revision }) => revision)).size;
  const what =
    all < 2 ? 'there is one revision, and none to compare it with' : 'no revision stands out';
  return [{ kind: 'common', why: `${ended} members ended with ${signature}, and ${what}` }];
}

function slotsOf(failures: readonly FailureView[]): readonly SlotId[] {
  return [...new Set(failures.map(({ slot }) => slot))].toSorted(compareText);
}

function grouped(
  failures: readonly FailureView[],
  by: (failure: FailureView) => string,
): ReadonlyMap<string, readonly FailureView[]> {
  const groups = new Map<string, FailureView[]>();
  for (const one of failures) {
    const list = groups.get(by(one));
    if (list === undefined) groups.set(by(one), [one]);
    else list.push(one);
  }
  return groups;
}
