/**
 * Lengths of time as users write them: a number of milliseconds, or a text with its unit. Called
 * where options are read, never per message.
 */
import { runtimeError } from '../errors.ts';

/**
 * A length of time: milliseconds, or a number with a unit such as `'500ms'`, `'10s'`, `'2m'`,
 * `'1h'`, `'1d'`.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** Longest duration that is taken: 10 years. Beyond, a slip of units is likelier than an intent. */
export const DURATION_MS_MAX: number = 10 * 365 * 24 * 3600 * 1000;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const WRITTEN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/**
 * Milliseconds of a duration; `name` is the option that it came in, for the error.
 * @throws RM_TIMER_OPTION when it is no duration, negative, or above DURATION_MS_MAX.
 */
export function durationMs(duration: Duration, name: string): number {
  const ms = typeof duration === 'number' ? duration : writtenMs(duration);
  if (ms >= 0 && ms <= DURATION_MS_MAX) return ms;
  throw runtimeError(
    'RM_TIMER_OPTION',
    `${name} is ${String(duration)}; expected milliseconds from 0 to ${DURATION_MS_MAX} ` +
      "or a text with a unit, such as '500ms', '10s', '2m' or '1h'.",
    { name, got: String(duration) },
  );
}

/** NaN for what is no such text. */
function writtenMs(text: string): number {
  const match = WRITTEN.exec(text);
  if (match === null) return Number.NaN;
  return Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
}
