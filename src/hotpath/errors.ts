/**
 * The one error class of all layers, and every code that the hot path gives it.
 * A code is stable: programs compare it, never the message. A message says what was got, what was
 * expected and the cure. Full and empty are return values, not errors; see each structure.
 */

/** Codes raised by this layer. Stable across releases; `RM_<AREA>_<WHAT>`. */
export type HotpathErrorCode =
  | 'RM_ASSERT'
  | 'RM_MEM_INVALID'
  | 'RM_RING_INVALID'
  | 'RM_RING_OPTION'
  | 'RM_RING_GENERATION'
  | 'RM_RING_RECORD_TOO_LARGE'
  | 'RM_RING_CLAIM'
  | 'RM_PUBLISH_INVALID'
  | 'RM_PUBLISH_OPTION'
  | 'RM_PUBLISH_STATE'
  | 'RM_TABLE_INVALID'
  | 'RM_TABLE_OPTION'
  | 'RM_TABLE_MEMBERS'
  | 'RM_TABLE_KIND'
  | 'RM_METRICS_OPTION'
  | 'RM_METRICS_INVALID'
  | 'RM_METRICS_SERIES'
  | 'RM_METRICS_STATE'
  | 'RM_INGEST_OPTION';

/** Numbers and names that belong to an error, for programs that log or test it. */
export type ErrorData = Readonly<Record<string, string | number | boolean>>;

/** An error of Ringmaster, of any layer: compare `code`, read `data`, show `message`. */
export class RingmasterError<Code extends string = HotpathErrorCode> extends Error {
  override readonly name = 'RingmasterError';
  readonly code: Code;
  readonly data: ErrorData;

  constructor(code: Code, message: string, data: ErrorData = {}, cause?: unknown) {
    super(`${code}: ${message}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.data = data;
  }
}

/** A bug in Ringmaster or a broken contract of the caller: never caught but by a supervisor. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new RingmasterError('RM_ASSERT', message);
}
