/** The inspector's door: what `import … from 'ringmaster/inspector'` gives. */
export type { Role } from './access/roles.ts';
export type { InspectorError, InspectorErrorCode } from './errors.ts';
export { type InspectOptions, type Inspector, inspect } from './inspect.ts';
export {
  describeProtocol,
  type MethodDescription,
  type ProtocolDescription,
} from './protocol/describe.ts';
export type {
  Answer,
  AnswerError,
  ErrorName,
  MethodName,
  ParamsOf,
  Question,
  ResultOf,
} from './protocol/schema.ts';
export { LIMITS, PROTOCOL } from './protocol/schema.ts';
