/**
 * The state of an execution: memory, who knows what of whom (vector clocks), and each thread's log
 * of results. It performs single accesses, detects data races, and can be saved and restored.
 * Happens-before is that of the ECMAScript memory model: an atomic load synchronises with the
 * atomic store whose value it reads.
 */

/** A plain access that no happens-before orders against another thread's. */
export class RaceError extends Error {
  override readonly name = 'RaceError';
}

export type AccessKind = 'get' | 'set' | 'load' | 'store' | 'cas';

/** One value a word once had, for executions with stale loads. */
type Write = { readonly value: number; readonly thread: number; readonly clock: number };

/** Ways an access can be recorded per word and thread; the order of sections in `#seen`. */
const PLAIN_READ = 0;
const PLAIN_WRITE = 1;
const ATOMIC_READ = 2;
const ATOMIC_WRITE = 3;
const WAYS = 4;

export class World {
  readonly words: Int32Array;
  readonly threads: number;
  /** Vector clocks, one row per thread. */
  readonly #clocks: Int32Array;
  /** Clock rows that the last atomic store to a word released. */
  readonly #released: Int32Array;
  /** Clock of each thread's last access to each word, by way. */
  readonly #seen: Int32Array;
  /** Who wrote each word last: thread and clock in one number. */
  readonly #writer: Int32Array;
  readonly #reportRaces: boolean;
  /** Running hash of memory and of who wrote it: two halves, so that accidents are rare. */
  memoryHashLow = 0;
  memoryHashHigh = 0;
  /** Writes per word, oldest first; null when loads are never stale. */
  #history: (readonly Write[])[] | null;

  constructor(words: Int32Array, threads: number, reportRaces: boolean, staleLoads: boolean) {
    this.words = words;
    this.threads = threads;
    this.#clocks = new Int32Array(threads * threads);
    for (let thread = 0; thread < threads; thread++) this.#clocks[thread * threads + thread] = 1;
    this.#released = new Int32Array(words.length * threads);
    this.#seen = new Int32Array(words.length * threads * WAYS);
    this.#writer = new Int32Array(words.length);
    this.#reportRaces = reportRaces;
    this.#history = staleLoads ? Array.from(words, (value) => [initialWrite(value)]) : null;
  }

  /** Copies another world's state into this one; both must have the same shape. */
  assign(other: World): void {
    this.words.set(other.words);
    this.#clocks.set(other.#clocks);
    this.#released.set(other.#released);
    this.#seen.set(other.#seen);
    this.#writer.set(other.#writer);
    this.memoryHashLow = other.memoryHashLow;
    this.memoryHashHigh = other.memoryHashHigh;
    this.#history = other.#history === null ? null : other.#history.slice();
  }

  clone(): World {
    const copy = new World(this.words.slice(), this.threads, this.#reportRaces, false);
    copy.assign(this);
    return copy;
  }

  /** Values that a plain load may return, newest first. */
  candidates(thread: number, word: number): number[] {
    const writes = this.#history?.[word];
    if (writes === undefined) return [this.words[word] as number];
    const values: number[] = [];
    for (let index = writes.length - 1; index >= 0; index--) {
      const write = writes[index] as Write;
      if (!values.includes(write.value)) values.push(write.value);
      // Older writes are hidden behind one that happens before this load.
      if (write.clock <= this.#clock(thread, write.thread)) break;
    }
    return values;
  }

  get(thread: number, word: number, value: number): number {
    this.#checkBounds(word);
    this.#checkRace(thread, word, PLAIN_WRITE, 'read', 'written');
    this.#checkRace(thread, word, ATOMIC_WRITE, 'read', 'written');
    this.#note(thread, word, PLAIN_READ);
    return value;
  }

  set(thread: number, word: number, value: number): void {
    this.#checkBounds(word);
    this.#checkRace(thread, word, PLAIN_WRITE, 'written', 'written');
    this.#checkRace(thread, word, ATOMIC_WRITE, 'written', 'written');
    this.#checkRace(thread, word, PLAIN_READ, 'written', 'read');
    this.#checkRace(thread, word, ATOMIC_READ, 'written', 'read');
    this.#write(thread, word, value, PLAIN_WRITE);
  }

  load(thread: number, word: number): number {
    this.#checkBounds(word);
    this.#checkRace(thread, word, PLAIN_WRITE, 'loaded', 'written');
    const threads = this.threads;
    for (let other = 0; other < threads; other++) {
      const released = this.#released[word * threads + other] as number;
      if (released > this.#clock(thread, other)) this.#clocks[thread * threads + other] = released;
    }
    this.#note(thread, word, ATOMIC_READ);
    return this.words[word] as number;
  }

  store(thread: number, word: number, value: number): void {
    this.#checkBounds(word);
    this.#checkRace(thread, word, PLAIN_WRITE, 'stored', 'written');
    this.#checkRace(thread, word, PLAIN_READ, 'stored', 'read');
    const threads = this.threads;
    this.#write(thread, word, value, ATOMIC_WRITE);
    for (let other = 0; other < threads; other++) {
      this.#released[word * threads + other] = this.#clock(thread, other);
    }
    // What the thread does next is not released by this store.
    this.#clocks[thread * threads + thread] = this.#clock(thread, thread) + 1;
  }

  cas(thread: number, word: number, expected: number, replacement: number): number {
    const found = this.load(thread, word);
    if (found === expected) this.store(thread, word, replacement);
    return found;
  }

  /** Names the write that a word's present value comes from; equal for equal histories. */
  writerOf(word: number): number {
    return this.#writer[word] as number;
  }

  #checkBounds(word: number): void {
    if (word >= 0 && word < this.words.length && Number.isInteger(word)) return;
    throw new Error(`word ${word} of ${this.words.length} is outside the memory`);
  }

  #clock(thread: number, other: number): number {
    return this.#clocks[thread * this.threads + other] as number;
  }

  #note(thread: number, word: number, way: number): void {
    this.#seen[(word * this.threads + thread) * WAYS + way] = this.#clock(thread, thread);
  }

  #write(thread: number, word: number, value: number, way: number): void {
    this.#toggleHash(word);
    this.words[word] = value;
    this.#writer[word] = (this.#clock(thread, thread) << 3) | thread;
    this.#toggleHash(word);
    this.#note(thread, word, way);
    if (this.#history === null) return;
    const write = { value, thread, clock: this.#clock(thread, thread) };
    this.#history[word] = [...(this.#history[word] as Write[]), write];
  }

  /** Takes a word into the hash or out of it: exclusive-or undoes itself. */
  #toggleHash(word: number): void {
    const value = (this.words[word] as number) ^ Math.imul(this.writerOf(word), 0x27d4eb2f);
    const low = Math.imul(value ^ Math.imul(word + 1, 0x9e3779b1), 0x85ebca6b);
    const high = Math.imul(value ^ Math.imul(word + 1, 0xc2b2ae35), 0x165667b1);
    this.memoryHashLow ^= Math.imul(low ^ (low >>> 15), 0x2c1b3c6d);
    this.memoryHashHigh ^= Math.imul(high ^ (high >>> 13), 0x297a2d39);
  }

  #checkRace(thread: number, word: number, way: number, did: string, had: string): void {
    if (!this.#reportRaces) return;
    for (let other = 0; other < this.threads; other++) {
      if (other === thread) continue;
      const clock = this.#seen[(word * this.threads + other) * WAYS + way] as number;
      if (clock > this.#clock(thread, other)) {
        const access = `word ${word} ${did} by thread ${thread} while ${had} by thread ${other}`;
        throw new RaceError(`data race: ${access}, unordered`);
      }
    }
  }
}

function initialWrite(value: number): Write {
  return { value, thread: 0, clock: 0 };
}
