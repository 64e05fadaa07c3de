/**
 * One execution in progress: the world, each thread's log, who is done or dead. It makes single
 * steps by running a thread's code again from its start, and can save and restore itself.
 */
import { FlatMem } from './flat-mem.ts';
import { type AccessListener, ReplayMem, SUSPENDED, ThreadLog } from './replay-mem.ts';
import type { Outcome, Scenario, ThreadContext } from './scenario.ts';
import { World } from './world.ts';

export interface ExecutionOptions {
  readonly everyAccess: boolean;
  readonly reportRaces: boolean;
  readonly staleLoads: boolean;
}

type ThreadState = {
  log: ThreadLog;
  observed: readonly number[];
  done: boolean;
  killed: boolean;
  /** Values that the access in front of which the thread stands can return. */
  choices: number;
};

export class Execution {
  readonly scenario: Scenario;
  readonly threads: ThreadState[];
  readonly #options: ExecutionOptions;
  readonly #world: World;
  readonly #mem: ReplayMem;

  constructor(
    scenario: Scenario,
    options: ExecutionOptions,
    listener: AccessListener | null = null,
  ) {
    const words = new Int32Array(scenario.words);
    scenario.init(new FlatMem(words));
    this.scenario = scenario;
    this.#options = options;
    const { reportRaces, staleLoads } = options;
    this.#world = new World(words, scenario.threads.length, reportRaces, staleLoads);
    this.#mem = new ReplayMem(this.#world);
    this.#mem.listener = listener;
    this.threads = scenario.threads.map(() => newThread());
    for (let thread = 0; thread < this.threads.length; thread++) this.step(thread, 0);
  }

  /** Whether a thread can go on. */
  isEnabled(thread: number): boolean {
    const state = this.threads[thread] as ThreadState;
    return !state.done && !state.killed;
  }

  /** Makes one step of `thread`. Throws what its code threw. */
  step(thread: number, choice: number): void {
    const state = this.threads[thread] as ThreadState;
    const observed: number[] = [];
    const mem = this.#mem;
    const context: ThreadContext = {
      begin: () => mem.begin(),
      observe: (value) => void observed.push(value),
    };
    mem.start(thread, state.log, this.#options.everyAccess, choice);
    state.observed = observed;
    try {
      (this.scenario.threads[thread] as Scenario['threads'][number])(mem, context);
      state.done = true;
    } catch (stop) {
      if (stop !== SUSPENDED) throw stop;
    }
    state.choices = mem.choicesAtStop;
  }

  kill(thread: number): void {
    (this.threads[thread] as ThreadState).killed = true;
  }

  outcome(): Outcome {
    return {
      observed: this.threads.map((thread) => thread.observed),
      killed: this.threads.map((thread) => thread.killed),
      mem: new FlatMem(this.#world.words.slice()),
    };
  }

  /** A name for the state: equal states go on equally, so each is explored once. */
  key(salt: number): number {
    let low = this.#world.memoryHashLow ^ salt;
    let high = this.#world.memoryHashHigh ^ salt;
    for (const thread of this.threads) {
      const status = (thread.done ? 1 : 0) | (thread.killed ? 2 : 0);
      low = Math.imul(low ^ thread.log.hashLow ^ status, 0x9e3779b1) ^ (low >>> 13);
      high = Math.imul(high ^ thread.log.hashHigh ^ status, 0x85ebca6b) ^ (high >>> 15);
    }
    // 53 bits: what a double holds exactly.
    return (high >>> 11) * 2 ** 32 + (low >>> 0);
  }

  /** Copies the state; `reuse` is overwritten, so that a search allocates once per depth. */
  save(reuse: SavedExecution | undefined): SavedExecution {
    const threads = this.threads.map((thread) => ({
      ...thread,
      length: thread.log.results.length,
      hashLow: thread.log.hashLow,
      hashHigh: thread.log.hashHigh,
      hasBegun: thread.log.hasBegun,
    }));
    if (reuse === undefined) return { world: this.#world.clone(), threads };
    reuse.world.assign(this.#world);
    return { world: reuse.world, threads };
  }

  restore(saved: SavedExecution): void {
    this.#world.assign(saved.world);
    saved.threads.forEach((from, index) => {
      const to = this.threads[index] as ThreadState;
      to.log.results.length = from.length;
      to.log.hashLow = from.hashLow;
      to.log.hashHigh = from.hashHigh;
      to.log.hasBegun = from.hasBegun;
      to.observed = from.observed;
      to.done = from.done;
      to.killed = from.killed;
      to.choices = from.choices;
    });
  }
}

export type SavedExecution = {
  readonly world: World;
  readonly threads: readonly (ThreadState & {
    readonly length: number;
    readonly hashLow: number;
    readonly hashHigh: number;
    readonly hasBegun: boolean;
  })[];
};

function newThread(): ThreadState {
  return { log: new ThreadLog(), observed: [], done: false, killed: false, choices: 1 };
}
