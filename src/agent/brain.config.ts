/** When the agent takes the brain for hung, and how it starts it again. */

/** All in milliseconds but `restartsMax`. */
export type BrainConfig = {
  /** For its first sign of life. Higher: a brain that hangs while starting is found later. */
  readonly startMs: number;
  /** Without a sign of life. Lower: a long garbage collection is taken for a hang. */
  readonly stallAfterMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopMs: number;
  /** More restarts than this within `restartsWithinMs` are a crash loop: it is left down. */
  readonly restartsMax: number;
  readonly restartsWithinMs: number;
  /** Waits between restarts; the first one is immediate. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** After so long it counts as healthy: its next end is the first again. */
  readonly healthyMs: number;
};

export const BRAIN_CONFIG_DEFAULT: BrainConfig = {
  startMs: 30_000,
  stallAfterMs: 5000,
  stopMs: 10_000,
  restartsMax: 8,
  restartsWithinMs: 60_000,
  backoffMinMs: 100,
  backoffMaxMs: 10_000,
  healthyMs: 30_000,
};
