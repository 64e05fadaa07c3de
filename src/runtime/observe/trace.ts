/** What a trace of an actor is asked for and tells: plain data, which travels between threads. */

/** How much a trace may cost; it ends by itself when any of it is used up. */
export type TraceBudget = {
  /** Messages in all. */
  readonly max: number;
  /** Messages in a second; what is more is counted and not told. */
  readonly perSecond: number;
  /** Milliseconds. */
  readonly ttlMs: number;
  /**
   * Tell what messages carried: as text of bounded depth and length, or as a JavaScript expression that
   * makes the same, to send it again.
   */
  readonly payloads: false | 'text' | 'source';
};

/**
 * Characters of a traced message's texts. Whoever takes secrets out of them may be on another thread: a
 * part is for people, and the rest so that a secret is whole that begins in it.
 */
export const TRACED_MAX = { payload: 4000, source: 20_000, error: 2500 } as const;

/** One message that was handled. */
export type TracedMessage = {
  readonly name: string;
  /** Of its actor: counts up with each restart. */
  readonly incarnation: number;
  /** Milliseconds since the trace began, on its actor's thread. */
  readonly atMs: number;
  /** Milliseconds until its handler was done, with its promise where it gave one. */
  readonly tookMs: number;
  /** Messages that waited when the handler began. */
  readonly depth: number;
  readonly outcome: 'done' | 'failed';
  /** Of a handler that failed: name and message. */
  readonly error: string | null;
  /** Null unless the trace asks for payloads, and for what cannot be written as an expression. */
  readonly payload: string | null;
};

/** Why a trace is over. */
export type TraceEnd = 'max' | 'ttl' | 'stopped' | 'asked';

/** Whom a trace listens to. */
export type TracedActor = {
  /** Module of its definition, and the name of the export. */
  readonly url: string;
  readonly name: string;
  /** What it was started with, as payloads are told. */
  readonly args: string | null;
  readonly incarnation: number;
  /** Messages that this incarnation may have handled before: what is told is not all of its life. */
  readonly isMidway: boolean;
};

/** What a trace tells, now and then. */
export type TraceReport = {
  /** In the first report of a trace that has begun. */
  readonly actor: TracedActor | null;
  readonly messages: readonly TracedMessage[];
  /** Messages beyond its rate since the last report. */
  readonly skipped: number;
  /** Null: it goes on. */
  readonly end: TraceEnd | null;
};

/** Told on the main thread; must not throw. */
export type TraceListener = (report: TraceReport) => void;
