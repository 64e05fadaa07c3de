/** Tables of the Horizontal Pod Autoscaler: policies, limits, stabilization. */
import {
  changedWithin,
  limitReplicas,
  limitReplicasWithoutRules,
  rememberChange,
  SCALE_DOWN_DEFAULT,
  SCALE_UP_DEFAULT,
  type ScalingEvent,
  type ScalingRules,
  scaleDownLimit,
  scaleUpLimit,
  stabilize,
  stabilizeDownwards,
} from 'ringmaster/control-plane';
import { compared, type Runners } from './table.ts';

type Rules = {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly {
    readonly type: 'Pods' | 'Percent';
    readonly value: number;
    readonly periodSeconds: number;
  }[];
};
type Event = { readonly replicaChange: number; readonly ageSeconds: number };
type Sizes = {
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
};
const SELECTS = { Max: 'max', Min: 'min', Disabled: 'disabled' } as const;

function rulesOf(rules: Rules | null, byDefault: ScalingRules): ScalingRules {
  if (rules === null) return byDefault;
  return {
    select: SELECTS[rules.selectPolicy],
    stabilizationS: rules.stabilizationWindowSeconds,
    policies: rules.policies.map(({ type, value, periodSeconds }) => ({
      kind: type === 'Pods' ? 'replicas' : 'percent',
      value,
      periodS: periodSeconds,
    })),
  };
}

function eventsOf(events: readonly Event[]): ScalingEvent[] {
  return events.map(({ replicaChange, ageSeconds }) => ({
    change: replicaChange,
    ageS: ageSeconds,
  }));
}

const sizesOf = ({ currentReplicas, desiredReplicas, minReplicas, maxReplicas }: Sizes) =>
  [
    { current: currentReplicas, desired: desiredReplicas },
    { min: minReplicas, max: maxReplicas },
  ] as const;

type ScalingRow = Sizes & {
  readonly scaleUp: Rules | null;
  readonly scaleDown: Rules | null;
  readonly scaleUpEvents: readonly Event[];
  readonly scaleDownEvents: readonly Event[];
  readonly expect: object;
};
type LimitRow = {
  readonly fn: 'scaleUpLimit' | 'scaleDownLimit';
  readonly currentReplicas: number;
  readonly events: readonly Event[];
  readonly rules: Rules;
  readonly expect: number;
};
type Recommended = { readonly replicas: number; readonly ageSeconds: number };
type NormalizeRow = {
  readonly downscaleStabilisationWindowSeconds: number;
  readonly recommendations: readonly Recommended[];
  readonly desiredReplicas: number;
  readonly expect: object;
};
type BehaviorRow = {
  readonly recommendations: readonly Recommended[];
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly scaleUpStabilizationWindowSeconds: number;
  readonly scaleDownStabilizationWindowSeconds: number;
  readonly expect: object;
};
type StoreRow = {
  readonly replicaChange: number;
  readonly prevScaleEvents: readonly Event[];
  readonly rules: Rules | null;
  readonly periodSecondsForChangeQuery: number;
  readonly expect: object;
};

const recommendedOf = (list: readonly Recommended[]) =>
  list.map(({ replicas, ageSeconds }) => ({ replicas, ageS: ageSeconds }));

const behaviors = {
  TestScalingWithRules: (row: ScalingRow) =>
    compared(
      row.expect,
      limitReplicas(
        ...sizesOf(row),
        {
          up: rulesOf(row.scaleUp, SCALE_UP_DEFAULT),
          down: rulesOf(row.scaleDown, SCALE_DOWN_DEFAULT),
        },
        { up: eventsOf(row.scaleUpEvents), down: eventsOf(row.scaleDownEvents) },
      ),
    ),
  limitFunctions: ({ fn, currentReplicas, events, rules, expect }: LimitRow) => {
    const past = { up: eventsOf(events), down: eventsOf(events) };
    const limit = fn === 'scaleUpLimit' ? scaleUpLimit : scaleDownLimit;
    return compared(expect, limit(currentReplicas, rulesOf(rules, SCALE_UP_DEFAULT), past));
  },
  TestConvertDesiredReplicasWithRules: (row: Sizes & { readonly expect: object }) =>
    compared(row.expect, limitReplicasWithoutRules(...sizesOf(row))),
  TestNormalizeDesiredReplicas: (row: NormalizeRow) => {
    const { replicas, recommendations } = stabilizeDownwards(
      recommendedOf(row.recommendations),
      row.desiredReplicas,
      row.downscaleStabilisationWindowSeconds,
    );
    return compared(row.expect, {
      stabilizedReplicas: replicas,
      logLength: recommendations.length,
    });
  },
  TestNormalizeDesiredReplicasWithBehavior: (row: BehaviorRow) => {
    const { replicas, recommendations } = stabilize(
      recommendedOf(row.recommendations),
      { current: row.currentReplicas, desired: row.desiredReplicas },
      {
        upS: row.scaleUpStabilizationWindowSeconds,
        downS: row.scaleDownStabilizationWindowSeconds,
      },
    );
    return compared(row.expect, {
      stabilizedReplicas: replicas,
      recommendations: recommendations.map((one) => one.replicas),
    });
  },
  TestStoreScaleEvents: (row: StoreRow) => {
    const before = eventsOf(row.prevScaleEvents).map((event) => ({ ...event, isOutdated: false }));
    const after =
      row.rules === null
        ? before
        : rememberChange(before, row.replicaChange, rulesOf(row.rules, SCALE_UP_DEFAULT));
    return compared(row.expect, {
      replicaChangePerPeriod: changedWithin(before, row.periodSecondsForChangeQuery),
      events: after.map(({ change, isOutdated }) => ({
        replicaChange: change,
        outdated: isOutdated,
      })),
    });
  },
};

/** Runners of the file about how far a number of replicas moves. */
export const scalingBehaviors: Runners = { 'hpa_behaviors.json': behaviors };
