/** Tables of Knative's pod autoscaler. */
import { CALM, decayMultiplier, panicStep, WindowMaximum } from 'ringmaster/control-plane';
import { type Expression, numberOf } from './expression.ts';
import { compared, near, type Runners } from './table.ts';

type SingleRow = {
  readonly targetValue: number;
  readonly targetBurstCapacity: number;
  readonly stableConcurrency: number;
  readonly panicConcurrency: number;
  readonly readyPods: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  readonly reachable: boolean;
  readonly panicThreshold: number;
  readonly stableWindowSeconds: number;
  readonly alreadyPanickingForSeconds: number | null;
  readonly maxPanicPods: number;
  readonly expect: { readonly desiredPods: number; readonly excessBurstCapacity: number };
};
type SequenceRow = {
  readonly targetValue: number;
  readonly targetBurstCapacity: number;
  readonly steps: readonly {
    readonly t: number;
    readonly ready: number;
    readonly stable: number;
    readonly panic: number;
    readonly expectDesired: number;
  }[];
};

const knative = {
  single: (row: SingleRow) => {
    const config = {
      target: row.targetValue,
      scaleUpRateMax: row.maxScaleUpRate,
      scaleDownRateMax: row.maxScaleDownRate,
      panicThreshold: row.panicThreshold,
      stableWindowS: row.stableWindowSeconds,
      targetBurst: row.targetBurstCapacity,
    };
    const { alreadyPanickingForSeconds: panicking } = row;
    const state =
      panicking === null ? CALM : { panicS: -panicking, mostReplicas: row.maxPanicPods };
    const { replicas, excessBurst } = panicStep(config, state, {
      nowS: 0,
      stableConcurrency: row.stableConcurrency,
      panicConcurrency: row.panicConcurrency,
      readyCount: row.readyPods,
      isReachable: row.reachable,
    });
    const { desiredPods, excessBurstCapacity } = row.expect;
    const burst = near(excessBurstCapacity, excessBurst, row.targetBurstCapacity > 0 ? 1 : 0);
    return {
      isEqual: replicas === desiredPods && burst.isEqual,
      expected: row.expect,
      got: { desiredPods: replicas, excessBurstCapacity: excessBurst },
    };
  },
  sequences: ({ targetValue, targetBurstCapacity, steps }: SequenceRow) => {
    const config = {
      target: targetValue,
      scaleUpRateMax: 10,
      scaleDownRateMax: 10,
      panicThreshold: 2,
      stableWindowS: 60,
      targetBurst: targetBurstCapacity,
    };
    let state = CALM;
    const got = steps.map(({ t, ready, stable, panic }) => {
      const next = panicStep(config, state, {
        nowS: t,
        stableConcurrency: stable,
        panicConcurrency: panic,
        readyCount: ready,
        isReachable: true,
      });
      state = next.state;
      return next.replicas;
    });
    return compared(
      steps.map(({ expectDesired }) => expectDesired),
      got,
    );
  },
  timedWindowMaxRaw: (row: {
    readonly values: readonly { readonly time: Expression; readonly value: number }[];
    readonly expect: number;
  }) => {
    const window = new WindowMaximum(5);
    for (const { time, value } of row.values) window.record(numberOf(time), value);
    return compared(row.expect, window.current());
  },
  decayMultiplierRaw: ({ numBuckets, want }: { numBuckets: number; want: Expression }) =>
    near(numberOf(want), decayMultiplier(numBuckets), 0.000_005),
};

/** Runners of the file about panic mode. */
export const panicMode: Runners = { 'knative_kpa.json': knative };
