/**
 * What the model checker runs: a memory, a few threads of real code on it, and what must hold.
 * A thread's code is executed again from its start for every step it makes, with the results of
 * its earlier accesses replayed, so it must be deterministic and must touch nothing but its `Mem`.
 */
import type { Mem } from '../../src/hotpath/mem.ts';

/** What a thread's code is given besides its memory. Fresh in every execution. */
export interface ThreadContext {
  /** Everything before `begin()` runs as one step: opening a structure is not what is explored. */
  begin(): void;
  /** Notes a value for the final check, such as a record that was delivered. */
  observe(value: number): void;
}

export type ThreadBody = (mem: Mem, context: ThreadContext) => void;

/** How an execution ended. */
export interface Outcome {
  /** What each thread observed. */
  readonly observed: readonly (readonly number[])[];
  /** Threads that were killed on the way. */
  readonly killed: readonly boolean[];
  /** The memory as it was left, for a last look by one thread. */
  readonly mem: Mem;
}

export interface Scenario {
  readonly name: string;
  /** Words of memory; a plain Int32Array underneath. */
  readonly words: number;
  /** Formats the memory, before any thread exists. */
  init(mem: Mem): void;
  readonly threads: readonly ThreadBody[];
  /** Threads that may be killed at any step; at most one of them in an execution. */
  readonly killable?: readonly number[];
  /**
   * Situations that some execution must reach, set by `check`: a search that never met a full lane
   * proves nothing about full lanes.
   */
  readonly marks: Record<string, boolean>;
  /** Throws when the outcome breaks a promise. */
  check(outcome: Outcome): void;
}

export interface ExploreOptions {
  /**
   * 'atomic': threads are switched before atomic accesses only, which loses nothing as long as
   * plain accesses do not race (and a race is reported). 'every': before every access.
   */
  readonly granularity?: 'atomic' | 'every';
  /** Report plain accesses that no happens-before orders. Default true. */
  readonly reportRaces?: boolean;
  /**
   * Let a plain load see every value that the ECMAScript memory model lets it see, not only the
   * newest. Without races there is exactly one such value.
   */
  readonly staleLoads?: boolean;
  /** Switches away from a thread that could go on; default: no bound. */
  readonly preemptionsMax?: number;
  /** States after which the search gives up and says so. */
  readonly statesMax?: number;
}

export interface Report {
  readonly schedules: number;
  readonly states: number;
  readonly steps: number;
  /** False when statesMax cut the search short. */
  readonly complete: boolean;
  readonly violation: Violation | null;
}

export interface Violation {
  readonly message: string;
  /** One line per access, in order: what a person reads first. */
  readonly trace: readonly string[];
}
