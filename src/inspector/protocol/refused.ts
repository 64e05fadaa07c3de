/** How whoever answers a question says no. */
import type { ErrorName } from './schema.ts';

/** To be thrown by an answerer: the client is told this. */
export class Refused extends Error {
  readonly error: ErrorName;

  constructor(error: ErrorName, message: string) {
    super(message);
    this.error = error;
  }
}
