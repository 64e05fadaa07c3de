/**
 * Explores the interleavings of a scenario: depth-first over states, each visited once, with a
 * kill of every killable thread at every step; or at random from a seed, for scenarios that are
 * too large to exhaust. The first broken promise ends the search and comes back as a transcript.
 *
 * It is sound for what it says it covers: sequentially consistent interleavings of atomic accesses
 * plus a happens-before race check on plain ones, which together are all executions of a program
 * without data races (the ECMAScript memory model guarantees that). With `staleLoads` a racing load
 * also returns older values. A load that returns a value stored *later* is not modelled; without
 * races there is none.
 */
import { Execution, type ExecutionOptions, type SavedExecution } from './execution.ts';
import type { ExploreOptions, Report, Scenario, Violation } from './scenario.ts';

/** One decision of the scheduler: a step with its choice of value, or a kill. */
type Move = { readonly thread: number; readonly choice: number; readonly kill: boolean };

const STATES_MAX_DEFAULT = 2_000_000;

/** Visits every reachable state, up to the bounds. */
export function explore(scenario: Scenario, options: ExploreOptions = {}): Report {
  return new Search(scenario, options).run();
}

/** Runs `runs` random schedules. The same seed makes the same schedules. */
export function sample(
  scenario: Scenario,
  seed: number,
  runs: number,
  options: ExploreOptions = {},
): Report {
  const settings = executionOptions(options);
  let random = seed | 0;
  let steps = 0;
  for (let run = 0; run < runs; run++) {
    const path: Move[] = [];
    try {
      const execution = new Execution(scenario, settings);
      for (let moves = movesOf(execution, scenario); moves.length > 0; ) {
        random = nextRandom(random);
        const move = moves[(random >>> 8) % moves.length] as Move;
        path.push(move);
        apply(execution, move);
        steps++;
        moves = movesOf(execution, scenario);
      }
      scenario.check(execution.outcome());
    } catch (error) {
      const violation = violationOf(scenario, settings, path, error);
      return { schedules: run + 1, states: 0, steps, complete: false, violation };
    }
  }
  return { schedules: runs, states: 0, steps, complete: true, violation: null };
}

class Search {
  readonly #scenario: Scenario;
  readonly #settings: ExecutionOptions;
  readonly #preemptionsMax: number;
  readonly #statesMax: number;
  readonly #visited = new Set<number>();
  readonly #path: Move[] = [];
  /** One saved state per depth of the path. */
  readonly #saved: SavedExecution[] = [];
  #schedules = 0;
  #steps = 0;

  constructor(scenario: Scenario, options: ExploreOptions) {
    this.#scenario = scenario;
    this.#settings = executionOptions(options);
    this.#preemptionsMax = options.preemptionsMax ?? Number.POSITIVE_INFINITY;
    this.#statesMax = options.statesMax ?? STATES_MAX_DEFAULT;
  }

  run(): Report {
    let violation: Violation | null = null;
    try {
      // Opening the structures is part of the search: a bug may show there already.
      this.#visit(new Execution(this.#scenario, this.#settings), -1, 0);
    } catch (error) {
      violation = violationOf(this.#scenario, this.#settings, this.#path, error);
    }
    return {
      schedules: this.#schedules,
      states: this.#visited.size,
      steps: this.#steps,
      complete: this.#visited.size < this.#statesMax,
      violation,
    };
  }

  /** `last` moved before and `preemptions` switches were made: part of a bounded search's state. */
  #visit(execution: Execution, last: number, preemptions: number): void {
    const isBounded = this.#preemptionsMax !== Number.POSITIVE_INFINITY;
    const key = execution.key(isBounded ? (preemptions << 4) | (last + 1) : 0);
    if (this.#visited.has(key) || this.#visited.size >= this.#statesMax) return;
    this.#visited.add(key);
    const moves = movesOf(execution, this.#scenario);
    if (moves.length === 0) {
      this.#schedules++;
      this.#scenario.check(execution.outcome());
      return;
    }
    const depth = this.#path.length;
    const saved = execution.save(this.#saved[depth]);
    this.#saved[depth] = saved;
    for (const move of moves) {
      const isSwitch = last >= 0 && move.thread !== last && execution.isEnabled(last);
      const switches = preemptions + (isSwitch && !move.kill ? 1 : 0);
      if (switches > this.#preemptionsMax) continue;
      this.#path.push(move);
      this.#steps++;
      apply(execution, move);
      this.#visit(execution, move.kill ? last : move.thread, switches);
      this.#path.pop();
      execution.restore(saved);
    }
  }
}

function movesOf(execution: Execution, scenario: Scenario): Move[] {
  const moves: Move[] = [];
  const mayKill = !execution.threads.some((thread) => thread.killed);
  for (let thread = 0; thread < execution.threads.length; thread++) {
    if (!execution.isEnabled(thread)) continue;
    const choices = execution.threads[thread]?.choices ?? 1;
    for (let choice = 0; choice < choices; choice++) moves.push({ thread, choice, kill: false });
    if (mayKill && scenario.killable?.includes(thread) === true) {
      moves.push({ thread, choice: 0, kill: true });
    }
  }
  return moves;
}

function apply(execution: Execution, move: Move): void {
  if (move.kill) execution.kill(move.thread);
  else execution.step(move.thread, move.choice);
}

function executionOptions(options: ExploreOptions): ExecutionOptions {
  return {
    everyAccess: options.granularity === 'every',
    reportRaces: options.reportRaces ?? true,
    staleLoads: options.staleLoads ?? false,
  };
}

/** Runs the failing path once more with a listener, so that a person can read what happened. */
function violationOf(
  scenario: Scenario,
  settings: ExecutionOptions,
  path: readonly Move[],
  error: unknown,
): Violation {
  const trace: string[] = [];
  try {
    const execution = new Execution(scenario, settings, (thread, kind, word, result) => {
      trace.push(`thread ${thread} ${kind} word ${word} -> ${result}`);
    });
    for (const move of path) {
      if (move.kill) trace.push(`thread ${move.thread} is killed`);
      apply(execution, move);
    }
  } catch {
    // The same error again: the trace ends where the promise broke.
  }
  return { message: error instanceof Error ? error.message : String(error), trace };
}

/** Marsaglia's xorshift32: small, and the same on every machine. */
function nextRandom(state: number): number {
  let next = state === 0 ? 0x6d2b79f5 : state;
  next ^= next << 13;
  next ^= next >>> 17;
  return next ^ (next << 5);
}
