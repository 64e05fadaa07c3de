/** The inspector's door: what `import … from 'ringmaster/inspector'` gives. */
export type { Role } from './access/roles.ts';
export type { InspectorError, InspectorErrorCode } from './errors.ts';
export { type InspectOptions, type Inspector, inspect } from './inspect.ts';
export type { Mount } from './mount.ts';
export { type ActorFrame, decodeColumns } from './protocol/columns.ts';
export {
  describeProtocol,
  type MethodDescription,
  type ProtocolDescription,
  type TopicDescription,
} from './protocol/describe.ts';
export type {
  Answer,
  AnswerError,
  Changed,
  ErrorName,
  MethodName,
  ParamsOf,
  Question,
  ResultOf,
} from './protocol/schema.ts';
export { LIMITS, PROTOCOL } from './protocol/schema.ts';
export type { RowOf, TopicName } from './protocol/topics.ts';
export type { TraceEvent } from './protocol/trace-words.ts';
export type { RecorderLimits } from './recorder/flight-recorder.ts';
export type { FleetDoor } from './server/fleet-door.ts';
