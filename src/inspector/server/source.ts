/**
 * What the inspector's thread asks of the thread that holds the system, and what it is answered: plain data.
 * Two unions, one for each direction.
 */
import type { TraceBudget, TraceReport } from '../../runtime/index.ts';
import type { ResultOf } from '../protocol/schema.ts';
import type { RowOf } from '../protocol/topics.ts';
import type { EventRow } from './event-row.ts';
import type { FleetAnswer } from './fleet-door.ts';
import type { ActorTimes } from './meters.ts';
import type { Measured } from './metric-look.ts';

/** What can be asked. */
export interface Source {
  figures(): Promise<ResultOf<'System.figures'>>;
  deadLetters(): Promise<ResultOf<'DeadLetters.last'>['letters']>;
  measure(path: string): Promise<ActorTimes | 'gone' | 'busy'>;
  /** All metrics there are, of the fleet, too. */
  metrics(): Promise<Measured>;
  /** @returns whether there is one of that path */
  stop(path: string, dryRun: boolean): Promise<boolean>;
  /** Reports of a trace are posted by its number. @returns whether there is one of that path */
  trace(trace: number, path: string, budget: TraceBudget): Promise<boolean>;
  untrace(trace: number): Promise<void>;
  /** Asks the fleet's host. */
  fleet(method: string, params: Readonly<Record<string, unknown>>): Promise<FleetAnswer>;
}

/** Of the inspector's thread. */
export type ToMain =
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly what: keyof Source;
      readonly args: readonly unknown[];
    }
  /** Names of actors are told from now on, or no more. */
  | { readonly kind: 'names-wanted'; readonly isWanted: boolean }
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }
  /** An answer could not be given. */
  | { readonly kind: 'trouble'; readonly method: string; readonly message: string }
  | { readonly kind: 'closed' };

/** To the inspector's thread. */
export type ToInspector =
  | { readonly kind: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'trouble'; readonly id: number; readonly message: string }
  | { readonly kind: 'traced'; readonly trace: number; readonly report: TraceReport }
  /** A worker sits in that seat, the first one or one that replaces another. */
  | {
      readonly kind: 'sits';
      readonly seat: number;
      readonly buffer: SharedArrayBuffer;
      readonly actorsMax: number;
    }
  /**
   * Who was named, or is no more (seat -1), in order: paths one a line, three numbers each: seat, index,
   * generation. `isAll`: they are all there are; what was told before counts no more.
   */
  | {
      readonly kind: 'names';
      readonly isAll: boolean;
      readonly paths: string;
      readonly places: Int32Array;
    }
  | {
      readonly kind: 'happened';
      readonly events: readonly EventRow[];
      readonly letters: readonly RowOf<'deadLetters'>[];
      /** Events beyond these. */
      readonly skipped: number;
    }
  | { readonly kind: 'close' };
