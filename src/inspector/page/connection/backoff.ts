/** How long to wait before the next try to reach a server. Pure. */

const FIRST_MS = 250;
/** Higher: a page notices later that its server is back. Lower: a server that starts is hurried. */
const LONGEST_MS = 10_000;

/** Doubles with each try that failed; `chance` (0 to 1) spreads many pages over half of it. */
export function backoffMs(failures: number, chance: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return whole / 2 + (whole / 2) * chance;
}
