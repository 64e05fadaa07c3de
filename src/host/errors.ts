/** Every error code of the host process. The class is the hot path's. */
import { type ErrorData, RingmasterError } from '../hotpath/index.ts';

/** Codes raised by this layer. Stable across releases; `RM_<AREA>_<WHAT>`. */
// biome-ignore format: one code a line, as in every layer.
export type HostErrorCode =
  | 'RM_HOST_INSPECT'
  | 'RM_HOST_START';

/** Makes an error of this layer: what was got, what was expected and the cure. */
export function hostError(
  code: HostErrorCode,
  message: string,
  data: ErrorData = {},
): RingmasterError<HostErrorCode> {
  return new RingmasterError(code, message, data);
}
