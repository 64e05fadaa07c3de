/** A `Mem` over ordinary memory: for formatting before threads exist and looking after they ended. */
import type { Mem } from '../../src/hotpath/mem.ts';

export class FlatMem implements Mem {
  readonly byteLength: number;
  readonly words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(words: Int32Array) {
    this.words = words;
    this.byteLength = words.byteLength;
    this.#bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  }

  get(word: number): number {
    return this.words[word] as number;
  }

  set(word: number, value: number): void {
    this.words[word] = value;
  }

  load(word: number): number {
    return this.words[word] as number;
  }

  store(word: number, value: number): void {
    this.words[word] = value;
  }

  compareExchange(word: number, expected: number, replacement: number): number {
    const found = this.words[word] as number;
    if (found === expected) this.words[word] = replacement;
    return found;
  }

  copyIn(at: number, source: Uint8Array): void {
    this.#bytes.set(source, at);
  }

  copyOut(at: number, target: Uint8Array): void {
    target.set(this.#bytes.subarray(at, at + target.length));
  }
}
