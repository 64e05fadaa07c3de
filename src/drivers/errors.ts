/** Every error code of the drivers: what the world has refused them. The class is the hot path's. */
import { type ErrorData, RingmasterError } from '../hotpath/index.ts';

/** Codes raised by this layer. Stable across releases; `RM_<AREA>_<WHAT>`. */
// biome-ignore format: one code a line, as in every layer.
export type DriverErrorCode =
  | 'RM_CONTROL_CHANGED'
  | 'RM_CONTROL_GONE'
  | 'RM_CONTROL_MESSAGE'
  | 'RM_CONTROL_PARAMS'
  | 'RM_CONTROL_REFUSED'
  | 'RM_CONTROL_UNKNOWN'
  | 'RM_DRIVER_ENV'
  | 'RM_DRIVER_PORTS'
  | 'RM_DRIVER_START'
  | 'RM_HOST_OPTION'
  | 'RM_NO_INSTANCE'
  | 'RM_RELEASE_INVALID'
  | 'RM_RELEASE_TOO_LARGE'
  | 'RM_ROUTER_MESSAGE'
  | 'RM_ROUTER_START';

/** An error of a driver. */
export type DriverError = RingmasterError<DriverErrorCode>;

/** Makes an error of this layer: what was got, what was expected and the cure. */
export function driverError(
  code: DriverErrorCode,
  message: string,
  data: ErrorData = {},
  cause?: unknown,
): DriverError {
  return new RingmasterError(code, message, data, cause);
}
