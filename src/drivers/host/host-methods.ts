/**
 * What a tool can ask of a running host, by method names that every door of it has: the local socket
 * today. Each method checks what it is given and answers plain data; what it cannot do it refuses with
 * the cure. Called by the control socket, one question at a time and any number at once.
 */
import {
  ADMITTED,
  type DecisionEntry,
  decisionLine,
  type Intent,
  type RingTableInput,
  type RingWhatIf,
  type RolloutState,
  replicasOf,
  ringWhatIf,
  type ServiceRecord,
  type ServiceStatus,
  type VerbView,
  type Verdict,
} from '../../actors/index.ts';
import { driverError } from '../errors.ts';
import { KeyOwners } from '../router/key-owners.ts';
import type { AppliedService } from './apply-options.ts';
import type { FleetHost } from './fleet-host.ts';
import type { InstanceLoad } from './instance-load.ts';
import { type Params, shown, text, texts, wrong } from './params.ts';
import {
  autoscaleOf,
  type InstanceSummary,
  instancesOf,
  type ServiceSummary,
  summaryOf,
} from './service-summary.ts';

/** One service, looked at closely. */
export type ServiceDetail = {
  readonly summary: ServiceSummary;
  readonly instances: readonly InstanceSummary[];
  readonly revisions: readonly {
    readonly id: string;
    readonly version: string;
    readonly role: string;
    readonly blocked: string | null;
  }[];
  readonly autoscale: { readonly hold: number | null; readonly wants: string } | null;
  readonly failures: readonly {
    readonly instance: string;
    readonly signature: string;
    readonly key: string | null;
    readonly agoMs: number;
  }[];
  readonly operations: number;
  /** Of the decisions' clock, in milliseconds: what entries of the log are dated by. */
  readonly nowMs: number;
  readonly spec: unknown;
};

/** All services of a fleet. */
export type FleetListed = {
  readonly fleet: string | null;
  readonly services: readonly ServiceSummary[];
};

/** What a change of a ring's size would move; shares of all keys. */
export type RingChange = Pick<RingWhatIf, 'before' | 'after' | 'expectedShare' | 'isWithin'> & {
  readonly movedShare: number;
};

/** A ring that is gone by. */
export type RingShown = {
  readonly service: string;
  readonly generation: number;
  readonly algorithm: string;
  /** Of each member, where the algorithm has such. */
  readonly sections: number;
  readonly members: readonly { readonly slot: string; readonly weight: number }[];
  /** Slices that go elsewhere because they are hot. */
  readonly moved: number;
};

/** Who answers for a key, the first to ask first. `instance`: null while nobody serves there. */
export type KeyShown = {
  readonly service: string;
  readonly key: string;
  readonly generation: number;
  readonly owners: readonly { readonly slot: string; readonly instance: string | null }[];
};

/** What was decided of an operator's order; one that is delayed is tried again for a minute. */
export type OrderVerdict = Verdict;

/** One line of the log, and what it is made of. */
export type DecisionShown = ReturnType<typeof shownEntry>;

const VERBS: readonly VerbView['verb'][] = [
  'promote',
  'promoteFull',
  'pause',
  'resume',
  'abort',
  'retry',
  'undo',
  'restart',
];
/** Intents of operators that were not admitted are forgotten after so long, in milliseconds. */
const WANTED_MS = 60_000;
/** Instances of one service, or shards, that one machine may be asked for: a slip of zeros ends here. */
const COUNT_MAX = 1000;

/** Thread rule: the host's. */
export class HostMethods {
  private readonly host: FleetHost;

  constructor(host: FleetHost) {
    this.host = host;
  }

  /** Method names to what answers them. */
  readonly methods: Readonly<Record<string, (params: Params) => Promise<unknown>>> = {
    'System.hello': () => this.hello(),
    'Fleet.apply': (params) => this.apply(params),
    'Fleet.list': () => this.list(),
    'Fleet.freeze': (params) => this.freeze(params),
    'Service.get': (params) => this.get(text(params, 'service')),
    'Service.verb': (params) => this.verb(params),
    'Service.hold': (params) => this.hold(params),
    'Service.freeze': (params) => this.freezeService(params),
    'Service.release': (params) => this.release(params),
    'Instance.replace': (params) => this.replace(text(params, 'instance')),
    'Instance.drain': (params) => this.drain(params),
    'Decisions.list': (params) => this.decisions(params),
    'Fleet.top': (params) => this.top(params),
    'Ring.get': (params) => this.ring(text(params, 'service')),
    'Ring.owners': (params) => this.owners(text(params, 'service'), text(params, 'key')),
    'Ring.whatIf': (params) => this.whatIf(params),
  };

  private hello(): Promise<unknown> {
    const { fleet } = this.host;
    return Promise.resolve({ pid: process.pid, fleet: fleet?.name ?? null });
  }

  private async apply(params: Params): Promise<{ readonly services: readonly AppliedService[] }> {
    const folder = text(params, 'folder');
    const dryRun = params.dryRun === true;
    const [allow, remove] = [texts(params, 'allow'), texts(params, 'remove')];
    const document = { data: params.data, folder };
    const services = await this.host.apply(document, { dryRun, allow, remove });
    return { services };
  }

  private async list(): Promise<FleetListed> {
    const names = await this.host.services();
    const all = await Promise.all(names.map((name) => this.host.status(name)));
    return { fleet: this.host.fleet?.name ?? null, services: all.map(summaryOf) };
  }

  private async get(service: string): Promise<ServiceDetail> {
    const status = await this.host.status(service);
    const { record, nowMs } = status;
    const { goal, applied, hold } = record;
    const roleOf = (id: string): string =>
      [id === goal.stable && 'stable', id === goal.target && 'target', id === applied && 'applied']
        .filter((role) => role !== false)
        .join(' ');
    const autoscaler = autoscaleOf(status);
    return {
      summary: summaryOf(status),
      instances: instancesOf(status),
      revisions: record.revisions.map(({ id, version, blocked }) => ({
        id,
        version,
        role: roleOf(id),
        blocked,
      })),
      autoscale:
        autoscaler === null
          ? null
          : { hold: hold?.count ?? null, wants: String(autoscaler.asked.at(-1) ?? '') },
      failures: record.failures.map(({ instance, signature, key, atMs }) => {
        return { instance, signature, key, agoMs: nowMs - atMs };
      }),
      operations: record.operations.size,
      nowMs,
      spec: record.spec,
    };
  }

  /** A verb is done, and stored; @returns what the rollout says of it. Refused: it says nothing here. */
  private async verb(params: Params): Promise<{ readonly note: string }> {
    const service = text(params, 'service');
    const verb = VERBS.find((one) => one === params.verb);
    if (verb === undefined) {
      throw wrong(`verb is ${shown(params.verb)}; expected one of ${VERBS.join(', ')}.`);
    }
    const { record } = await this.host.status(service);
    const to = params.to === undefined ? null : this.revisionCalled(record, text(params, 'to'));
    await this.host.arbiter().ask('order', { service, list: [{ kind: 'verb', verb, to }] });
    return { note: noteOf((await this.host.status(service)).record, verb) };
  }

  private revisionCalled({ revisions, name }: ServiceStatus['record'], called: string): string {
    const found = revisions.findLast(({ id, version }) => id === called || version === called);
    if (found !== undefined) return found.id;
    const known = revisions.map(({ version, id }) => `${version} (${id})`).join(', ');
    throw wrong(`${name} has no revision ${called}; it has ${known}.`);
  }

  /** A number until it expires; null: what is decided counts again. */
  private async hold(params: Params): Promise<OrderVerdict> {
    const service = text(params, 'service');
    const status = await this.host.status(service);
    const { count } = params;
    const isCount = Number.isInteger(count) && (count as number) >= 0;
    if (count !== null && !(isCount && (count as number) <= COUNT_MAX)) {
      throw wrong(`count is ${shown(count)}; expected a number from 0 to ${COUNT_MAX}, or null.`);
    }
    const forMs = params.forMs ?? Number.MAX_SAFE_INTEGER / 2;
    if (typeof forMs !== 'number' || !(forMs > 0)) {
      throw wrong(`forMs is ${shown(forMs)}; expected milliseconds above 0.`);
    }
    const { record } = status;
    if (record.spec.autoscale === undefined && count !== null) {
      const act = { kind: 'setDemand', count: count as number } as const;
      return await this.want(status, act, 'safety', 'a number');
    }
    const untilMs = status.nowMs + forMs;
    const hold = { kind: 'hold', count: count as number | null, untilMs } as const;
    await this.host.arbiter().ask('order', { service, list: [hold] });
    return ADMITTED;
  }

  private async freeze(params: Params): Promise<null> {
    await this.host.arbiter().ask('freeze', params.isFrozen === true);
    return null;
  }

  private async freezeService(params: Params): Promise<null> {
    const service = text(params, 'service');
    await this.host.status(service);
    const list = [{ kind: 'freeze', isFrozen: params.isFrozen === true }] as const;
    await this.host.arbiter().ask('order', { service, list });
    return null;
  }

  /** A key that goes to nobody is answered again; without one: an invariant that did not hold is over. */
  private async release(params: Params): Promise<OrderVerdict> {
    const service = text(params, 'service');
    const status = await this.host.status(service);
    if (params.key === undefined) {
      await this.host.arbiter().ask('release', service);
      return ADMITTED;
    }
    const key = text(params, 'key');
    const { quarantinedKeys: keys } = status.record;
    if (keys.includes(key)) {
      return await this.want(status, { kind: 'releaseKey', key }, 'safety', `the key ${key} back`);
    }
    const known = keys.map(shown).join(', ') || 'none';
    throw wrong(`no key ${shown(key)} of ${service} is quarantined; there are: ${known}`);
  }

  private async replace(instance: string): Promise<OrderVerdict> {
    const { status, entry } = await this.entryOf(instance);
    const { slot, revision } = entry;
    const act = { kind: 'replace', slot, instance, revision } as const;
    return await this.want(status, act, 'heal', 'another instance');
  }

  private async drain(params: Params): Promise<OrderVerdict> {
    const instance = text(params, 'instance');
    const { status } = await this.entryOf(instance);
    const kind = params.cancel === true ? 'keep' : 'stop';
    const priority = kind === 'keep' ? 'safety' : 'shrink';
    return await this.want(status, { kind, instance }, priority, 'it');
  }

  private async decisions(params: Params): Promise<readonly DecisionShown[]> {
    const { service, about, kind } = params;
    const entries = await this.host.why({
      ...(service === undefined ? {} : { service: text(params, 'service') }),
      ...(about === undefined ? {} : { about: text(params, 'about') }),
      ...(kind === 'admitted' || kind === 'delayed' || kind === 'refused' ? { kind } : {}),
    });
    const last = typeof params.last === 'number' ? params.last : 50;
    return entries.slice(-Math.max(1, last)).map(shownEntry);
  }

  private async top(params: Params): Promise<{ readonly instances: readonly InstanceLoad[] }> {
    const { service } = params;
    const names = service === undefined ? await this.host.services() : [text(params, 'service')];
    const all = await Promise.all(names.map((name) => this.host.status(name)));
    return { instances: await this.host.loads(all.map(({ record }) => record)) };
  }

  private async ring(service: string): Promise<RingShown> {
    const { record } = await this.host.status(service);
    const { ring, algorithm, sections } = ringParts(record);
    const { generation, members, weights, overrides } = ring;
    const list = members.map((slot, i) => ({ slot, weight: weights[i] ?? 1 }));
    return { service, generation, algorithm, sections, members: list, moved: overrides.length };
  }

  private async owners(service: string, key: string): Promise<KeyShown> {
    const { record } = await this.host.status(service);
    const { ring } = ringParts(record);
    const { kind, replicas } = tableInput(record);
    const owners = KeyOwners.of({ kind, ring: record.spec.ring ?? null, replicas }, ring);
    const serving = new Map(record.routes.routes.map(({ slot, instance }) => [slot, instance]));
    const list = (owners?.overridden(key) ?? owners?.line(key) ?? []).map((slot) => ({
      slot,
      instance: serving.get(slot) ?? null,
    }));
    return { service, key, generation: ring.generation, owners: list };
  }

  private async whatIf(params: Params): Promise<RingChange> {
    const { record } = await this.host.status(text(params, 'service'));
    const { change } = params;
    if (!Number.isInteger(change) || change === 0) {
      throw wrong(`change is ${shown(change)}; expected a number such as 1 or -1.`);
    }
    const answer = ringWhatIf(tableInput(record), change as number);
    if (answer === null) throw wrong('nobody would be left; a ring is never empty.');
    const { before, after, expectedShare, isWithin, report } = answer;
    return { before, after, expectedShare, isWithin, movedShare: report.movedShare };
  }

  private async entryOf(instance: string) {
    const [service = instance] = instance.split('/');
    const status = await this.host.status(service);
    const entry = status.record.instances.get(instance);
    if (entry !== undefined) return { status, entry };
    const known = [...status.record.instances.keys()].join(', ');
    throw wrong(`there is no instance ${instance}; there are: ${known || 'none'}`);
  }

  private want(
    status: ServiceStatus,
    act: Intent['act'],
    priority: Intent['priority'],
    what: string,
  ): Promise<OrderVerdict> {
    const { name } = status.record;
    return this.host.arbiter().ask('want', {
      who: 'operator',
      service: name,
      act,
      priority,
      why: `an operator wants ${what}`,
      inputs: [],
      alternatives: [],
      expiresMs: status.nowMs + WANTED_MS,
    });
  }
}

/** What became of the last verb. @throws RM_CONTROL_REFUSED when it changes nothing as things are */
function noteOf({ name, controllers }: ServiceRecord, verb: VerbView['verb']): string {
  const note = (controllers.rollout as RolloutState | null)?.lastNote ?? '';
  if (!note.startsWith(`${verb} ignored`)) return note;
  throw driverError('RM_CONTROL_REFUSED', `${name}: ${note}.`, { service: name });
}

function shownEntry(entry: DecisionEntry) {
  const { id, atMs, lastMs, times, intent, verdict } = entry;
  const { who, service, act, why, inputs, alternatives } = intent;
  const line = decisionLine(entry);
  return { id, atMs, lastMs, times, who, service, act, why, inputs, alternatives, verdict, line };
}

function ringParts({ spec, ring, name }: ServiceRecord) {
  if (spec.ring !== undefined && ring !== null) {
    const { algorithm, sections } = spec.ring;
    return { ring, algorithm, sections, spec: spec.ring };
  }
  throw wrong(`${name} has no ring; a sharded service has one when all its shards serve.`);
}

function tableInput(record: ServiceRecord): RingTableInput {
  const { ring, spec: layout } = ringParts(record);
  const { spec } = record;
  const zones = new Set(ring.members.map((slot) => slot.split('/')[2] ?? '')).size;
  const replicas = spec.kind === 'sharded' ? replicasOf(spec, zones) : 1;
  const { members, weights } = ring;
  return { kind: spec.kind, ring: layout, members, weights, replicas, addresses: null };
}
