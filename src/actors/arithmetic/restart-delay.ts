/** How long something that ends by itself waits before it is started again. */
import { doubled } from './doubling.ts';

/**
 * How long after its last end an instance is started again: at once the first time, then `first`,
 * doubling up to `max`. `ends`: in a row, since it last ran for the reset time. Milliseconds.
 */
export function restartDelayMs(
  ends: number,
  limits: { readonly first: number; readonly max: number },
): number {
  return ends <= 1 ? 0 : doubled(ends - 1, limits);
}
