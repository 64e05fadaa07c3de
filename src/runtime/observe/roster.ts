/**
 * Who is where, for somebody who watches from another thread: told all there is, then each change. With the
 * shared memory of each thread it finds every actor's figures without asking anybody.
 */

/** Must not throw. Called on the main thread, within the turn in which it happens. */
export interface RosterListener {
  /** A worker sits in that seat, with this memory; who was named there before is unnamed first. */
  sits(seat: number, buffer: SharedArrayBuffer, actorsMax: number): void;
  /** It is there from now on; of a path that is known: it has begun again, perhaps elsewhere. */
  named(path: string, seat: number, index: number, generation: number): void;
  /** Nobody has that path any more. */
  unnamed(path: string): void;
}
