/**
 * What a tool can ask of a running host, by method names that every door of it has: the local socket
 * today. Each method checks what it is given and answers plain data; what it cannot do it refuses with
 * the cure. Called by the control socket, one question at a time and any number at once.
 */
import {
  type DecisionEntry,
  decisionLine,
  type InstanceAction,
  instanceActions,
  type ServiceAction,
  type ServiceStatus,
  serviceActions,
} from '../../actors/index.ts';
import { type FamilyReading, readFamilies } from '../../runtime/index.ts';
import type { AppliedService } from './apply-options.ts';
import { type Finding, findingsOf } from './diagnosis.ts';
import type { FleetHost } from './fleet-host.ts';
import { HostChanges, type Method } from './host-changes.ts';
import { healingOf } from './host-healing.ts';
import { leaderOf, regionsOf } from './host-leader.ts';
import { HostRing } from './host-ring.ts';
import type { InstanceLoad } from './instance-load.ts';
import { HOST_FAMILIES } from './metric-families.ts';
import { nullIfGone } from './null-if-gone.ts';
import { type Params, text, texts } from './params.ts';
import { processFigures } from './process-figures.ts';
import {
  autoscaleOf,
  type InstanceSummary,
  instancesOf,
  type ServiceSummary,
  summaryOf,
} from './service-summary.ts';

/** How a service is, and which changes of it something would come of. */
export type ServiceShown = ServiceSummary & { readonly allowedActions: readonly ServiceAction[] };

/** One of its instances, as a service is shown. */
export type InstanceShown = InstanceSummary & {
  readonly allowedActions: readonly InstanceAction[];
};

/** One service, looked at closely. */
export type ServiceDetail = {
  readonly summary: ServiceShown;
  readonly instances: readonly InstanceShown[];
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
  /** Keys that nobody answers for: `release` lets them back. */
  readonly quarantinedKeys: readonly string[];
  readonly operations: number;
  /** Of the decisions' clock, in milliseconds: what entries of the log are dated by. */
  readonly nowMs: number;
  readonly spec: unknown;
};

/** All services of a fleet. */
export type FleetListed = {
  readonly fleet: string | null;
  readonly isFrozen: boolean;
  /** Of the fleet: another one when it is frozen or not, or has other services. */
  readonly revision: string;
  /** Of the decisions' clock, in milliseconds; null: there is no service. */
  readonly nowMs: number | null;
  readonly services: readonly ServiceShown[];
};

/** One line of the log, and what it is made of. */
export type DecisionShown = ReturnType<typeof shownEntry>;

/** Thread rule: the host's. */
export class HostMethods {
  private readonly host: FleetHost;
  /** Method names to what answers them. */
  readonly methods: Readonly<Record<string, Method>>;

  constructor(host: FleetHost) {
    this.host = host;
    this.methods = {
      ...this.reads(),
      ...new HostRing(host).methods,
      ...new HostChanges(host).methods,
    };
  }

  private reads(): Readonly<Record<string, Method>> {
    return {
      'System.hello': () => this.hello(),
      'Fleet.apply': (params) => this.apply(params),
      'Fleet.list': () => this.list(),
      'Service.get': (params) => this.get(text(params, 'service')),
      'Fleet.diagnose': (params) => this.diagnose(params),
      'Fleet.leader': () => Promise.resolve(leaderOf(this.host)),
      'Region.list': () => regionsOf(this.host),
      'Healing.get': (params) => healingOf(this.host, params),
      'Decisions.list': (params) => this.decisions(params),
      'Metrics.look': () => this.metrics(),
      'Fleet.top': (params) => this.top(params),
    };
  }

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
    const found = await Promise.all(names.map((name) => this.host.status(name).catch(nullIfGone)));
    const all = found.filter((one) => one !== null);
    const standing = await this.host.standing();
    const nowMs = all[0]?.nowMs ?? null;
    const services = all.map(shownOf);
    return { fleet: this.host.fleet?.name ?? null, ...standing, nowMs, services };
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
      summary: shownOf(status),
      instances: instancesShown(status),
      revisions: record.revisions.map(({ id, version, blocked }) => ({
        id,
        version,
        role: roleOf(id),
        blocked,
      })),
      autoscale:
        autoscaler === null
          ? null
          : { hold: hold?.count ?? null, wants: String(autoscaler.asked.at(-1)?.count ?? '') },
      failures: record.failures.map(({ instance, signature, key, atMs }) => {
        return { instance, signature, key, agoMs: nowMs - atMs };
      }),
      quarantinedKeys: record.quarantinedKeys,
      operations: record.operations.size,
      nowMs,
      spec: record.spec,
    };
  }

  private async diagnose(params: Params): Promise<{ readonly findings: readonly Finding[] }> {
    const { service } = params;
    if (service !== undefined)
      return { findings: findingsOf(await this.get(text(params, 'service'))) };
    const names = await this.host.services();
    const found = await Promise.all(names.map((name) => this.get(name).catch(nullIfGone)));
    return { findings: found.flatMap((one) => (one === null ? [] : findingsOf(one))) };
  }

  private async decisions(
    params: Params,
  ): Promise<{ readonly decisions: readonly DecisionShown[] }> {
    const { service, about, kind, sinceMs } = params;
    const entries = await this.host.why({
      ...(service === undefined ? {} : { service: text(params, 'service') }),
      ...(about === undefined ? {} : { about: text(params, 'about') }),
      ...(kind === 'admitted' || kind === 'delayed' || kind === 'refused' ? { kind } : {}),
      ...(typeof sinceMs === 'number' ? { sinceMs } : {}),
    });
    const last = typeof params.last === 'number' ? params.last : 50;
    return { decisions: entries.slice(-Math.max(1, last)).map(shownEntry) };
  }

  private async top(params: Params): Promise<{ readonly instances: readonly InstanceLoad[] }> {
    const { service } = params;
    if (service !== undefined) {
      const { record } = await this.host.status(text(params, 'service'));
      return { instances: await this.host.loads([record]) };
    }
    const names = await this.host.services();
    const found = await Promise.all(names.map((name) => this.host.status(name).catch(nullIfGone)));
    return { instances: await this.host.loads(found.flatMap((one) => one?.record ?? [])) };
  }

  /** As `GET /metrics` tells them. */
  private async metrics(): Promise<readonly FamilyReading[]> {
    const figures = await this.host.figures();
    return readFamilies(HOST_FAMILIES, { ...figures, process: processFigures() });
  }
}

function shownOf(status: ServiceStatus): ServiceShown {
  return { ...summaryOf(status), allowedActions: serviceActions(status) };
}

function instancesShown(status: ServiceStatus): readonly InstanceShown[] {
  const actions = instanceActions(status);
  return instancesOf(status).map((one) => {
    return { ...one, allowedActions: actions.get(one.instance) ?? [] };
  });
}

function shownEntry(entry: DecisionEntry) {
  const { id, atMs, lastMs, times, intent, verdict } = entry;
  const { who, service, act, why, inputs, alternatives } = intent;
  const line = decisionLine(entry);
  return { id, atMs, lastMs, times, who, service, act, why, inputs, alternatives, verdict, line };
}
