/**
 * Semantics D9: whoever awaits an answer finds the stack of where it awaits below the stack of what
 * went wrong. Called in the reaction to a rejection, where the engine knows who awaits; an answer
 * that comes well costs nothing here.
 */
import { appendStack } from '../codec/index.ts';

const ASKED_BY = 'asked by';

/**
 * Passes a rejection on, with the stack of whoever awaits it. Thread rule: any.
 * A refusal (RM_MAILBOX_FULL) has no stack of its own, see `refusal`, so the asker's is its stack.
 * Overload makes many of them: the engine takes the frames down and words them only when somebody
 * reads them.
 * @throws `error`, always
 */
export function withAskersStack(error: unknown): never {
  if (error instanceof Error && !Object.isFrozen(error)) {
    if ((error as { code?: unknown }).code === 'RM_MAILBOX_FULL') {
      Error.captureStackTrace(error, withAskersStack);
    } else if (error.stack?.includes(`--- ${ASKED_BY} ---`) !== true) {
      const asker = { stack: '' };
      Error.captureStackTrace(asker, withAskersStack);
      appendStack(error, asker.stack, ASKED_BY);
    }
  }
  throw error;
}

/**
 * The same for a promise that nobody has looked at yet and that is settled by another one: a
 * rejection that comes after two reactions, by when the engine has joined the two.
 */
export function rejectedLate(error: unknown): Promise<never> {
  const fail = (): never => {
    throw error;
  };
  return Promise.resolve().then(fail).then(undefined, withAskersStack);
}
