/** Tables of Grafana's rollout-operator: its objects, labels and patches around our own functions. */
import {
  allowedSize,
  type FollowingZone,
  followedSize,
  type LeaveAnswer,
  leaveRequests,
  type WaveZone,
  waveStep,
  type ZoneLoss,
  zoneVerdict,
} from 'ringmaster/control-plane';
import { type Expression, evaluated, timeOf } from './expression.ts';
import { compared, holds, type Outcome, type Runners } from './table.ts';

const PREFIX = 'grafana.com/';
/** Keys that the tables write as constants of the original. */
const KEYS: Readonly<Record<string, string>> = {
  'config.RolloutPausedAnnotationKey': 'rollout-paused',
  'config.RolloutForceReplicasAnnotationKey': 'rollout-force-replicas',
  'config.RolloutDownscaleLeaderAnnotationKey': 'rollout-downscale-leader',
};
const VALUES: Readonly<Record<string, string>> = {
  'config.RolloutPausedAnnotationValue': 'true',
};

type Marks = Readonly<Record<string, Expression>>;
type StatefulSet = {
  readonly name: string;
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly readyReplicas: number;
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly maxUnavailable: string;
  readonly updateStrategy: string;
  readonly rolloutGroup: string | null;
  readonly labels: Marks;
  readonly annotations: Marks;
};
type Pod = {
  readonly name: string;
  readonly revision: string;
  readonly terminating: boolean;
  readonly ready: boolean;
};
type ReconcileRow = {
  readonly statefulSets: readonly StatefulSet[];
  readonly pods: readonly Pod[];
  readonly evictionDenials?: readonly boolean[];
  readonly customResourceScaleSpecReplicas?: number;
  readonly customResourceScaleStatusReplicas?: number;
  readonly kubePatchErr?: string | boolean | null;
  readonly getScaleErr?: string | boolean | null;
  readonly expect: {
    readonly deletedPods?: readonly string[] | null;
    readonly updatedSets?: readonly string[] | null;
    readonly patchedSets?: Readonly<Record<string, readonly string[]>> | null;
    readonly patchedResources?: Readonly<Record<string, readonly string[]>> | null;
    readonly err?: string | null;
  };
};
type Effects = {
  readonly deletedPods: string[];
  readonly updatedSets: string[];
  readonly patchedSets: Record<string, string[]>;
  readonly patchedResources: Record<string, string[]>;
  err: string;
};

/** A mark of a set, as text; null when it has none. */
function mark(marks: Marks, key: string): string | null {
  const found = expression(marks, key);
  if (found === null) return null;
  const value = String(evaluated(found));
  return VALUES[value] ?? value;
}

function expression(marks: Marks, key: string): Expression | null {
  for (const [name, value] of Object.entries(marks)) {
    if ((KEYS[name] ?? name.replace(PREFIX, '')) === key) return value;
  }
  return null;
}

/** `12h`, `1h30m`; null when it cannot be read. */
function secondsOf(text: string | null): number | null {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text ?? '');
  if (text === null || text === '' || match === null) return null;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return hours * 3600 + minutes * 60 + seconds;
}

function followingOf(set: StatefulSet): FollowingZone {
  const last = expression(set.annotations, 'last-downscale');
  const at = last === null ? null : timeOf(last);
  return {
    name: set.name,
    wanted: set.specReplicas,
    readyCount: set.readyReplicas,
    leader: mark(set.annotations, 'rollout-downscale-leader'),
    waitsForLeader: mark(set.annotations, 'rollout-upscale-only-when-leader-ready') === 'true',
    lastShrunkAgoS: at === null ? null : -at,
    minBetweenS: secondsOf(mark(set.labels, 'min-time-between-zones-downscale')),
  };
}

/** The size that an operator forces; null: none. */
function forced(annotations: Marks): number | null {
  const text = mark(annotations, 'rollout-force-replicas');
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function patchOf(replicas: number): string {
  return JSON.stringify({ spec: { replicas } });
}

/** @returns whether a set was resized: the pass ends then. @throws what stops this step */
function resizeSets(row: ReconcileRow, sets: readonly StatefulSet[], effects: Effects): boolean {
  const patch = (set: StatefulSet, replicas: number): true => {
    if (row.kubePatchErr) throw new Error(String(row.kubePatchErr));
    effects.patchedSets[set.name] = [patchOf(replicas)];
    return true;
  };
  const zones = sets.map(followingOf);
  for (const [i, set] of sets.entries()) {
    const zone = zones[i] as FollowingZone;
    const size = followedSize(zone, zones);
    if (size.kind === 'failed') throw new Error(size.why);
    const wanted = zone.leader === null ? size.wanted : (forced(set.annotations) ?? size.wanted);
    if (wanted !== set.specReplicas) return patch(set, wanted);
  }
  for (const set of sets) {
    const name = mark(set.annotations, 'rollout-mirror-replicas-from-resource-name');
    const kind = mark(set.annotations, 'rollout-mirror-replicas-from-resource-kind');
    if (name === null || kind === null) continue;
    if (kind !== 'CustomResource') throw new Error(`no kind ${kind}`);
    if (row.getScaleErr) throw new Error(String(row.getScaleErr));
    const reference = row.customResourceScaleSpecReplicas ?? set.specReplicas;
    const wanted = forced(set.annotations) ?? reference;
    const isResized = wanted !== set.specReplicas && patch(set, wanted);
    const writesBack =
      (mark(set.annotations, 'rollout-mirror-replicas-from-resource-write-back') ?? 'true') ===
      'true';
    if (row.customResourceScaleStatusReplicas !== wanted && writesBack) {
      const api = mark(set.annotations, 'rollout-mirror-replicas-from-resource-api-version');
      const path = `${api}/${kind.toLowerCase()}s/${name}/status`;
      effects.patchedResources[path] = [JSON.stringify({ status: { replicas: wanted } })];
    }
    if (isResized) return true;
  }
  return false;
}

function waveZoneOf(set: StatefulSet, pods: readonly Pod[]): WaveZone {
  const own = new RegExp(`^${set.name}-\\d+$`);
  return {
    name: set.name,
    revision: set.updateRevision,
    reachedRevision: set.currentRevision,
    slotsCount: set.statusReplicas,
    readyCount: set.readyReplicas,
    slots: pods
      .filter(({ name }) => own.test(name))
      .map(({ name, revision, terminating, ready }) => ({
        name,
        revision,
        isLeaving: terminating,
        isReady: ready,
      })),
    maxUnavailable: /^[1-9]\d*$/.test(set.maxUnavailable) ? Number(set.maxUnavailable) : 1,
    isPaused: mark(set.annotations, 'rollout-paused') === 'true',
  };
}

function reconcile(row: ReconcileRow): Effects {
  const effects: Effects = {
    deletedPods: [],
    updatedSets: [],
    patchedSets: {},
    patchedResources: {},
    err: '',
  };
  const sets = row.statefulSets
    .filter(({ rolloutGroup }) => rolloutGroup !== null)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  try {
    if (resizeSets(row, sets, effects)) return effects;
  } catch {
    // The original says so in its log and goes on.
  }
  const wrong = sets.find(({ updateStrategy }) => updateStrategy !== 'OnDelete');
  if (wrong !== undefined) {
    effects.err = `${wrong.name} has ${wrong.updateStrategy} update strategy`;
    return effects;
  }
  let asked = 0;
  const step = waveStep(
    sets.map((set) => waveZoneOf(set, row.pods)),
    () => row.evictionDenials?.[asked++] !== true,
  );
  effects.deletedPods.push(...step.replace);
  effects.updatedSets.push(...step.reached);
  return effects;
}

function reconcileRow(row: ReconcileRow): Outcome {
  const { deletedPods, updatedSets, patchedSets, patchedResources, err } = row.expect;
  const got = reconcile(row);
  const wanted = err ?? '';
  const expected = {
    deletedPods: deletedPods ?? [],
    updatedSets: updatedSets ?? [],
    patchedSets: patchedSets ?? {},
    patchedResources: patchedResources ?? {},
    err: wanted,
  };
  const isTold = wanted === '' ? got.err === '' : got.err.includes(wanted);
  return compared(expected, { ...got, err: isTold ? wanted : got.err });
}

type FollowRow = {
  readonly sets: readonly {
    readonly name: string;
    readonly spec: number;
    readonly ready: number;
    readonly leader: string | null;
    readonly onlyWhenLeaderReady: boolean;
    readonly lastDownscaleAgoHours: number | null;
    readonly minTimeBetween: string | null;
  }[];
  readonly subject: string;
  readonly expect: { readonly replicas: number; readonly err?: unknown; readonly error?: unknown };
};

function followRow({ sets, subject, expect }: FollowRow): Outcome {
  const zones = sets.map((set) => ({
    name: set.name,
    wanted: set.spec,
    readyCount: set.ready,
    leader: set.leader,
    waitsForLeader: set.onlyWhenLeaderReady,
    lastShrunkAgoS: set.lastDownscaleAgoHours === null ? null : set.lastDownscaleAgoHours * 3600,
    minBetweenS: secondsOf(set.minTimeBetween),
  }));
  const zone = zones.find(({ name }) => name === subject);
  if (zone === undefined) throw new Error(`no set ${subject}`);
  const size = followedSize(zone, zones);
  const isFailed = size.kind === 'failed';
  const isWantedToFail = Boolean(expect.err ?? expect.error);
  return {
    isEqual: size.wanted === expect.replicas && (isFailed || !isWantedToFail),
    expected: expect,
    got: { replicas: size.wanted, error: isFailed },
  };
}

type DelayedRow = {
  readonly sets: readonly {
    readonly name: string;
    readonly spec: number;
    readonly ready: number;
    readonly mirrors: boolean;
    readonly delayMinutes: number | null;
    readonly annotations: Marks;
  }[];
  readonly desiredFromReference: number | null;
  readonly responses: Readonly<
    Record<
      string,
      { readonly status?: Expression; readonly preparedMinutesAgo?: number | string } | undefined
    >
  >;
  readonly getScaleErr?: string | boolean | null;
  readonly kubePatchErr?: string | boolean | null;
  readonly expect: {
    readonly requests: readonly string[];
    readonly patched: Readonly<Record<string, readonly string[]>>;
    readonly err: string | null;
  };
};

/** What a pod answered; null when it is no answer that counts. */
function answerOf(row: DelayedRow, request: string): LeaveAnswer {
  const response = row.responses[request];
  const status = response?.status === undefined ? 500 : Number(evaluated(response.status));
  const minutes = response?.preparedMinutesAgo;
  if (status < 200 || status > 299 || typeof minutes !== 'number') return null;
  return { preparedAgoS: minutes * 60 };
}

type Delayed = {
  readonly requests: string[];
  patched: Record<string, string[]>;
  err: string | null;
};

function delayed(row: DelayedRow): Delayed {
  const done: Delayed = { requests: [], patched: {}, err: null };
  const patch = (name: string, replicas: number): Delayed => {
    if (row.kubePatchErr) return { ...done, err: String(row.kubePatchErr) };
    done.patched[name] = [patchOf(replicas)];
    return done;
  };
  for (const set of row.sets.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const leader = mark(set.annotations, 'rollout-downscale-leader');
    const force = forced(set.annotations);
    if (leader !== null) {
      const target = force ?? row.sets.find(({ name }) => name === leader)?.spec ?? set.spec;
      if (target !== set.spec) return patch(set.name, target);
    }
    if (!set.mirrors) continue;
    if (row.getScaleErr) return { ...done, err: String(row.getScaleErr) };
    const sizes = { current: set.spec, wanted: force ?? row.desiredFromReference ?? set.spec };
    const answers = new Map<number, LeaveAnswer>();
    if (set.delayMinutes !== null) {
      for (const { ordinal, kind } of leaveRequests(sizes.current, sizes.wanted)) {
        const request = `${kind === 'prepare' ? 'POST' : 'DELETE'} ${set.name}-${ordinal}`;
        done.requests.push(request);
        if (kind === 'prepare') answers.set(ordinal, answerOf(row, request));
      }
    }
    const size =
      set.delayMinutes === null ? sizes.wanted : allowedSize(sizes, answers, set.delayMinutes * 60);
    if (size !== set.spec) return patch(set.name, size);
  }
  return done;
}

function delayedRow(row: DelayedRow): Outcome {
  const { requests, patched, err } = row.expect;
  const got = delayed(row);
  const isTold = err !== null && got.err?.includes(err) === true;
  return compared(
    { requests: requests.toSorted(), patched, err },
    { requests: got.requests.toSorted(), patched: got.patched, err: isTold ? err : got.err },
  );
}

type BudgetRow = {
  readonly maxUnavailable: number;
  readonly evict: string;
  readonly notReady: readonly string[];
  readonly unknown?: Readonly<Record<string, number>>;
  readonly expect: string;
};
const ZONES = ['zone-a', 'zone-b', 'zone-c'];

function budgetRow({ maxUnavailable, evict, notReady, unknown, expect }: BudgetRow): Outcome {
  const zoneOf = (pod: string): string => pod.slice(0, pod.lastIndexOf('-'));
  const losses = ZONES.map((zone) => ({
    zone,
    notReady: notReady.filter((pod) => pod !== evict && zoneOf(pod) === zone).length,
    unknown: unknown?.[zone] ?? 0,
  }));
  const verdict = zoneVerdict(zoneOf(evict), losses, maxUnavailable);
  const got = verdict.kind === 'allowed' ? 'allow' : `deny 429: ${reasonOf(verdict.loss)}`;
  return holds(expect, expect === got, got);
}

function reasonOf({ zone, notReady, unknown }: ZoneLoss): string {
  const said = (count: number, what: string): string[] =>
    count === 0 ? [] : [`${count} pod${count === 1 ? '' : 's'} ${what}`];
  return `${[...said(notReady, 'not ready'), ...said(unknown, 'unknown')].join(', ')} in ${zone}`;
}

/** Runners of the file about rollouts over zones. */
export const zones: Runners = {
  'rollout_operator.json': {
    reconcile: reconcileRow,
    leaderFollower: followRow,
    delayedDownscale: delayedRow,
    zpdbClassic: budgetRow,
  },
};
