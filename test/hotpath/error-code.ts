/** The code of the error that something throws: what tests of misuse compare. */
import { RingmasterError } from '../../src/hotpath/errors.ts';

/** Other errors pass on; a call that does not throw answers 'no error'. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RingmasterError) return error.code;
    throw error;
  }
  return 'no error';
}
