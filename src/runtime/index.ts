/**
 * The runtime's door: what `import … from 'ringmaster'` gives. Values and types apart; no live
 * object of the inside, no type of Node and none of a library goes through it.
 */
export type {
  ChildOptions as OwnChildOptions,
  Context,
  Down,
  TimersOfContext,
} from './actor/context.ts';
export {
  type ActorDefinition,
  type ActorOptions,
  type AnyDefinition,
  type ArgumentsOf,
  actor,
} from './actor/definition.ts';
export type {
  Answer,
  Handler,
  Handlers,
  MessageName,
  PayloadArguments,
  StreamItem,
} from './actor/handlers.ts';
export type { Outcome } from './actor/outcome.ts';
export type { AnyRef, AskOptions, Ref, StreamOptions } from './actor/ref.ts';
export { ReplyError, reply } from './actor/reply.ts';
export type { Exit, ExitReason } from './cell/child-list.ts';
export {
  type Shape,
  type ShapeField,
  type ShapeItem,
  type ShapeOf,
  type ShapeScalar,
  type ShapeSpec,
  shape,
} from './codec/index.ts';
export type { RuntimeError, RuntimeErrorCode } from './errors.ts';
export type { DeadLetter, DeadLetterListener, DeadLetterReason } from './host/dead-letters.ts';
export type { EventListener, RuntimeEvent } from './host/events.ts';
export type { CounterName } from './host/seat-layout.ts';
export type { ActorFigures } from './host/seat-memory.ts';
export type { MailboxLimits, MailboxOptions, OverflowPolicy } from './mailbox/mailbox-options.ts';
export { FigureColumns } from './observe/figure-columns.ts';
export type { DeadLetterNote, DeadLetterNoteListener } from './observe/letter-news.ts';
export type { MeasureListener, MeasureReport } from './observe/measure.ts';
export type { RosterListener } from './observe/roster.ts';
export { SeatFigures } from './observe/seat-figures.ts';
export {
  TRACED_MAX,
  type TraceBudget,
  type TracedActor,
  type TracedMessage,
  type TraceEnd,
  type TraceListener,
  type TraceReport,
} from './observe/trace.ts';
export type { Alarm } from './ports/alarm.ts';
export type { Clock } from './ports/clock.ts';
export type { Loop } from './ports/loop.ts';
export { type Random, seededRandom } from './ports/random.ts';
export { systemClock } from './ports/system-clock.ts';
export {
  deregister,
  type Finder,
  find,
  register,
  type ServiceKey,
  type ServiceListing,
  serviceKey,
  startReceptionist,
  subscribe,
  unsubscribe,
} from './receptionist/receptionist.ts';
export { type Broadcast, type Group, group } from './routing/group.ts';
export { type Router, type RouterOptions, router } from './routing/router.ts';
export type { RouterStrategy } from './routing/strategies.ts';
export type {
  Store,
  StoreCallOptions,
  StoreChange,
  StoreCompare,
  StoreEntry,
  StoreLease,
  StoreListOptions,
  StoreLookup,
  StoreOperation,
  StorePage,
  StoreResult,
  StoreTransaction,
  StoreWatch,
  StoreWatchItem,
  StoreWatchOptions,
} from './store/store.ts';
export type { Placement } from './supervision/placement.ts';
export type { SpawnOptions, Supervisor } from './supervision/supervisor.ts';
export type {
  BackoffOptions,
  ChildOptions,
  RestartType,
  SupervisorOptions,
  SupervisorStrategy,
} from './supervision/supervisor-options.ts';
export type { Counters, SystemFigures } from './system/figures.ts';
export {
  type FamilyReading,
  type MetricFamily,
  type MetricLabels,
  type MetricSample,
  readFamilies,
} from './system/metric-family.ts';
export { start } from './system/start.ts';
export type { StartOptions } from './system/start-options.ts';
export type { System } from './system/system.ts';
export { SYSTEM_FAMILIES } from './system/system-families.ts';
export type { Duration } from './timers/duration.ts';
