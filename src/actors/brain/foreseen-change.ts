/**
 * What would come of an operator's change if it were made now: the rules of the arbiter and the verbs of the
 * rollout are asked, and nothing is done. The same answers say which changes there are to choose from, so
 * that nobody is offered what would only be ignored. Metrics are not read: no operator's change needs one.
 * Pure.
 */
import { admit } from '../arbiter/admission.ts';
import { mayStay } from '../arbiter/apply-act.ts';
import type { InstanceEntry } from '../arbiter/records.ts';
import { viewOf } from '../arbiter/service-view.ts';
import type { Verdict } from '../protocol/decision.ts';
import type { ServiceView, VerbView } from '../protocol/fleet-view.ts';
import type { InstanceId, RevisionId } from '../protocol/identity.ts';
import type { Act, Intent } from '../protocol/intent.ts';
import { ROLLOUT_START, type RolloutState } from '../rollout/rollout-state.ts';
import { afterVerbs } from '../rollout/verbs.ts';
import type { ServiceStatus } from './arbiter-messages.ts';

/** What operators say to a rollout. */
export const VERBS: readonly VerbView['verb'][] = [
  'promote',
  'promoteFull',
  'pause',
  'resume',
  'abort',
  'retry',
  'undo',
  'restart',
];

/** Changes of a service, by name; `unhold` and `unfreeze` take back what `hold` and `freeze` do. */
export const SERVICE_ACTIONS = [
  'promote',
  'promoteFull',
  'pause',
  'resume',
  'abort',
  'retry',
  'undo',
  'restart',
  'hold',
  'unhold',
  'freeze',
  'unfreeze',
  'release',
  'releaseKey',
] as const;
/** One of them. */
export type ServiceAction = (typeof SERVICE_ACTIONS)[number];

/** Changes of one instance; `keep` takes `drain` back. */
export const INSTANCE_ACTIONS = ['replace', 'drain', 'keep'] as const;
/** One of them. */
export type InstanceAction = (typeof INSTANCE_ACTIONS)[number];

/** A change of one service. */
export type ChangeWanted =
  | { readonly kind: 'verb'; readonly verb: VerbView['verb']; readonly to: RevisionId | null }
  /** A number that stays; null: what is decided counts again. */
  | { readonly kind: 'hold'; readonly count: number | null }
  | { readonly kind: 'freeze'; readonly isFrozen: boolean }
  /** Null: an invariant that did not hold; else a key that is answered by nobody. */
  | { readonly kind: 'release'; readonly key: string | null }
  | { readonly kind: InstanceAction; readonly instance: InstanceId };

/** What would come of it. Delayed: it is tried again for a while. Refused: nothing would. */
export type Foreseen = { readonly kind: Verdict['kind']; readonly note: string };

/** How long an operator's intent that was not admitted is wanted, in milliseconds. */
const WANTED_MS = 60_000;

/** Now, of this service. */
export function foreseen(status: ServiceStatus, wanted: ChangeWanted): Foreseen {
  const { record, heldBy } = status;
  if (wanted.kind === 'verb') return verbForeseen(status, wanted);
  if (wanted.kind === 'hold') return holdForeseen(status, wanted.count);
  if (wanted.kind === 'freeze') {
    if (record.isFrozen !== wanted.isFrozen)
      return done(wanted.isFrozen ? 'it is frozen' : 'it goes on');
    return refused(wanted.isFrozen ? 'it is frozen already' : 'it is not frozen by itself');
  }
  if (wanted.kind === 'release') {
    const { key } = wanted;
    if (key === null) {
      return heldBy === null ? refused('every invariant holds') : done('it goes on');
    }
    if (!record.quarantinedKeys.includes(key)) return refused('no such key is quarantined');
    return judged(status, { kind: 'releaseKey', key });
  }
  const entry = record.instances.get(wanted.instance);
  if (entry === undefined) return refused(`there is no instance ${wanted.instance}`);
  return instanceForeseen(status, entry, wanted.kind);
}

/** Those that something would come of. */
export function serviceActions(status: ServiceStatus): readonly ServiceAction[] {
  const { demand } = status.record.goal;
  const [key] = status.record.quarantinedKeys;
  const ways: Readonly<Record<Exclude<ServiceAction, VerbView['verb']>, ChangeWanted>> = {
    hold: { kind: 'hold', count: demand },
    unhold: { kind: 'hold', count: null },
    freeze: { kind: 'freeze', isFrozen: true },
    unfreeze: { kind: 'freeze', isFrozen: false },
    release: { kind: 'release', key: null },
    releaseKey: { kind: 'release', key: key ?? '' },
  };
  const verbs = Object.fromEntries(
    VERBS.map((verb) => [verb, { kind: 'verb', verb, to: null } as const]),
  );
  const all: Readonly<Record<string, ChangeWanted>> = { ...verbs, ...ways };
  return SERVICE_ACTIONS.filter((name) => {
    const wanted = all[name];
    return wanted !== undefined && foreseen(status, wanted).kind !== 'refused';
  });
}

/** Of each instance, by its id. As `foreseen`, at the price of one look at all of them. */
export function instanceActions(
  status: ServiceStatus,
): ReadonlyMap<InstanceId, readonly InstanceAction[]> {
  const view = viewNow(status);
  const entries = [...status.record.instances.values()];
  // What is refused is so whatever else is decided in a pass: they need not be judged one by one.
  const refusedIn = (kind: 'replace' | 'drain'): ReadonlySet<InstanceId> => {
    const intents = entries.map((entry) => operatorIntent(view, actOf(entry, kind)));
    const decisions = admit(view, intents).filter(({ verdict }) => verdict.kind === 'refused');
    return new Set(
      decisions.flatMap(({ intent: { act } }) => ('instance' in act ? act.instance : [])),
    );
  };
  const [noReplace, noDrain] = [refusedIn('replace'), refusedIn('drain')];
  return new Map(
    entries.map((entry) => [
      entry.id,
      INSTANCE_ACTIONS.filter((action) => {
        if (action !== 'replace' && idle(entry, action) !== null) return false;
        if (action === 'keep') return true;
        return !(action === 'replace' ? noReplace : noDrain).has(entry.id);
      }),
    ]),
  );
}

/** The rollout says itself what it makes of a verb. */
function verbForeseen(
  status: ServiceStatus,
  { verb, to }: Extract<ChangeWanted, { kind: 'verb' }>,
): Foreseen {
  if (status.record.removal) return refused('the service is being removed');
  const view = viewNow(status);
  const number = (view.verbs.at(-1)?.number ?? 0) + 1;
  const said = { ...view, verbs: [...view.verbs, { number, verb, to, atMs: view.nowMs }] };
  const before = (status.record.controllers.rollout as RolloutState | null) ?? ROLLOUT_START;
  const note = afterVerbs(before, said).lastNote ?? '';
  return note.startsWith(`${verb} ignored`) ? refused(note) : done(note);
}

function holdForeseen(status: ServiceStatus, count: number | null): Foreseen {
  const { hold, spec, removal } = status.record;
  if (removal) return refused('the service is being removed');
  if (count === null) return hold === null ? refused('nobody holds it') : done('its hold ends');
  if (spec.autoscale === undefined) return judged(status, { kind: 'setDemand', count });
  return done(`${count} are held`);
}

function instanceForeseen(
  status: ServiceStatus,
  entry: InstanceEntry,
  action: InstanceAction,
): Foreseen {
  const why = action === 'replace' ? null : idle(entry, action);
  return why === null ? judged(status, actOf(entry, action)) : refused(why);
}

/** Why it would change nothing; null: it would. */
function idle({ id, going, life }: InstanceEntry, action: 'drain' | 'keep'): string | null {
  if (action === 'drain') return going === 'stop' ? `${id} is on its way out already` : null;
  if (going === null) return `${id} is not on its way out`;
  return mayStay(life.state) ? null : `${id} was told to end already: it is ${life.state}`;
}

function actOf({ id, slot, revision }: InstanceEntry, action: InstanceAction): Act {
  if (action === 'replace') return { kind: 'replace', slot, instance: id, revision };
  return { kind: action === 'keep' ? 'keep' : 'stop', instance: id };
}

function judged(status: ServiceStatus, act: Act): Foreseen {
  const view = viewNow(status);
  const [decision] = admit(view, [operatorIntent(view, act)]);
  const verdict = decision?.verdict;
  if (verdict === undefined || verdict.kind === 'admitted') return done('it is admitted');
  return { kind: verdict.kind, note: verdictText(verdict) };
}

/** Why it is not done, for people. */
export function verdictText({
  rule,
  why,
  unblock,
}: Exclude<Verdict, { kind: 'admitted' }>): string {
  return `by the rule ${rule}: ${why}; until ${unblock}`;
}

/** An operator wants `act`; `what`: in words. */
export function operatorIntent(
  { name, nowMs }: Pick<ServiceView, 'name' | 'nowMs'>,
  act: Act,
  what: string = 'it',
): Intent {
  return {
    who: 'operator',
    service: name,
    act,
    priority: act.kind === 'stop' ? 'shrink' : act.kind === 'replace' ? 'heal' : 'safety',
    why: `an operator wants ${what}`,
    inputs: [],
    alternatives: [],
    expiresMs: nowMs + WANTED_MS,
  };
}

/** As a pass made now would see it, but for metrics. */
export function viewNow({ record, around }: ServiceStatus): ServiceView {
  return viewOf(record, { ...around, metric: () => ({ kind: 'missing' }) });
}

const done = (note: string): Foreseen => ({ kind: 'admitted', note });
const refused = (note: string): Foreseen => ({ kind: 'refused', note });
