/**
 * What the demo does to its fleet, step by step, and what has to come of each: the rules by which it fails.
 * A step orders something and waits until the fleet has dealt with it; what it saw is given back, with
 * every rule that was broken.
 */
import type { InstanceSummary } from '../../drivers/client.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { elapsedMs } from '../watching.ts';
import { type DemoPorts, type DemoReleases, demoFleet, EXAMPLE } from './demo-fleet.ts';
import { areHealthy, type FleetWatch, type Seen } from './fleet-watch.ts';
import {
  errorsOf,
  type LoadLevel,
  type LoadProcess,
  type LoadSums,
  movesOf,
} from './load-process.ts';

/** What a step has seen. */
export type Found = {
  /** Until it was noticed, and from then until all was well again; null: nothing was wrong. */
  readonly detectMs: number | null;
  readonly recoverMs: number | null;
  /** Sentences for people. */
  readonly notes: readonly string[];
  /** What must not happen, and did. */
  readonly faults: readonly string[];
};

/** One step. */
export type Step = {
  readonly name: string;
  readonly title: string;
  /** Whose decisions tell why, and which kinds of them. */
  readonly why: { readonly service: string; readonly kinds: readonly string[] };
  /** The shard that joins or leaves; null: no key may move. */
  readonly changed: string | null;
  /** Part of the requests that may fail: what nobody could have planned. */
  readonly errorsMax: number;
  readonly run: () => Promise<Found>;
};

/** What steps work with. */
export type Stage = {
  readonly fleet: FleetWatch;
  readonly load: LoadProcess;
  readonly ports: DemoPorts;
};

/** To begin with. */
export const CALM: LoadLevel = { tenants: 200, rate: 100 };
const DOUBLED: LoadLevel = { tenants: 400, rate: 200 };
const FIRST: DemoReleases = { gateway: { version: 'v1' }, receiver: { version: 'v1' } };
const GOOD: DemoReleases = { ...FIRST, receiver: { version: 'v2' } };
const BAD_GATEWAY: DemoReleases = {
  ...GOOD,
  gateway: { version: 'v2-bad', fault: 'errors=0.25,delay=60' },
};
const BAD_RECEIVER: DemoReleases = {
  ...GOOD,
  receiver: { version: 'v3-bad', fault: 'errors=0.5' },
};
/** A step that takes longer has failed. Longer: a slow machine is borne. Milliseconds. */
const STEP_MS = 60_000;
/** Of all requests, what a bad canary may spoil before it is stopped. */
const SPOILT_MAX = 0.1;
const ROLLOUT = ['setSplit', 'replace', 'blockRevision', 'setTarget', 'setStable'];
const NOTHING: Found = { detectMs: null, recoverMs: null, notes: [], faults: [] };

/** Brings the fleet up. @returns milliseconds until it was healthy */
export async function begin(fleet: FleetWatch, ports: DemoPorts): Promise<number> {
  await apply(fleet, ports, FIRST);
  return await fleet.until('the fleet is healthy', STEP_MS, areHealthy);
}

/** All of them, in order. */
export function stepsOf(stage: Stage): readonly Step[] {
  const all = [release, badCanary, badZone, kill, surge, lull, brain];
  return all.map((step) => step(stage));
}

/** The rules that its clients have seen broken. */
export function brokenBy({ changed, errorsMax }: Step, sums: LoadSums): readonly string[] {
  const errors = errorsOf(sums);
  const { needless } = movesOf(sums, changed);
  const parts = [
    errors > sums.sent * errorsMax
      ? `${errors} of ${sums.sent} requests failed (${JSON.stringify(sums.errors)})`
      : '',
    sums.quorumLost > 0
      ? `${sums.quorumLost} writes had no quorum, in ${sums.quorumLostSeconds} seconds`
      : '',
    needless > 0 ? `${needless} keys moved that had no need to` : '',
  ];
  return parts.filter((part) => part !== '');
}

function release({ fleet, ports }: Stage): Step {
  return {
    name: 'release',
    title: 'a good release of the receiver, zone by zone',
    why: { service: 'receiver', kinds: ROLLOUT },
    changed: null,
    errorsMax: 0,
    run: async () => {
      await apply(fleet, ports, GOOD);
      const order = new Set<string>();
      await fleet.until('receiver v2 is everywhere', STEP_MS, (seen) => {
        for (const zone of zonesOf(seen, 'receiver', 'v2')) order.add(zone);
        return areHealthy(seen) && seen.receiver?.summary.version === 'v2';
      });
      return { ...NOTHING, notes: [`zones, in this order: ${[...order].join(', ')}`] };
    },
  };
}

function badCanary({ fleet, ports }: Stage): Step {
  return {
    name: 'bad canary',
    title: 'a gateway that fails in every fourth request and is 60 ms slower, as a canary',
    why: { service: 'gateway', kinds: ROLLOUT },
    changed: null,
    errorsMax: SPOILT_MAX,
    run: async () => {
      await apply(fleet, ports, BAD_GATEWAY);
      const { weight, ...times } = await rolledBack(fleet, 'gateway', BAD_GATEWAY.gateway.version);
      await apply(fleet, ports, GOOD);
      return { ...NOTHING, ...times, notes: [`it had at most ${weight} % of the traffic`] };
    },
  };
}

function badZone({ fleet, ports }: Stage): Step {
  return {
    name: 'bad release',
    title: 'a receiver that fails in every second write, zone by zone',
    why: { service: 'receiver', kinds: ROLLOUT },
    changed: null,
    errorsMax: 0,
    run: async () => {
      await apply(fleet, ports, BAD_RECEIVER);
      const { version } = BAD_RECEIVER.receiver;
      const { zones, weight: _, ...times } = await rolledBack(fleet, 'receiver', version);
      await apply(fleet, ports, GOOD);
      const notes = [`it came as far as zone ${zones.join(', ')}`];
      return {
        ...NOTHING,
        ...times,
        notes,
        faults: zones.length === 1 ? [] : [`it was in ${zones.length} zones, expected one`],
      };
    },
  };
}

function kill({ fleet }: Stage): Step {
  return {
    name: 'kill',
    title: 'kill -9 of one receiver',
    why: { service: 'receiver', kinds: ['start'] },
    changed: null,
    errorsMax: 0,
    run: async () => {
      const victim = instancesOf(await fleet.look(), 'receiver')[0]?.instance ?? '';
      const pid = (await fleet.processOf(victim))?.pid ?? null;
      if (pid === null) throw failed(`${victim || 'the receiver'} has no process`);
      process.kill(pid, 'SIGKILL');
      const isThere = (seen: Seen): boolean =>
        instancesOf(seen, 'receiver').some((one) => one.instance === victim && isReady(one));
      const detectMs = await fleet.until('its death is seen', STEP_MS, (seen) => !isThere(seen));
      const recoverMs = await fleet.until('it is replaced', STEP_MS, areHealthy);
      return { ...NOTHING, detectMs, recoverMs, notes: [`it was ${victim}, process ${pid}`] };
    },
  };
}

function surge({ fleet, load }: Stage): Step {
  return scaled(fleet, {
    name: 'surge',
    title: 'twice the requests and twice the series',
    order: () => load.level(DOUBLED),
    gateways: 5,
    shards: 3,
  });
}

function lull({ fleet, load }: Stage): Step {
  return scaled(fleet, {
    name: 'lull',
    title: 'half of them again',
    order: () => load.level(CALM),
    gateways: 3,
    shards: 2,
  });
}

type Scaled = Pick<Step, 'name' | 'title'> & {
  readonly order: () => void;
  readonly gateways: number;
  readonly shards: number;
};

function scaled(fleet: FleetWatch, { name, title, order, gateways, shards }: Scaled): Step {
  return {
    name,
    title,
    why: { service: 'receiver', kinds: ['setDemand', 'publishRing'] },
    changed: '2',
    errorsMax: 0,
    run: async () => {
      order();
      const demandOf = (seen: Seen, service: string) => seen[service]?.summary.demand;
      let detectMs: number | null = null;
      const begun = elapsedMs();
      const tookMs = await fleet.until(
        `${gateways} gateways, ${shards} shards`,
        STEP_MS,
        (seen) => {
          const isDecided =
            demandOf(seen, 'gateway') === gateways && demandOf(seen, 'receiver') === shards;
          if (isDecided) detectMs ??= elapsedMs() - begun;
          return isDecided && areHealthy(seen);
        },
      );
      const recoverMs = detectMs === null ? null : tookMs - detectMs;
      const notes = [
        `${gateways} gateways and ${shards} shards in ${shards === 2 ? 'all' : '3'} zones`,
      ];
      return { ...NOTHING, detectMs, recoverMs, notes };
    },
  };
}

function brain({ fleet }: Stage): Step {
  return {
    name: 'brain',
    title: 'kill -9 of the brain',
    why: { service: 'receiver', kinds: [] },
    changed: null,
    errorsMax: 0,
    run: async () => {
      const pidOf = async (): Promise<number | null> =>
        (await fleet.ask<{ readonly pid: number }>('System.hello').catch(() => null))?.pid ?? null;
      const before = await pidOf();
      if (before === null) throw failed('the brain does not answer');
      process.kill(before, 'SIGKILL');
      const isAnother = async (): Promise<boolean> => ![null, before].includes(await pidOf());
      const recoverMs = await fleet.until(
        'another brain leads',
        STEP_MS,
        async (seen) => (await isAnother()) && areHealthy(seen),
      );
      const notes = [`process ${before}; traffic went on without it`];
      return { ...NOTHING, detectMs: null, recoverMs, notes };
    },
  };
}

/** Waits until a bad version was stopped and taken back. */
async function rolledBack(fleet: FleetWatch, service: string, version: string) {
  const begun = elapsedMs();
  const zones = new Set<string>();
  let weight = 0;
  let [exposedMs, detectedMs] = [0, 0];
  await fleet.until(`${service} ${version} is rolled back`, STEP_MS, (seen) => {
    const { summary } = seen[service] ?? {};
    const isServing = instancesOf(seen, service).some(
      (one) => one.version === version && isReady(one),
    );
    for (const zone of zonesOf(seen, service, version)) zones.add(zone);
    if (isServing && exposedMs === 0) exposedMs = elapsedMs();
    weight = Math.max(weight, summary?.weight ?? 0);
    const isBack = summary?.phase === 'rollingBack' || summary?.state === 'aborted';
    if (isBack && detectedMs === 0) detectedMs = elapsedMs();
    return summary?.state === 'aborted';
  });
  return {
    detectMs: detectedMs - (exposedMs || begun),
    recoverMs: elapsedMs() - detectedMs,
    zones: [...zones].sort(),
    weight,
  };
}

async function apply(fleet: FleetWatch, ports: DemoPorts, releases: DemoReleases): Promise<void> {
  const data = await demoFleet(releases, ports);
  await fleet.ask('Fleet.apply', { data, folder: EXAMPLE, dryRun: false, allow: [], remove: [] });
}

function instancesOf(seen: Seen, service: string): readonly InstanceSummary[] {
  return seen[service]?.instances ?? [];
}

function zonesOf(seen: Seen, service: string, version: string): readonly string[] {
  const own = instancesOf(seen, service).filter((one) => one.version === version);
  return own.map(({ zone }) => zone);
}

function isReady({ state }: InstanceSummary): boolean {
  return state === 'ready';
}

function failed(why: string): Error {
  return new CommandError(EXIT.failed, `${why}; see \`ringmaster diagnose\`.`);
}
