/**
 * What the inspector's thread asks of the thread that holds the system, and what it is answered: plain data.
 * Two unions, one for each direction.
 */
import type { ResultOf } from '../protocol/schema.ts';

/** An actor as the system knows it now. */
export type ActorRow = ResultOf<'Actors.list'>['actors'][number];

/** What can be asked. */
export interface Source {
  figures(): Promise<ResultOf<'System.figures'>>;
  actors(): Promise<readonly ActorRow[]>;
  deadLetters(): Promise<ResultOf<'DeadLetters.last'>['letters']>;
  /** @returns whether there is one of that path */
  stop(path: string, dryRun: boolean): Promise<boolean>;
}

/** Of the inspector's thread. */
export type ToMain =
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly what: keyof Source;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }
  /** An answer could not be given. */
  | { readonly kind: 'trouble'; readonly method: string; readonly message: string }
  | { readonly kind: 'closed' };

/** To the inspector's thread. */
export type ToInspector =
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'trouble'; readonly id: number; readonly message: string }
  | { readonly kind: 'close' };
