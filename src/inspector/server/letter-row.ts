/** A message that nobody handled, as a row for people. What it carried is not told: it may be a secret. */
import type { DeadLetter } from '../../runtime/index.ts';
import type { RowOf } from '../protocol/topics.ts';
import type { Redaction } from './redaction.ts';

/** Characters of a name. Whoever sends without types may have sent anything for one. */
const NAME_MAX = 200;

/** Never throws. */
export function letterRow(
  { to, name, reason }: DeadLetter,
  redact: Redaction,
): RowOf<'deadLetters'> {
  return { path: to, message: redact(nameText(name), NAME_MAX), reason };
}

function nameText(name: unknown): string {
  try {
    return String(name);
  } catch {
    return 'a name that cannot be read';
  }
}
