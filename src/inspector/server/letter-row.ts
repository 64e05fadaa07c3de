/** A message that nobody handled, as a row for people. What it carried is not told: it may be a secret. */
import type { DeadLetterNote } from '../../runtime/index.ts';
import type { RowOf } from '../protocol/topics.ts';
import type { Redaction } from './redaction.ts';

/** Characters of a name. Whoever sends without types may have sent anything for one. */
const NAME_MAX = 200;

/** Never throws. */
export function letterRow(
  { thread, to, name, reason }: DeadLetterNote,
  redact: Redaction,
): RowOf<'deadLetters'> {
  return { thread, path: to, message: redact(name, NAME_MAX), reason };
}
