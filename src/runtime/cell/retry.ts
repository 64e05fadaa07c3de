/**
 * A message that has crashed its actor and may be tried again: it waits in front of the mailbox under
 * a name of the runtime's, with what it is and how often it has crashed. So the count belongs to
 * this one message, and to no other that looks like it.
 */

/** Name of the message that carries it; no user's message begins with a `$`. */
export const RETRY_MESSAGE = '$retry';

/** The message as its sender sent it. */
export class Retry {
  readonly name: string;
  readonly payload: unknown;
  /** How many incarnations it has ended; at least 1. */
  readonly crashes: number;

  constructor(name: string, payload: unknown, crashes: number) {
    this.name = name;
    this.payload = payload;
    this.crashes = crashes;
  }
}
