/**
 * Every error code of the runtime. The class is the hot path's, so that a program has one to catch.
 * A code is stable: programs compare it, never the message. Full and stopped are outcomes of
 * `tell`, not errors; an `ask` has to reject with them, since it promised a reply.
 */
import { type ErrorData, RingmasterError } from '../hotpath/index.ts';

/** Codes raised by this layer. Stable across releases; `RM_<AREA>_<WHAT>`. */
export type RuntimeErrorCode =
  | 'RM_PAYLOAD_UNSUPPORTED'
  | 'RM_PAYLOAD_SHAPE'
  | 'RM_PAYLOAD_TOO_LARGE'
  | 'RM_PAYLOAD_CORRUPT'
  | 'RM_TIMER_OPTION'
  | 'RM_TIMER_ENDLESS'
  | 'RM_SUPERVISOR_OPTION'
  | 'RM_SUPERVISOR_GAVE_UP'
  | 'RM_SUPERVISOR_CLOSED'
  | 'RM_DEFINITION_INVALID'
  | 'RM_DEFINITION_NOT_FOUND'
  | 'RM_MAILBOX_OPTION'
  | 'RM_MAILBOX_FULL'
  | 'RM_ACTOR_STOPPED'
  | 'RM_ACTOR_CRASHED'
  | 'RM_ACTORS_MAX'
  | 'RM_ASK_TIMEOUT'
  | 'RM_ABORTED'
  | 'RM_LEADER_DEPOSED'
  | 'RM_REPLY'
  | 'RM_UNKNOWN_MESSAGE'
  | 'RM_STREAM'
  | 'RM_STASH'
  | 'RM_CONTEXT_REVOKED'
  | 'RM_START_DEADLINE'
  | 'RM_STOP_DEADLINE'
  | 'RM_SPAWN_FAILED'
  | 'RM_ID_TAKEN'
  | 'RM_ID_INVALID'
  | 'RM_THREAD_LOST'
  | 'RM_SYSTEM_OPTION'
  | 'RM_SYSTEM_CLOSED'
  | 'RM_OFFLOAD'
  | 'RM_ROUTER'
  | 'RM_RECEPTIONIST'
  | 'RM_SIM_REAL_IO'
  | 'RM_STORE_OPTION'
  | 'RM_STORE_CLOSED'
  | 'RM_STORE_FAILED'
  | 'RM_STORE_UNKNOWN'
  | 'RM_STORE_TIMEOUT'
  | 'RM_STORE_LIMIT'
  | 'RM_STORE_LEASE'
  | 'RM_STORE_READ_ONLY'
  | 'RM_STORE_FENCED'
  | 'RM_STORE_FORMAT'
  | 'RM_STORE_OPEN'
  | 'RM_STORE_UNAVAILABLE'
  | 'RM_STORE_CONFORMANCE';

/** An error of the runtime. */
export type RuntimeError = RingmasterError<RuntimeErrorCode>;

/** Makes an error of this layer: what was got, what was expected and the cure. */
export function runtimeError(
  code: RuntimeErrorCode,
  message: string,
  data: ErrorData = {},
  cause?: unknown,
): RuntimeError {
  return new RingmasterError(code, message, data, cause);
}
