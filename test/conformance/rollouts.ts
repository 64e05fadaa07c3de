/** Tables of Kubernetes' Deployment and of Argo Rollouts, translated into our own terms. */
import {
  type AnalysisPhase,
  approximateSplit,
  canaryStep,
  dynamicStableSizes,
  type Fenceposts,
  fenceposts,
  firstReplicas,
  forgottenRevisions,
  hasProgressed,
  type IntOrPercent,
  isComplete,
  isOverdue,
  maxUnavailable,
  metricPhase,
  minAvailable,
  nextReplicas,
  type RolloutCounts,
  replicasForWeight,
  resizeRevisions,
  routedCanarySizes,
  runPhase,
  shareChange,
  shrunkOld,
  unhealthyCleanup,
  withoutSurplus,
} from 'ringmaster/control-plane';
import { compared, type Outcome, type Runners } from './table.ts';

/** What Kubernetes writes for "no limit". */
const NO_LIMIT = 2_147_483_647;

type Limits = {
  readonly maxSurge?: IntOrPercent | null;
  readonly maxUnavailable?: IntOrPercent | null;
};

function postsOf(limits: Limits, desired: number): Fenceposts {
  const { maxSurge = null, maxUnavailable: unavailable = null } = limits;
  const posts = fenceposts({ maxSurge, maxUnavailable: unavailable }, desired);
  if (posts === null) throw new Error(`cannot read ${JSON.stringify(limits)}`);
  return posts;
}

type DeploymentRow = Limits & {
  readonly deploymentReplicas: number;
  readonly oldReplicas: number;
  readonly newReplicas: number;
  readonly readyPods: number;
  readonly readyPodsFromOldRS: number;
  readonly readyPodsFromNewRS: number;
  readonly maxCleanupCount: number;
  readonly expect: object;
};
type ScaleRow = {
  readonly oldDeploymentReplicas: number;
  readonly deploymentReplicas: number;
  readonly oldMaxSurge: number;
  readonly maxSurge: IntOrPercent;
  readonly maxUnavailable: IntOrPercent;
  readonly newRS: number | null;
  readonly newRSAvailable?: number;
  readonly oldRSs: readonly number[];
  readonly desiredReplicasAnnotations?: Readonly<Record<string, number>>;
  readonly expect: object;
};

/** As the tables say a size that changed: `null` when it did not. */
function changed(key: string, before: number, after: number): Record<string, unknown> {
  return { scaled: after !== before, [key]: after === before ? null : after };
}

function proportionalScale(row: ScaleRow): Outcome {
  const { oldDeploymentReplicas, deploymentReplicas: desired, newRS } = row;
  const surgeOf = (of: number, size: number): number => postsOf({ maxSurge: of }, size).surge;
  const remembered = (replicas: number, rememberedDesired: number) => ({
    replicas,
    rememberedDesired,
    rememberedMax: rememberedDesired + surgeOf(row.oldMaxSurge, rememberedDesired),
  });
  const got = resizeRevisions({
    desired,
    surge: postsOf(row, desired).surge,
    counted: 0,
    next:
      newRS === null
        ? null
        : { ...remembered(newRS, oldDeploymentReplicas), available: row.newRSAvailable ?? newRS },
    old: row.oldRSs.map((replicas, i) =>
      remembered(replicas, row.desiredReplicasAnnotations?.[`oldRS${i}`] ?? oldDeploymentReplicas),
    ),
  });
  return compared(row.expect, { newRS: got.next, oldRSs: got.old });
}

const deployment = {
  resolveFenceposts: (row: Limits & { readonly desired: number; readonly expect: object }) => {
    const { maxSurge = null, maxUnavailable: unavailable = null, desired } = row;
    const posts = fenceposts({ maxSurge, maxUnavailable: unavailable }, desired);
    const none = { surge: 0, unavailable: 0 };
    return compared(row.expect, { ...(posts ?? none), error: posts === null });
  },
  reconcileNewReplicaSet: (row: DeploymentRow) => {
    const { deploymentReplicas, oldReplicas, newReplicas } = row;
    const { surge } = postsOf(row, deploymentReplicas);
    const sizes = { next: newReplicas, total: oldReplicas + newReplicas };
    const next = nextReplicas(deploymentReplicas, surge, sizes);
    return compared(row.expect, changed('newReplicas', newReplicas, next));
  },
  reconcileOldReplicaSets: (row: DeploymentRow) => {
    const [old = 0] = shrunkOld({
      desired: row.deploymentReplicas,
      fenceposts: postsOf(row, row.deploymentReplicas),
      next: { replicas: row.newReplicas, available: row.readyPodsFromNewRS },
      old: [{ replicas: row.oldReplicas, available: row.readyPodsFromOldRS }],
    });
    return compared(row.expect, changed('oldReplicas', row.oldReplicas, old));
  },
  cleanupUnhealthyReplicas: (row: DeploymentRow) => {
    const old = { replicas: row.oldReplicas, available: row.readyPods };
    return compared(row.expect, { cleanupCount: unhealthyCleanup(old, row.maxCleanupCount) });
  },
  scaleDownOldReplicaSetsForRollingUpdate: (row: DeploymentRow) => {
    const { deploymentReplicas, oldReplicas, readyPods } = row;
    const least = minAvailable(deploymentReplicas, postsOf(row, deploymentReplicas).unavailable);
    const old = [{ replicas: oldReplicas, available: readyPods }];
    const [after = 0] = withoutSurplus(old, [oldReplicas], 0, least);
    return compared(row.expect, changed('oldReplicas', oldReplicas, after));
  },
  newRSNewReplicas: (
    row: Limits & {
      readonly strategy: string;
      readonly deploymentReplicas: number;
      readonly newRSReplicas: number;
      readonly otherRSReplicas: number;
      readonly expect: number;
    },
  ) => {
    const { deploymentReplicas: desired, newRSReplicas, otherRSReplicas } = row;
    if (row.strategy === 'Recreate') return compared(row.expect, desired);
    const sizes = { next: newRSReplicas, total: otherRSReplicas };
    return compared(row.expect, firstReplicas(desired, postsOf(row, desired).surge, sizes));
  },
  proportionalScale,
  replicaSetFraction: (row: {
    readonly deploymentReplicas: number;
    readonly deploymentStatusReplicas: number;
    readonly maxSurge: IntOrPercent;
    readonly rsReplicas: number;
    readonly maxReplicasAnnotation: number | null;
    readonly expect: number;
  }) => {
    const desired = row.deploymentReplicas;
    const revision = { replicas: row.rsReplicas, rememberedMax: row.maxReplicasAnnotation };
    const { surge } = postsOf({ maxSurge: row.maxSurge }, desired);
    // Minus zero is zero.
    const change = shareChange(revision, { desired, surge, counted: row.deploymentStatusReplicas });
    return compared(row.expect, change + 0);
  },
  maxUnavailable: (row: AvailabilityRow) =>
    compared(row.expect, isRolling(row) ? maxUnavailable(row.replicas, unavailableOf(row)) : 0),
  minAvailable: (row: AvailabilityRow) =>
    compared(row.expect, isRolling(row) ? minAvailable(row.replicas, unavailableOf(row)) : 0),
  deploymentComplete: (row: {
    readonly desired: number;
    readonly current: number;
    readonly updated: number;
    readonly available: number;
    readonly expect: boolean;
  }) => compared(row.expect, isComplete(row.desired, row)),
  deploymentProgressing: (row: {
    readonly before: RolloutCounts;
    readonly after: RolloutCounts;
    readonly expect: boolean;
  }) => compared(row.expect, hasProgressed(row.before, row.after)),
  deploymentTimedOut: (row: {
    readonly progressDeadlineSeconds: number | null;
    readonly secondsSinceLastUpdate: number;
    readonly reason: string;
    readonly expect: boolean;
  }) => {
    const { progressDeadlineSeconds: deadline } = row;
    const hasCompleted = row.reason === 'NewReplicaSetAvailable';
    const limit = deadline === NO_LIMIT ? null : deadline;
    return compared(row.expect, isOverdue(limit, row.secondsSinceLastUpdate, hasCompleted));
  },
  cleanupOldReplicaSets: (row: {
    readonly oldRSs: readonly {
      readonly spec: number;
      readonly status: number;
      readonly alreadyDeleted?: boolean;
    }[];
    readonly revisionHistoryLimit: number;
    readonly expect: object;
  }) => {
    const old = row.oldRSs
      .filter(({ alreadyDeleted }) => alreadyDeleted !== true)
      .map(({ spec, status }) => ({ wanted: spec, present: status }));
    const limit = row.revisionHistoryLimit === NO_LIMIT ? null : row.revisionHistoryLimit;
    return compared(row.expect, { deletions: forgottenRevisions(old, limit).length });
  },
};

type AvailabilityRow = Limits & {
  readonly replicas: number;
  readonly strategy: string;
  readonly expect: number;
};

function isRolling({ strategy, replicas }: AvailabilityRow): boolean {
  return strategy !== 'Recreate' && replicas > 0;
}

function unavailableOf(row: AvailabilityRow): number {
  return postsOf(row, row.replicas).unavailable;
}

type CanaryRow = Limits & {
  readonly name: string;
  readonly replicas: number;
  readonly setWeight: number;
  readonly promoteFull?: boolean;
  readonly stableSpec?: number;
  readonly stableAvailable?: number;
  readonly canarySpec?: number;
  readonly canaryAvailable?: number;
  readonly olderRS?: { readonly spec: number; readonly available: number };
  readonly trafficRouted?: boolean;
  readonly abort?: boolean;
  readonly abortScaleDownDelaySeconds?: number | null;
  readonly minPodsPerReplicaSet?: number | null;
  readonly setCanaryScale?: {
    readonly replicas?: number | null;
    readonly weight?: number | null;
    readonly matchTrafficWeight?: boolean;
  } | null;
  readonly expect: object;
};

function canaryRow(row: CanaryRow): Outcome {
  const { replicas, promoteFull = false, abort = false, setCanaryScale: scale = null } = row;
  const weight = promoteFull ? 100 : abort ? 0 : row.setWeight;
  if (row.trafficRouted === true) {
    const sizes = routedCanarySizes({
      replicas,
      weight,
      isPromotedFully: promoteFull,
      isAborted: abort,
      keepsAbortedCanary: row.abortScaleDownDelaySeconds === 0,
      scale: scale && {
        replicas: scale.replicas ?? null,
        weight: scale.weight ?? null,
        matchTrafficWeight: scale.matchTrafficWeight ?? false,
      },
      canaryMin: row.minPodsPerReplicaSet ?? 1,
    });
    return compared(row.expect, sizes);
  }
  const sizes = canaryStep(replicas, weight, postsOf(row, replicas), {
    canary: { replicas: row.canarySpec ?? 0, available: row.canaryAvailable ?? 0 },
    stable: { replicas: row.stableSpec ?? 0, available: row.stableAvailable ?? 0 },
    olderReplicas: row.olderRS?.spec ?? 0,
  });
  return compared(row.expect, sizes);
}

const canary = {
  basicCanary: canaryRow,
  misc: (row: CanaryRow) => {
    // A first release has one revision: it is canary and stable, and gets everything.
    if (row.name.includes('canary RS is the stable RS')) {
      return compared(row.expect, { canary: row.replicas, stable: 0 });
    }
    return canaryRow(row);
  },
  approximateWeighted: (row: {
    readonly replicas: number;
    readonly weight: number;
    readonly maxWeight: number;
    readonly maxSurge: number;
    readonly expect: object;
  }) => {
    const options = { surge: row.maxSurge, weightMax: row.maxWeight };
    return compared(row.expect, approximateSplit(row.replicas, row.weight, options));
  },
  trafficWeightToReplicas: (row: {
    readonly replicas: number;
    readonly weight: number;
    readonly maxWeight: number;
    readonly expect: number;
  }) => compared(row.expect, replicasForWeight(row.replicas, row.weight, row.maxWeight)),
  dynamicStableScale: (row: {
    readonly rolloutReplicas: number;
    readonly setWeight: number;
    readonly steps?: readonly { readonly SetWeight: number }[] | null;
    readonly rolloutAbort: boolean;
    readonly canaryWeight: number;
    readonly stableWeight: number;
    readonly availableCanaryReplicas?: number | null;
    readonly availableStableReplicas?: number | null;
    readonly expect: object;
  }) => {
    const { availableCanaryReplicas: canary, availableStableReplicas: stable } = row;
    const isKnown = typeof canary === 'number' && typeof stable === 'number';
    return compared(
      row.expect,
      dynamicStableSizes({
        replicas: row.rolloutReplicas,
        stepWeights: [row.setWeight, ...(row.steps ?? []).map(({ SetWeight }) => SetWeight)],
        stepIndex: 0,
        isAborted: row.rolloutAbort,
        canaryWeight: row.canaryWeight,
        stableWeight: row.stableWeight,
        available: isKnown ? { canary, stable } : null,
      }),
    );
  },
};

type Defaults = {
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  readonly consecutiveSuccessLimit: number;
};
type MetricRow = {
  readonly metric: Partial<Defaults> & { readonly count?: number; readonly interval?: string };
  readonly result: {
    readonly measurements: number;
    readonly lastMeasurementCompleted?: boolean;
    readonly successful?: number;
    readonly failed?: number;
    readonly inconclusive?: number;
    readonly count?: number;
    readonly consecutiveError?: number;
    readonly consecutiveSuccess?: number;
  };
  readonly expect: { readonly notTerminating: string; readonly terminating?: string };
};

const analysis = {
  assessMetricStatus: ({ metric, result, expect }: MetricRow, file: { defaults: Defaults }) => {
    const { interval, count = interval === undefined ? 1 : null, ...limits } = metric;
    const tally = {
      successful: 0,
      failed: 0,
      inconclusive: 0,
      count: 0,
      consecutiveError: 0,
      consecutiveSuccess: 0,
      isLastComplete: result.lastMeasurementCompleted ?? false,
      ...result,
    };
    const { failureLimit, inconclusiveLimit, consecutiveErrorLimit, consecutiveSuccessLimit } =
      file.defaults;
    const all = {
      failureLimit,
      inconclusiveLimit,
      consecutiveErrorLimit,
      consecutiveSuccessLimit,
      ...limits,
      count,
    };
    return compared(expect, {
      notTerminating: named(metricPhase(all, tally, false)),
      terminating: named(metricPhase(all, tally, true)),
    });
  },
  assessRunStatus: (row: { readonly metricPhases: readonly string[]; readonly expect: string }) => {
    const phases = row.metricPhases.map((phase) => phase.toLowerCase() as AnalysisPhase);
    return compared(row.expect, named(runPhase(phases)));
  },
};

/** As Argo writes a phase. */
function named(phase: AnalysisPhase): string {
  return phase.charAt(0).toUpperCase() + phase.slice(1);
}

/** Runners of the files about rollouts of one service. */
export const rollouts: Runners = {
  'k8s_deployment.json': deployment,
  'argo_canary_replicas.json': canary,
  'argo_analysis.json': analysis,
};
