/** A seed from the machine's own chance: for runs that need not be repeated. */
import { randomInt } from 'node:crypto';

/** An integer from 0 to 2^32 - 1, another one each time. */
export function systemSeed(): number {
  return randomInt(2 ** 32);
}
