/** A part of another `Mem`, so that one explored memory can hold several structures. */
import type { Mem } from '../../src/hotpath/mem.ts';

export class SpanMem implements Mem {
  readonly byteLength: number;
  readonly #mem: Mem;
  readonly #firstWord: number;

  constructor(mem: Mem, firstWord: number, words: number) {
    this.#mem = mem;
    this.#firstWord = firstWord;
    this.byteLength = words * 4;
  }

  get(word: number): number {
    return this.#mem.get(this.#firstWord + word);
  }

  set(word: number, value: number): void {
    this.#mem.set(this.#firstWord + word, value);
  }

  load(word: number): number {
    return this.#mem.load(this.#firstWord + word);
  }

  store(word: number, value: number): void {
    this.#mem.store(this.#firstWord + word, value);
  }

  compareExchange(word: number, expected: number, replacement: number): number {
    return this.#mem.compareExchange(this.#firstWord + word, expected, replacement);
  }

  copyIn(at: number, source: Uint8Array): void {
    this.#mem.copyIn(this.#firstWord * 4 + at, source);
  }

  copyOut(at: number, target: Uint8Array): void {
    this.#mem.copyOut(this.#firstWord * 4 + at, target);
  }
}
