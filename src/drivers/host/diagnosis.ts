/** What is wrong with a service, with the evidence and the next command: each rule is one sentence. Pure. */
import type { ServiceDetail } from './host-methods.ts';

/** One thing that is wrong. */
export type Finding = {
  /** A service, or one of its slots. */
  readonly about: string;
  readonly what: string;
  readonly evidence: readonly string[];
  /** A command. */
  readonly next: string;
};

/** Ends of one slot that are no accident any more. */
const CRASHES_MIN = 3;
/** Milliseconds after which an end says nothing of now: with pauses between starts there are many in it. */
const RECENT_MS = 3_600_000;
/** Lines of evidence. */
const LINES_MAX = 5;

/** Empty: nothing that can be seen. */
export function findingsOf(detail: ServiceDetail): readonly Finding[] {
  const { summary, failures, revisions, instances } = detail;
  const { service: about, ready, wanted, heldBy, attention, isFrozen, isFleetFrozen } = summary;
  const found: Finding[] = attention.map((what) => ({
    about,
    what,
    evidence: [summary.message],
    next: `ringmaster why ${about}`,
  }));
  if (heldBy !== null) {
    const what = 'an invariant did not hold: nothing is taken away until somebody has looked';
    found.push({ about, what, evidence: [heldBy], next: `ringmaster describe ${about}` });
  }
  if (isFrozen) {
    const whose = isFleetFrozen ? 'the fleet' : 'it';
    const what = `${whose} is frozen: only what is urgent is done`;
    const next = `ringmaster freeze ${isFleetFrozen ? '' : `${about} `}--off`;
    found.push({ about, what, evidence: [], next });
  }
  if (/^(panic|blind)\b/.test(summary.healing)) {
    const what =
      'the healer replaces nobody: it takes the cause to be another one than its members';
    found.push({ about, what, evidence: [summary.healing], next: `ringmaster why ${about}` });
  }
  const blocked = revisions.filter((one) => one.blocked !== null && one.role.includes('target'));
  for (const { version, blocked: why } of blocked) {
    const what = `${version} was given up`;
    found.push({ about, what, evidence: [String(why)], next: `ringmaster undo ${about}` });
  }
  for (const [slot, ends] of crashes(failures)) {
    const what = 'it ends by itself again and again';
    const evidence = ends.slice(-LINES_MAX).toReversed();
    found.push({ about: slot, what, evidence, next: `ringmaster why ${slot}` });
  }
  if (found.length === 0 && ready < wanted && summary.phase === 'idle') {
    const missing = instances.filter(({ state }) => state !== 'ready');
    const lines = missing.map(({ instance, state }) => `${instance} is ${state}`);
    const more = lines.length - LINES_MAX;
    const evidence = [...lines.slice(0, LINES_MAX), ...(more > 0 ? [`and ${more} more`] : [])];
    const what = `${ready} of ${wanted} instances are ready`;
    found.push({ about, what, evidence, next: `ringmaster why ${about}` });
  }
  return found;
}

function crashes(failures: ServiceDetail['failures']): readonly (readonly [string, string[]])[] {
  const bySlot = new Map<string, string[]>();
  for (const { instance, signature, agoMs } of failures) {
    if (agoMs > RECENT_MS) continue;
    const slot = instance.slice(0, instance.indexOf('#'));
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), `${instance}: ${signature}`]);
  }
  return [...bySlot].filter(([, ends]) => ends.length >= CRASHES_MIN);
}
