/**
 * The control plane's door: its machines, the verdict functions that they decide by, and the brain that
 * runs them. Long, since it is one idea: the list of all that others may use, by the file it is in.
 */

export {
  type Acknowledged,
  acknowledged,
  routerGone,
  routerSays,
} from './arbiter/acknowledgement.ts';
export { admit } from './arbiter/admission.ts';
export {
  type ApplyAround,
  type ApplyProblem,
  applied,
  applyProblem,
  changedGoal,
  newService,
  type ShrinkAround,
  shrinkProblem,
} from './arbiter/apply-spec.ts';
export { isObservation } from './arbiter/check-observation.ts';
export { DisruptionBudget } from './arbiter/disruption-budget.ts';
export { dualVerdict } from './arbiter/dual-guard.ts';
export {
  afterCutOver,
  dualTo,
  formerOf,
  layoutParts,
  withLayout,
  withoutDual,
  withoutFormer,
  withoutSecond,
} from './arbiter/dual-ring.ts';
export { type Effect, effectsOf } from './arbiter/effects.ts';
export { withinHistory } from './arbiter/forget-revisions.ts';
export { newEntry, type Observation, type Observed, observe } from './arbiter/observations.ts';
export { placementIntents } from './arbiter/placement.ts';
export { waitsOf } from './arbiter/policy-wave.ts';
export {
  RECORD_VERSION,
  type RecordChanges,
  recordChanges,
  recordFrom,
  recordOf,
  recordText,
} from './arbiter/record-data.ts';
export { RecordDraft } from './arbiter/record-draft.ts';
export {
  inFormat,
  RECORD_FORMAT,
  type RecordFormat,
  type RecordMigration,
  versionError,
  versionOf,
} from './arbiter/record-migrations.ts';
export {
  type ControllerStates,
  type DualRecord,
  type GoalRecord,
  type InstanceEntry,
  type LayoutParts,
  type OperationRecord,
  type PolicyParts,
  type RevisionRecord,
  type RingRecord,
  type Route,
  type RouterRecord,
  type RoutesRecord,
  type ServiceRecord,
  type SlotRecord,
  specOf,
  type WaitingPolicy,
  withEntry,
} from './arbiter/records.ts';
export { lastMsOf, recovered } from './arbiter/recovery.ts';
export {
  countingOn,
  type GoneService,
  goneOf,
  isGone,
  isPastReturn,
  withRemoval,
} from './arbiter/removal.ts';
export { ringVerdict } from './arbiter/ring-guard.ts';
export { type Answers, decide, type Look, look, type PassResult } from './arbiter/service-pass.ts';
export { type PassSurroundings, viewOf } from './arbiter/service-view.ts';
export { type ZoneLoss, type ZoneVerdict, zoneVerdict } from './arbiter/zone-budget.ts';
export {
  BucketCounts,
  type BucketFigures,
  bucketsTogether,
} from './arithmetic/bucket-counts.ts';
export { exp, log, power } from './arithmetic/exp-log.ts';
export { forgottenRevisions } from './arithmetic/forgotten-revisions.ts';
export { restartDelayMs } from './arithmetic/restart-delay.ts';
export {
  AUTOSCALER_START,
  type AutoscalerInput,
  type AutoscalerState,
  type AutoscalerStep,
  autoscalerStep,
  type TimedCount,
} from './autoscaler/autoscaler.machine.ts';
export {
  type ChangeOutcome,
  type Direction,
  type Failures,
  noteOutcome,
  OUTCOME_START,
} from './autoscaler/change-outcome.ts';
export {
  CALM,
  decayMultiplier,
  type PanicConfig,
  type PanicInput,
  type PanicState,
  type PanicStep,
  panicStep,
  WindowMaximum,
} from './autoscaler/panic-mode.ts';
export {
  type CountedInstance,
  type InstancesInput,
  isWithin,
  type MetricProposal,
  replicasForAverage,
  replicasForUtilization,
  replicasForValue,
  replicasForValuePerInstance,
  type Tolerance,
} from './autoscaler/replica-arithmetic.ts';
export {
  type Readiness,
  type SampleClass,
  type SampleFacts,
  sampleClass,
  type WarmupRule,
} from './autoscaler/sample-class.ts';
export {
  type Recommendation,
  type RememberedEvent,
  rememberChange,
  type Stabilized,
  stabilize,
  stabilizeDownwards,
} from './autoscaler/scaling-history.ts';
export {
  changedWithin,
  type LimitedReplicas,
  limitReplicas,
  limitReplicasWithoutRules,
  type ReplicaBounds,
  SCALE_DOWN_DEFAULT,
  SCALE_UP_DEFAULT,
  type ScalingCondition,
  type ScalingEvent,
  type ScalingPast,
  type ScalingPolicy,
  type ScalingRules,
  scaleDownLimit,
  scaleUpLimit,
} from './autoscaler/scaling-rules.ts';
export { Arbiter, type ArbiterArgs } from './brain/arbiter.actor.ts';
export type {
  ArbiterMessages,
  FleetStatus,
  OperatorChange,
  SaidLoads,
  ServiceStatus,
} from './brain/arbiter-messages.ts';
export { type AttentionLimits, attentionOf } from './brain/attention.ts';
export { Controller, type ControllerMessages } from './brain/controller.actor.ts';
export {
  CONTROLLER_NAMES,
  CONTROLLERS,
  type ControllerName,
  stepController,
} from './brain/controllers.ts';
export {
  type ChangeWanted,
  type Foreseen,
  foreseen,
  INSTANCE_ACTIONS,
  type InstanceAction,
  instanceActions,
  operatorIntent,
  SERVICE_ACTIONS,
  type ServiceAction,
  serviceActions,
  VERBS,
  verdictText,
  viewNow,
} from './brain/foreseen-change.ts';
export { type HealingPicture, healingPicture, type UnwellMember } from './brain/healing-picture.ts';
export {
  decisionText,
  Journal,
  type JournalPass,
  type JournalSpan,
  queryText,
  type RecordingMetric,
  recordingMetric,
  replayedMetric,
} from './brain/journal.ts';
export {
  type MigrationOutcome,
  migrateRecords,
  type RecordPlace,
  restoreRecords,
} from './brain/migrate-records.ts';
export { fleetRevision, type Holds, recordRevision } from './brain/record-revision.ts';
export {
  type CommitAround,
  type CommitResult,
  isWeather,
  type LeaderToken,
  RecordStore,
  type StoredService,
} from './brain/record-store.ts';
export { type PassMade, RegionPart, servingUnits } from './brain/region-part.ts';
export { type ReplayReport, replaySpan } from './brain/replay.ts';
export { type PassInput, runPass, type WholePass } from './brain/run-pass.ts';
export { type LoopOutcome, type LoopParts, ServiceLoop } from './brain/service-loop.ts';
export type { Counted, ServiceTallyFigures } from './brain/service-tally.ts';
export {
  answerStep,
  type Readings,
  type Snapshot,
  type StepAnswer,
  type StepQuestion,
  snapshotOf,
} from './brain/snapshot.ts';
export {
  type DecisionEntry,
  DecisionLog,
  type DecisionPlan,
  type DecisionQuery,
  decisionLine,
} from './decisions/decision-log.ts';
export { type ControlError, type ControlErrorCode, controlError } from './errors.ts';
export {
  allowedSize,
  type LeaveAnswer,
  type LeaveRequest,
  leaveRequests,
} from './hashring/delayed-leave.ts';
export { type DualWish, dualWish } from './hashring/dual-ring.ts';
export { HASHRING_START, type HashringState, hashringStep } from './hashring/hashring.machine.ts';
export { hotKeyOverrides } from './hashring/hot-keys.ts';
export {
  type HotSliceInput,
  hotSlices,
  memberLoads,
  type SliceLoad,
  type SliceMove,
} from './hashring/hot-slices.ts';
export { type RingWish, ringWish, slotServes } from './hashring/ring-members.ts';
export {
  hasWeights,
  memberOf,
  openedTable,
  type RingSpec,
  type RingTableInput,
  ringTable,
  slotsByMember,
  tableHash,
} from './hashring/ring-table.ts';
export { type RingWhatIf, ringWhatIf } from './hashring/ring-what-if.ts';
export { pointOf, SLICES, sliceOf } from './hashring/slices.ts';
export { hashringsJson, type ThanosHashring, thanosHashring } from './hashring/thanos-hashrings.ts';
export { healerStep } from './healer/healer.machine.ts';
export {
  type BanMemory,
  type EjectionMemory,
  type FlapMemory,
  HEALER_START,
  type HealerState,
  KEYS_MAX,
  type RemedyMemory,
  type SlowMemory,
} from './healer/healer-state.ts';
export { flapsSeen, type Member, membersOf, remediesSeen } from './healer/member-health.ts';
export {
  type Ejection,
  type EjectionConfig,
  type EjectionStep,
  ejectionStep,
  type MemberTraffic,
} from './healer/outlier-ejection.ts';
export { type Blame, type BlameInput, KEY_WINDOW_MS, poisonBlame } from './healer/poison-blame.ts';
export {
  type MemberHealth,
  type RemedyConfig,
  type RemedyVerdict,
  remedyVerdict,
} from './healer/remedy-limit.ts';
export { type MemberLatency, type SlowMember, slowMembers } from './healer/slow-members.ts';
export { type TrafficStep, trafficStep } from './healer/traffic-ejection.ts';
export { Instance, type InstanceArgs, type InstanceMessages } from './instance/instance.actor.ts';
export {
  type InstanceConfig,
  type InstanceEffect,
  type InstanceInput,
  type InstanceRecord,
  type InstanceStep,
  instanceStep,
  isFailing,
  newInstance,
  type ProbeKind,
  probesOf,
} from './instance/instance.machine.ts';
export {
  actsOf,
  admittedOf,
  INVARIANTS,
  type InvariantId,
  isNoGround,
  type PassFacts,
  type Violation,
} from './invariants/invariant.ts';
export { InvariantMonitor, isAsWanted } from './invariants/monitor.ts';
export { type FeedStatus, KnownFeeds } from './metrics/known-feeds.ts';
export { type FedInstance, MetricFeed, type MetricFeedOptions } from './metrics/metric-feed.ts';
export { Metrics, type MetricsArgs, type MetricsMessages } from './metrics/metrics.actor.ts';
export { type AttachedShard, type NamedSeries, UNNAMED } from './metrics/named-series.ts';
export { type MetricWindows, readMetric } from './metrics/read-metric.ts';
export { type Row, RowPool } from './metrics/row-pool.ts';
export {
  type KnownSeries,
  OVERFLOW,
  recordIn,
  ShardWindows,
  type TakenWindow,
  WINDOWS_KEPT_DEFAULT,
} from './metrics/shard-windows.ts';
export type { CarryOut, Executor } from './ports/executor.ts';
export type { MetricsSource } from './ports/metrics-source.ts';
export type { ProbeQuestion, Prober } from './ports/prober.ts';
export { type ControllerStep, INTENT_EXPIRES_MS } from './protocol/controller-step.ts';
export { ADMITTED, type Decision, RULES, type Rule, type Verdict } from './protocol/decision.ts';
export {
  type DualView,
  type FailureView,
  type FormerRing,
  type GoalView,
  type InstanceView,
  isAvailable,
  minReadyOf,
  type OperationView,
  ownsData,
  type Reservation,
  type RevisionView,
  type RingView,
  type RoutesView,
  type ServiceView,
  type SlotView,
  type VerbView,
  type WaitingPolicyView,
} from './protocol/fleet-view.ts';
export {
  type InstanceId,
  instanceId,
  type RevisionId,
  type SlotId,
  type SlotParts,
  slotId,
  slotOf,
  slotParts,
} from './protocol/identity.ts';
export {
  holdsSlot,
  INSTANCE_EDGES,
  type InstanceState,
  isOnItsWayOut,
  mayServe,
} from './protocol/instance-state.ts';
export {
  type Act,
  type ControllerKind,
  DISRUPTIVE,
  type Input,
  type Intent,
  isDisruptive,
  PRIORITIES,
  type Priority,
  type Share,
  type SliceOverride,
  targetOf,
} from './protocol/intent.ts';
export {
  atLeastReading,
  checkedReading,
  finiteReading,
  type MetricQuery,
  type MetricReading,
  type MetricScope,
  type MissingReason,
  REQUEST_METRICS,
  readingValue,
} from './protocol/metric-reading.ts';
export { indexOf, type PassIndex, type ZoneIndex } from './protocol/pass-index.ts';
export {
  highestGeneration,
  isSameLayout,
  layoutOf,
  layoutText,
  type RingLayout,
  relayoutToken,
  usedZones,
} from './protocol/ring-layout.ts';
export { type SliceReading, withReading } from './protocol/slice-load.ts';
export {
  forecastOf,
  isCarried,
  type Ledger,
  type LedgerRegion,
  leastCount,
  PEAK_HEADROOM,
  worstCapacity,
} from './region/capacity-ledger.ts';
export { Coordinator, type CoordinatorMessages } from './region/coordinator.actor.ts';
export {
  type CoordinatorConfig,
  type CoordinatorState,
  type CoordinatorStep,
  coordinatorStart,
  coordinatorStep,
  type HeldReservation,
} from './region/coordinator.machine.ts';
export {
  type LinkState,
  linkAnswered,
  linkHolds,
  linkReport,
  linkStart,
  type RegionLook,
} from './region/region-link.machine.ts';
export type {
  CoordinatorAnswer,
  Echo,
  Grant,
  RegionReport,
  ServiceCapacity,
} from './region/region-report.ts';
export {
  type AnalysisPhase,
  METRIC_LIMITS_DEFAULT,
  type MetricLimits,
  type MetricTally,
  metricPhase,
  runPhase,
} from './rollout/analysis-verdict.ts';
export {
  type Dispersion,
  disperse,
  inflation,
  NO_DISPERSION,
  shareRatio,
} from './rollout/block-dispersion.ts';
export {
  approximateSplit,
  type CanaryRevisions,
  type CanaryScale,
  type CanarySizes,
  canaryStep,
  type DynamicStable,
  dynamicStableSizes,
  type RoutedCanary,
  replicasForWeight,
  routedCanarySizes,
} from './rollout/canary-replicas.ts';
export {
  type BlockStakes,
  blockStakes,
  compareMetric,
  type MetricComparison,
  type MetricEvidence,
  metricEvidence,
  NO_COMPARISON,
} from './rollout/metric-comparison.ts';
export { hasProgressed, isComplete, isOverdue, type RolloutCounts } from './rollout/progress.ts';
export {
  type ResizedRevisions,
  type ResizeInput,
  resizeRevisions,
  type ScaledRevision,
  shareChange,
} from './rollout/proportional-scaling.ts';
export {
  afterBlock,
  BETTER_BETS,
  logEvidence,
  type PairedCounts,
  type Stakes,
  stakesOf,
  WORSE_BETS,
} from './rollout/ratio-evidence.ts';
export {
  firstReplicas,
  maxUnavailable,
  minAvailable,
  nextReplicas,
  type RevisionSize,
  type RollingInput,
  type RollingSizes,
  rollingStep,
  shrunkOld,
  unhealthyCleanup,
  withoutSurplus,
} from './rollout/rolling-replicas.ts';
export { type RolloutInput, rolloutStep } from './rollout/rollout.machine.ts';
export {
  atStep,
  moved,
  newRun,
  type Pause,
  ROLLOUT_EDGES,
  ROLLOUT_START,
  type RolloutPhase,
  type RolloutRun,
  type RolloutState,
  type RolloutStatus,
} from './rollout/rollout-state.ts';
export {
  COMPARISON_DEFAULT,
  COMPARISON_START,
  type ComparedMetric,
  type ComparisonBlock,
  type ComparisonConfig,
  type ComparisonReport,
  type ComparisonState,
  type ComparisonVerdict,
  compareBlock,
  comparisonReport,
  type SideCounts,
} from './rollout/sequential-comparison.ts';
export { type FollowedSize, type FollowingZone, followedSize } from './rollout/zone-sizes.ts';
export { type WaveSlot, type WaveStep, type WaveZone, waveStep } from './rollout/zone-waves.ts';
export { Shard, type ShardMessages, type ShardSubscription } from './shard/shard.actor.ts';
export { type ShardView, shardViews } from './shard/shard-view.ts';
export { fleetProblems, minAvailableOf, replicasOf } from './spec/fleet-checks.ts';
export { type FleetField, fleetFields, fleetJsonSchema } from './spec/fleet-reference.ts';
export {
  API_VERSION,
  type FleetInput,
  type FleetSpec,
  fleetSchema,
  type ServiceInput,
  type ServiceSpec,
  type ShardedSpec,
  type StatelessSpec,
  serviceSchema,
} from './spec/fleet-schema.ts';
export { type IngestConfig, type IngestReading, readIngestYaml } from './spec/ingest-schema.ts';
export { type InspectConfig, type InspectReading, readInspectYaml } from './spec/inspect-schema.ts';
export {
  type Fenceposts,
  fenceposts,
  type IntOrPercent,
  type Rounding,
  resolved,
} from './spec/int-or-percent.ts';
export {
  exposedMetrics,
  type MetricOrigin,
  originOf,
  writtenMetrics,
} from './spec/metric-sources.ts';
export {
  type Problem,
  pathText,
  problemAt,
  problemsOf,
  problemsText,
  shown,
} from './spec/problem.ts';
export {
  type FleetDefinition,
  type FleetReading,
  fleet,
  invalidFleet,
  readFleet,
  service,
} from './spec/read-fleet.ts';
export { hashText, revisionOf } from './spec/revision.ts';
export { ringProblems } from './spec/ring-checks.ts';
export { routeProblems } from './spec/route-checks.ts';
export { routeSchema } from './spec/route-schema.ts';
export { FLEET_TEXT_MAX, readFleetYaml, yamlText } from './spec/yaml-fleet.ts';
