/** Lengths of time as options are given them: the runtime's, with an error that says which option it was. */
import { type Duration, durationMs } from '../runtime/timers/duration.ts';
import { CommandError, EXIT } from './exit-codes.ts';

/** Milliseconds of what `option` was given. @throws CommandError */
export function lengthMs(text: string, option: string): number {
  // A number alone would be milliseconds, which nobody means.
  if (/[a-z]$/.test(text)) {
    try {
      return durationMs(text as Duration, option);
    } catch {
      // It is said below, as options are.
    }
  }
  const message = `${option} is ${text}; expected a length of time such as 30s, 5m or 1d.`;
  throw new CommandError(EXIT.usage, message);
}
