/** Every error code of the inspector, as a program meets it; what a client meets is in the schema. */
import { type ErrorData, RingmasterError } from '../hotpath/index.ts';

/** Codes raised by this layer. Stable across releases; `RM_<AREA>_<WHAT>`. */
// biome-ignore format: one code a line, as in every layer.
export type InspectorErrorCode =
  | 'RM_INSPECT_AUDIT'
  | 'RM_INSPECT_OPTION'
  | 'RM_INSPECT_START'
  | 'RM_INSPECT_TOKEN';

/** An error of the inspector. */
export type InspectorError = RingmasterError<InspectorErrorCode>;

/** Makes an error of this layer: what was got, what was expected and the cure. */
export function inspectorError(
  code: InspectorErrorCode,
  message: string,
  data: ErrorData = {},
  cause?: unknown,
): InspectorError {
  return new RingmasterError(code, message, data, cause);
}
