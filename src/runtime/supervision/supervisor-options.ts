/**
 * What a user may say about a supervisor and its children, with defaults, limits and the reasons
 * for both. Read once, when the supervisor or the child is made.
 */
import { runtimeError } from '../errors.ts';
import { type Duration, durationMs } from '../timers/duration.ts';
import type { BackoffLimits } from './backoff.ts';
import type { RestartIntensity } from './restart-window.ts';

/**
 * Who is restarted when a child fails. `one_for_one`: it alone. `one_for_all`: all are stopped and
 * started. `rest_for_one`: it, and those that were started after it.
 */
export type SupervisorStrategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

/**
 * When a child is restarted. `permanent`: however it ended. `transient`: unless it ended as it
 * should (normal, shutdown). `temporary`: never, also not with its siblings.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** Options of a supervisor. */
export interface SupervisorOptions {
  /** Default `one_for_one`. */
  readonly strategy?: SupervisorStrategy;
  /**
   * More than `restarts` (default 3) within `within` (default 5 s) stops the children, in reverse
   * order, and fails the supervisor. `restarts: Infinity` never does.
   */
  readonly intensity?: { readonly restarts?: number; readonly within?: Duration };
  /** Waits between restarts. `false`: none. */
  readonly backoff?: BackoffOptions | false;
}

/** Waits between restarts of one child that keeps failing. */
export interface BackoffOptions {
  /** Longest wait before the second restart in a row; it doubles with each. Default 100 ms. */
  readonly initial?: Duration;
  /**
   * Longest wait of all. Default 30 s: 10,000 actors in a crash loop then cost some percent of a
   * core, see bench S3.
   */
  readonly max?: Duration;
  /**
   * `full` (default): anything up to the longest wait. `equal`: at least half of it. `none`: all of
   * it.
   */
  readonly jitter?: 'full' | 'equal' | 'none';
  /** Whether the first restart of a healthy child comes at once. Default true. */
  readonly firstAtOnce?: boolean;
  /** A child that ran this long since its restart counts as healthy again. Default 10 s. */
  readonly healthyAfter?: Duration;
}

/** Options of one child. */
export interface ChildOptions {
  /** Default `permanent`. */
  readonly restart?: RestartType;
  /** A `setup` that takes longer has failed. Default 5 s. */
  readonly startDeadline?: Duration;
  /** A stop that takes longer is abandoned, and the child counts as killed. Default 5 s. */
  readonly stopDeadline?: Duration;
}

/** A supervisor's options, read. */
export interface SupervisorSettings {
  readonly strategy: SupervisorStrategy;
  readonly intensity: RestartIntensity;
  readonly backoff: BackoffLimits;
}

/** A child's options, read. */
export interface ChildSettings {
  readonly restart: RestartType;
  readonly startDeadlineMs: number;
  readonly stopDeadlineMs: number;
}

/** Most restarts that a window remembers: 8 bytes each. Above, say Infinity. */
export const RESTARTS_MAX = 1_000_000;

const STRATEGIES: readonly unknown[] = ['one_for_one', 'one_for_all', 'rest_for_one'];
const RESTART_TYPES: readonly unknown[] = ['permanent', 'transient', 'temporary'];
const JITTERS: readonly unknown[] = ['full', 'equal', 'none'];
const NO_BACKOFF: BackoffOptions = { initial: 0, max: 0, jitter: 'none' };

/**
 * @throws RM_SUPERVISOR_OPTION for an unknown word or a number out of range; RM_TIMER_OPTION for
 *   what is no duration.
 */
export function readSupervisorOptions(options: SupervisorOptions = {}): SupervisorSettings {
  const { strategy = 'one_for_one', intensity = {}, backoff = {} } = options;
  const { restarts = 3, within = '5s' } = intensity;
  oneOf('strategy', strategy, STRATEGIES);
  const isCount = Number.isInteger(restarts) && restarts >= 0 && restarts <= RESTARTS_MAX;
  if (!isCount && restarts !== Number.POSITIVE_INFINITY) {
    const expected = `an integer from 0 to ${RESTARTS_MAX}, or Infinity`;
    throw badOption('intensity.restarts', restarts, expected);
  }
  const limits = readBackoff(backoff === false ? NO_BACKOFF : backoff);
  if (restarts === Number.POSITIVE_INFINITY && limits.initialMs === 0) {
    // A start that fails at once would be made again at once, for ever.
    throw badOption('backoff', 'none', 'a backoff above 0 ms where intensity.restarts is Infinity');
  }
  const withinMs = durationMs(within, 'intensity.within');
  return { strategy, intensity: { restarts, withinMs }, backoff: limits };
}

/** @throws as readSupervisorOptions. */
export function readChildOptions(options: ChildOptions = {}): ChildSettings {
  const { restart = 'permanent', startDeadline = '5s', stopDeadline = '5s' } = options;
  oneOf('restart', restart, RESTART_TYPES);
  return {
    restart,
    startDeadlineMs: durationMs(startDeadline, 'startDeadline'),
    stopDeadlineMs: durationMs(stopDeadline, 'stopDeadline'),
  };
}

function readBackoff(options: BackoffOptions): BackoffLimits {
  const { jitter = 'full', firstAtOnce = true } = options;
  const initialMs = durationMs(options.initial ?? '100ms', 'backoff.initial');
  const maxMs = durationMs(options.max ?? '30s', 'backoff.max');
  oneOf('backoff.jitter', jitter, JITTERS);
  if (maxMs < initialMs) {
    throw badOption('backoff.max', maxMs, `at least backoff.initial, ${initialMs} ms`);
  }
  const healthyAfterMs = durationMs(options.healthyAfter ?? '10s', 'backoff.healthyAfter');
  return { initialMs, maxMs, jitter, firstAtOnce, healthyAfterMs };
}

function oneOf(name: string, got: unknown, expected: readonly unknown[]): void {
  if (!expected.includes(got)) throw badOption(name, got, expected.join(', '));
}

/** RM_SUPERVISOR_OPTION for the option of that name. */
export function badOption(name: string, got: unknown, expected: string): Error {
  return runtimeError('RM_SUPERVISOR_OPTION', `${name} is ${String(got)}; expected ${expected}.`, {
    name,
    got: String(got),
  });
}
