/**
 * Every error code of the control plane. The class is the hot path's, so that a program has one to
 * catch. What a decision refuses is no error: it is a verdict with its reason in the decision log.
 */
import { type ErrorData, RingmasterError } from '../hotpath/index.ts';

/** Codes raised by this layer. Stable across releases; `RM_<AREA>_<WHAT>`. */
// biome-ignore format: one code a line, as in every layer.
export type ControlErrorCode =
  | 'RM_COMPARISON_INVALID'
  | 'RM_FLEET_INVALID'
  | 'RM_PASS_TOO_LARGE'
  | 'RM_RECORD_VERSION';

/** An error of the control plane. */
export type ControlError = RingmasterError<ControlErrorCode>;

/** Makes an error of this layer: what was got, what was expected and the cure. */
export function controlError(
  code: ControlErrorCode,
  message: string,
  data: ErrorData = {},
  cause?: unknown,
): ControlError {
  return new RingmasterError(code, message, data, cause);
}
