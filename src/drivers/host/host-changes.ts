/**
 * What operators can change in a running fleet, by method names. Each takes `dryRun` (what would come of
 * it, and nothing is done) and `ifRevision` (nothing is done when somebody or something was faster), and
 * answers what became of it; what would change nothing, or may not be, is refused with the reason. Part of
 * the host's methods.
 */
import {
  type Act,
  type ChangeWanted,
  type Foreseen,
  foreseen,
  type OperatorChange,
  operatorIntent,
  type RolloutState,
  type ServiceRecord,
  type ServiceStatus,
  VERBS,
  type VerbView,
  verdictText,
} from '../../actors/index.ts';
import { driverError } from '../errors.ts';
import type { FleetHost } from './fleet-host.ts';
import { type Params, shown, text, wrong } from './params.ts';

/** What became of a change. Refused ones are thrown. */
export type ChangeAnswer = {
  /** Delayed: it is tried again for a minute. */
  readonly kind: 'admitted' | 'delayed';
  /** For people: what the rollout, or the rule that delays it, says. */
  readonly note: string;
  readonly isDryRun: boolean;
  /** Of the service, or of the fleet, after it. */
  readonly revision: string;
};

/** Answers one method. */
export type Method = (params: Params) => Promise<unknown>;

/** Instances of one service, or shards, that one machine may be asked for: a slip of zeros ends here. */
const COUNT_MAX = 1000;

/** A change, and how it is said to the arbiter. */
type Change = {
  readonly status: ServiceStatus;
  readonly wanted: ChangeWanted;
  readonly order: OperatorChange['change'];
};

/** Thread rule: the host's. */
export class HostChanges {
  private readonly host: FleetHost;

  constructor(host: FleetHost) {
    this.host = host;
  }

  /** Method names to what answers them. */
  readonly methods: Readonly<Record<string, Method>> = {
    'Fleet.freeze': (params) => this.freezeFleet(params),
    'Service.verb': async (params) => this.made(params, await this.verb(params)),
    'Service.hold': async (params) => this.made(params, await this.hold(params)),
    'Service.freeze': async (params) => this.made(params, await this.freeze(params)),
    'Service.release': async (params) => this.made(params, await this.release(params)),
    'Instance.replace': async (params) => this.made(params, await this.replace(params)),
    'Instance.drain': async (params) => this.made(params, await this.drain(params)),
  };

  /** @throws (rejects) RM_CONTROL_REFUSED, RM_CONTROL_CHANGED, RM_REPLY of the arbiter */
  private async made(params: Params, { status, wanted, order }: Change): Promise<ChangeAnswer> {
    const { name: service } = status.record;
    const ifRevision = ifRevisionOf(params);
    if (params.dryRun === true) {
      expectSame(service, status.revision, ifRevision);
      const answer = allowed(service, foreseen(status, wanted));
      return { ...answer, isDryRun: true, revision: status.revision };
    }
    const verdict = await this.host
      .arbiter()
      .ask('change', { service, ifRevision, change: order })
      .catch(rethrown);
    const { record, revision } = await this.host.status(service);
    const told: Foreseen =
      verdict.kind === 'admitted'
        ? { kind: 'admitted', note: wanted.kind === 'verb' ? noteOf(record, wanted.verb) : 'done' }
        : { kind: verdict.kind, note: verdictText(verdict) };
    return { ...allowed(service, told), isDryRun: false, revision };
  }

  private async freezeFleet(params: Params): Promise<ChangeAnswer> {
    const isFrozen = params.isFrozen === true;
    const ifRevision = ifRevisionOf(params);
    const arbiter = this.host.arbiter();
    const before = await this.host.standing();
    if (params.dryRun === true) {
      expectSame('the fleet', before.revision, ifRevision);
      if (before.isFrozen === isFrozen) {
        throw refused('the fleet', isFrozen ? 'it is frozen already' : 'it is not frozen');
      }
      const note = isFrozen ? 'it is frozen' : 'it goes on';
      return { kind: 'admitted', note, isDryRun: true, revision: before.revision };
    }
    await (ifRevision === null
      ? arbiter.ask('freeze', isFrozen)
      : arbiter.ask('freezeIf', { isFrozen, ifRevision }).catch(rethrown));
    const { revision } = await this.host.standing();
    return { kind: 'admitted', note: 'done', isDryRun: false, revision };
  }

  private async verb(params: Params): Promise<Change> {
    const verb = VERBS.find((one) => one === params.verb);
    if (verb === undefined) {
      throw wrong(`verb is ${shown(params.verb)}; expected one of ${VERBS.join(', ')}.`);
    }
    const status = await this.host.status(text(params, 'service'));
    const to = params.to === undefined ? null : revisionCalled(status.record, text(params, 'to'));
    const wanted = { kind: 'verb', verb, to } as const;
    return { status, wanted, order: { kind: 'order', list: [wanted] } };
  }

  /** A number until it expires; null: what is decided counts again. */
  private async hold(params: Params): Promise<Change> {
    const status = await this.host.status(text(params, 'service'));
    const count = countOf(params.count);
    const forMs = params.forMs ?? Number.MAX_SAFE_INTEGER / 2;
    if (typeof forMs !== 'number' || !(forMs > 0)) {
      throw wrong(`forMs is ${shown(forMs)}; expected milliseconds above 0.`);
    }
    const wanted = { kind: 'hold', count } as const;
    if (status.record.spec.autoscale === undefined && count !== null) {
      return { status, wanted, order: want(status, { kind: 'setDemand', count }, 'a number') };
    }
    const hold = { ...wanted, untilMs: status.nowMs + forMs };
    return { status, wanted, order: { kind: 'order', list: [hold] } };
  }

  private async freeze(params: Params): Promise<Change> {
    const status = await this.host.status(text(params, 'service'));
    const wanted = { kind: 'freeze', isFrozen: params.isFrozen === true } as const;
    return { status, wanted, order: { kind: 'order', list: [wanted] } };
  }

  /** A key that goes to nobody is answered again; without one: an invariant that did not hold is over. */
  private async release(params: Params): Promise<Change> {
    const status = await this.host.status(text(params, 'service'));
    if (params.key === undefined) {
      return { status, wanted: { kind: 'release', key: null }, order: { kind: 'release' } };
    }
    const key = text(params, 'key');
    const { quarantinedKeys: keys, name } = status.record;
    if (!keys.includes(key)) {
      const known = keys.map(shown).join(', ') || 'none';
      throw wrong(`no key ${shown(key)} of ${name} is quarantined; there are: ${known}`);
    }
    const order = want(status, { kind: 'releaseKey', key }, `the key ${key} back`);
    return { status, wanted: { kind: 'release', key }, order };
  }

  private async replace(params: Params): Promise<Change> {
    const { status, entry } = await this.entryOf(text(params, 'instance'));
    const { id: instance, slot, revision } = entry;
    const act = { kind: 'replace', slot, instance, revision } as const;
    return {
      status,
      wanted: { kind: 'replace', instance },
      order: want(status, act, 'another one'),
    };
  }

  private async drain(params: Params): Promise<Change> {
    const { status, entry } = await this.entryOf(text(params, 'instance'));
    const { id: instance } = entry;
    const isKept = params.cancel === true;
    const order = want(status, { kind: isKept ? 'keep' : 'stop', instance }, 'it');
    return { status, wanted: { kind: isKept ? 'keep' : 'drain', instance }, order };
  }

  private async entryOf(instance: string) {
    const [service = instance] = instance.split('/');
    const status = await this.host.status(service);
    const entry = status.record.instances.get(instance);
    if (entry !== undefined) return { status, entry };
    const known = [...status.record.instances.keys()].join(', ') || 'none';
    const message = `there is no instance ${instance}; there are: ${known}`;
    throw driverError('RM_CONTROL_UNKNOWN', message, { instance });
  }
}

function want({ record: { name }, nowMs }: ServiceStatus, act: Act, what: string) {
  return { kind: 'want', intent: operatorIntent({ name, nowMs }, act, what) } as const;
}

function revisionCalled({ revisions, name }: ServiceRecord, called: string): string {
  const found = revisions.findLast(({ id, version }) => id === called || version === called);
  if (found !== undefined) return found.id;
  const known = revisions.map(({ version, id }) => `${version} (${id})`).join(', ');
  throw wrong(`${name} has no revision ${called}; it has ${known}.`);
}

/** @throws RM_CONTROL_PARAMS */
function countOf(count: unknown): number | null {
  const isCount = Number.isInteger(count) && (count as number) >= 0;
  if (count === null || (isCount && (count as number) <= COUNT_MAX)) return count as number | null;
  throw wrong(`count is ${shown(count)}; expected a number from 0 to ${COUNT_MAX}, or null.`);
}

/** Null: whatever it is by now. */
function ifRevisionOf(params: Params): string | null {
  return params.ifRevision === undefined ? null : text(params, 'ifRevision');
}

/** What became of the last verb. @throws RM_CONTROL_REFUSED when it changes nothing as things are */
function noteOf({ name, controllers }: ServiceRecord, verb: VerbView['verb']): string {
  const note = (controllers.rollout as RolloutState | null)?.lastNote ?? '';
  if (!note.startsWith(`${verb} ignored`)) return note;
  throw refused(name, note);
}

/** @throws RM_CONTROL_REFUSED */
function allowed(name: string, { kind, note }: Foreseen): Pick<ChangeAnswer, 'kind' | 'note'> {
  if (kind === 'refused') throw refused(name, note);
  return { kind, note };
}

function refused(name: string, why: string): Error {
  return driverError('RM_CONTROL_REFUSED', `${name}: ${why}.`, { name });
}

/** @throws RM_CONTROL_CHANGED */
function expectSame(name: string, now: string, before: string | null): void {
  if (before === null || before === now) return;
  throw changed(`${name} is not what it was at revision ${before}; look again.`);
}

function changed(message: string, cause?: unknown): Error {
  return driverError('RM_CONTROL_CHANGED', message, {}, cause);
}

/** What the arbiter rejects with, by the host's codes where it has one. */
function rethrown(error: unknown): never {
  const { data, message } = error as { readonly data?: { reason?: string }; message: string };
  if (data?.reason === 'CHANGED') throw changed(message.replace(/^RM_REPLY: /, ''), error);
  throw error;
}
