/** Tables of the Horizontal Pod Autoscaler: replicas from metrics, and which instances count. */
import {
  type MetricProposal,
  replicasForAverage,
  replicasForUtilization,
  replicasForValue,
  replicasForValuePerInstance,
  type SampleClass,
  sampleClass,
  type Tolerance,
  type WarmupRule,
} from 'ringmaster/control-plane';
import { compared, type Outcome, type Runners } from './table.ts';

/** What is infinitely old, in seconds. */
const EVER_S = 1e12;

type Pod = {
  readonly name: string;
  readonly phase: 'Running' | 'Pending' | 'Failed' | 'Succeeded';
  readonly startAgeSeconds: number | null;
  readonly deleted: boolean;
};
type CalculatorFile = {
  readonly cpuInitializationPeriodSeconds: number;
  readonly delayOfInitialReadinessStatusSeconds: number;
  readonly metricWindowSeconds: number;
};
type CalculatorRow = {
  readonly kind: string;
  readonly currentReplicas: number;
  readonly tolerance: Tolerance;
  readonly pods: readonly (Pod & {
    readonly ready: boolean;
    readonly requestsMilliCpuPerContainer?: readonly number[] | null;
  })[];
  readonly container?: string | null;
  readonly targetUtilizationPercent?: number;
  readonly metrics?: readonly {
    readonly pod: string;
    readonly containersMilliCpu: Readonly<Record<string, number>>;
  }[];
  readonly targetMilli?: string;
  readonly levelsMilli?: readonly string[];
  readonly expect: {
    readonly replicas?: number;
    readonly utilizationPercent?: number;
    readonly rawAverageMilli?: number;
    readonly usageMilli?: string;
    readonly errorContains?: string;
  };
};

const PHASES = {
  Running: 'running',
  Pending: 'pending',
  Failed: 'ended',
  Succeeded: 'ended',
} as const;

function warmupOf(file: Omit<CalculatorFile, 'metricWindowSeconds'>): WarmupRule {
  return {
    initializationS: file.cpuInitializationPeriodSeconds,
    initialReadinessS: file.delayOfInitialReadinessStatusSeconds,
  };
}

/** Usage by pod, of one container or of all. */
function usageOf({ metrics = [], container, levelsMilli = [], kind }: CalculatorRow) {
  const usage = new Map<string, bigint>();
  if (kind === 'podsAverage') {
    levelsMilli.forEach((level, i) => void usage.set(`test-pod-${i}`, BigInt(level)));
  }
  for (const { pod, containersMilliCpu } of metrics) {
    const wanted = Object.entries(containersMilliCpu).filter(
      ([name]) => container === undefined || container === null || name === container,
    );
    if (wanted.length === 0) continue;
    usage.set(pod, BigInt(wanted.reduce((sum, [, milli]) => sum + milli, 0)));
  }
  return usage;
}

function requestOf(
  requests: readonly number[] | null | undefined,
  container: string | null | undefined,
): bigint | null {
  if (requests === null || requests === undefined) return null;
  const counted = requests.filter(
    (_, i) => container === null || container === undefined || container === `container${i + 1}`,
  );
  return BigInt(counted.reduce((sum, milli) => sum + milli, 0));
}

function calculated(row: CalculatorRow, file: CalculatorFile): MetricProposal {
  const { kind, currentReplicas, tolerance } = row;
  const usageMilli = usageOf(row);
  const isCpu = kind === 'resourceUtilization';
  const classOf = (pod: CalculatorRow['pods'][number], hasSample: boolean): SampleClass =>
    sampleClass(
      {
        phase: PHASES[pod.phase],
        isLeaving: pod.deleted,
        startAgeS: pod.startAgeSeconds ?? EVER_S,
        readiness: { isReady: pod.ready, lastTransitionAgeS: EVER_S },
        sample: hasSample ? { ageS: EVER_S, windowS: file.metricWindowSeconds } : null,
      },
      isCpu ? warmupOf(file) : null,
    );
  const instances = row.pods.map((pod) => ({
    id: pod.name,
    class: classOf(pod, usageMilli.has(pod.name)),
    requestMilli: requestOf(pod.requestsMilliCpuPerContainer, row.container),
  }));
  const input = { currentReplicas, tolerance, instances, usageMilli };
  if (isCpu)
    return replicasForUtilization({ ...input, targetPercent: row.targetUtilizationPercent ?? 0 });
  const targetMilli = BigInt(row.targetMilli ?? 0);
  if (kind === 'podsAverage') return replicasForAverage({ ...input, targetMilli });
  const levels = (row.levelsMilli ?? []).map(BigInt);
  const value = { currentReplicas, tolerance, targetMilli, usageMilli: levels };
  if (kind.endsWith('PerPod')) return replicasForValuePerInstance(value);
  const ready = row.pods.filter(({ phase, ready }) => phase === 'Running' && ready);
  return replicasForValue({ ...value, readyCount: ready.length });
}

function calculatorRow(row: CalculatorRow, file: CalculatorFile): Outcome {
  const { expect } = row;
  const got = calculated(row, file);
  if (got.kind === 'failed') {
    const isEqual = expect.errorContains !== undefined && got.why.includes(expect.errorContains);
    return { isEqual, expected: expect, got };
  }
  return compared(expect, {
    replicas: got.replicas,
    utilizationPercent: got.utilizationPercent,
    rawAverageMilli: Number(got.usageMilli),
    usageMilli: String(got.usageMilli),
  });
}

type GroupRow = {
  readonly pods: readonly (Pod & {
    readonly readyCondition: {
      readonly status: boolean;
      readonly lastTransitionAgeSeconds: number;
    } | null;
  })[];
  readonly metrics: Readonly<
    Record<string, { timestampAgeSeconds: number | null; windowSeconds: number | null }>
  >;
  readonly resource: string;
  readonly expect: Readonly<Record<'unready' | 'missing' | 'ignored', readonly string[]>> & {
    readonly readyPodCount: number;
  };
};

function groupRow(row: GroupRow, file: Omit<CalculatorFile, 'metricWindowSeconds'>): Outcome {
  const names: Record<SampleClass, string[]> = { ready: [], unready: [], missing: [], ignored: [] };
  for (const pod of row.pods) {
    const { readyCondition } = pod;
    const metric = row.metrics[pod.name];
    const facts = {
      phase: PHASES[pod.phase],
      isLeaving: pod.deleted,
      startAgeS: pod.startAgeSeconds,
      readiness: readyCondition && {
        isReady: readyCondition.status,
        lastTransitionAgeS: readyCondition.lastTransitionAgeSeconds,
      },
      sample:
        metric === undefined
          ? null
          : { ageS: metric.timestampAgeSeconds ?? EVER_S, windowS: metric.windowSeconds ?? 0 },
    };
    names[sampleClass(facts, row.resource === 'cpu' ? warmupOf(file) : null)].push(pod.name);
  }
  const sorted = (list: readonly string[]): readonly string[] => list.toSorted();
  const { readyPodCount, unready, missing, ignored } = row.expect;
  return compared(
    { readyPodCount, unready: sorted(unready), missing: sorted(missing), ignored: sorted(ignored) },
    {
      readyPodCount: names.ready.length,
      unready: sorted(names.unready),
      missing: sorted(names.missing),
      ignored: sorted(names.ignored),
    },
  );
}

/** Runners of the files about what a metric asks for. */
export const metricReplicas: Runners = {
  'hpa_replica_calculator.json': { cases: calculatorRow },
  'hpa_group_pods.json': { cases: groupRow },
};
