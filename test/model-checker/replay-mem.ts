/**
 * The `Mem` that a thread under the model checker sees: it replays the results of the accesses
 * that this thread made in earlier executions, performs new ones on the world, and stops the code
 * at the access where the scheduler wants to choose again. One object serves all threads.
 */
import type { Mem } from '../../src/hotpath/mem.ts';
import type { AccessKind, World } from './world.ts';

/** Thrown to stop code in the middle; code that catches and goes on is stopped again. */
export const SUSPENDED: unique symbol = Symbol('suspended');

/** A thread's past: the results of its accesses and a running hash of them. */
export class ThreadLog {
  readonly results: number[] = [];
  /** Whether the code before `begin()` has run. */
  hasBegun = false;
  hashLow = 0x2545f491;
  hashHigh = 0x5f356495;

  push(result: number, writer: number): void {
    this.results.push(result);
    const entry = result ^ Math.imul(writer, 0x27d4eb2f);
    this.hashLow = Math.imul(this.hashLow ^ entry, 0x9e3779b1) ^ (this.hashLow >>> 15);
    this.hashHigh = Math.imul(this.hashHigh ^ entry, 0x85ebca6b) ^ (this.hashHigh >>> 13);
  }
}

/** Accesses of one thread in one execution; a bug that makes code spin is found, not waited for. */
const ACCESSES_MAX = 10_000;

/** Called for every new access, for a trace. */
export type AccessListener = (
  thread: number,
  kind: AccessKind,
  word: number,
  result: number,
) => void;

export class ReplayMem implements Mem {
  readonly byteLength: number;
  readonly #world: World;
  #thread = 0;
  #log: ThreadLog = new ThreadLog();
  #cursor = 0;
  /** True while new accesses are performed without asking the scheduler. */
  #free = false;
  /** New accesses that may still be performed in this execution. */
  #budget = 0;
  #everyAccess = false;
  /** Which candidate the next plain load returns; the scheduler's second choice. */
  #choice = 0;
  #stopped = false;
  /** Candidates of the plain load at which the code was stopped; 1 for any other access. */
  choicesAtStop = 1;
  listener: AccessListener | null = null;

  constructor(world: World) {
    this.#world = world;
    this.byteLength = world.words.length * 4;
  }

  /** Prepares one execution of `thread`'s code that performs one new step. */
  start(thread: number, log: ThreadLog, everyAccess: boolean, choice: number): void {
    this.#thread = thread;
    this.#log = log;
    this.#cursor = 0;
    this.#budget = 1;
    this.#everyAccess = everyAccess;
    this.#choice = choice;
    this.#stopped = false;
    this.#free = true;
    this.choicesAtStop = 1;
  }

  /** From here on accesses are steps; what came before was the thread's first one, as a whole. */
  begin(): void {
    this.#free = false;
    if (this.#log.hasBegun) return;
    this.#log.hasBegun = true;
    this.#budget = 0;
  }

  get(word: number): number {
    if (this.#cursor < this.#log.results.length) return this.#replayed();
    const candidates = this.#world.candidates(this.#thread, word);
    this.#admit(false, candidates.length);
    const value = candidates[this.#choice] ?? (candidates[0] as number);
    this.#choice = 0;
    return this.#record('get', word, this.#world.get(this.#thread, word, value));
  }

  set(word: number, value: number): void {
    if (this.#cursor < this.#log.results.length) return void this.#replayed();
    this.#admit(false, 1);
    this.#world.set(this.#thread, word, value | 0);
    this.#record('set', word, value | 0);
  }

  load(word: number): number {
    if (this.#cursor < this.#log.results.length) return this.#replayed();
    this.#admit(true, 1);
    return this.#record('load', word, this.#world.load(this.#thread, word));
  }

  store(word: number, value: number): void {
    if (this.#cursor < this.#log.results.length) return void this.#replayed();
    this.#admit(true, 1);
    this.#world.store(this.#thread, word, value | 0);
    this.#record('store', word, value | 0);
  }

  compareExchange(word: number, expected: number, replacement: number): number {
    if (this.#cursor < this.#log.results.length) return this.#replayed();
    this.#admit(true, 1);
    const found = this.#world.cas(this.#thread, word, expected, replacement);
    return this.#record('cas', word, found);
  }

  copyIn(at: number, source: Uint8Array): void {
    for (let from = 0; from < source.length; from += 4) {
      const word = (at + from) >> 2;
      const last = Math.min(4, source.length - from);
      let value = last < 4 ? this.get(word) : 0;
      for (let byte = 0; byte < last; byte++) {
        const shift = byte * 8;
        value = (value & ~(0xff << shift)) | ((source[from + byte] as number) << shift);
      }
      this.set(word, value);
    }
  }

  copyOut(at: number, target: Uint8Array): void {
    for (let from = 0; from < target.length; from++) {
      target[from] = this.get((at + from) >> 2) >>> (((at + from) & 3) * 8);
    }
  }

  #replayed(): number {
    return this.#log.results[this.#cursor++] as number;
  }

  /** Lets a new access through, or stops the code in front of it. */
  #admit(atomic: boolean, choices: number): void {
    if (this.#stopped) throw SUSPENDED;
    if (this.#free) return;
    // A step is one access and, unless every access is one, the plain accesses that follow it.
    const isStep = atomic || this.#everyAccess || choices > 1;
    if (!isStep) return;
    if (this.#budget === 0) {
      this.#stopped = true;
      this.choicesAtStop = choices;
      throw SUSPENDED;
    }
    this.#budget--;
  }

  #record(kind: AccessKind, word: number, result: number): number {
    this.#log.push(result, this.#world.writerOf(word));
    this.#cursor++;
    if (this.#cursor > ACCESSES_MAX) throw new Error(`thread ${this.#thread} spins`);
    this.listener?.(this.#thread, kind, word, result);
    return result;
  }
}
