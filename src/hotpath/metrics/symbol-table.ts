/**
 * Texts as small numbers: every name and value that a registry keeps is stored once.
 * Used by series-registry.ts alone. It never forgets; what bounds it is the number of series.
 */
import { assert } from '../errors.ts';

/** Interned texts, numbered from 0 in order of arrival. */
export class SymbolTable {
  readonly #symbols = new Map<string, number>();
  readonly #texts: string[] = [];

  /** The number of a text, or undefined when it was never interned. */
  find(text: string): number | undefined {
    return this.#symbols.get(text);
  }

  /** The number of a text, given now if it has none. */
  intern(text: string): number {
    const found = this.#symbols.get(text);
    if (found !== undefined) return found;
    const symbol = this.#texts.length;
    this.#symbols.set(text, symbol);
    this.#texts.push(text);
    return symbol;
  }

  /** The text of a number that `intern` gave. */
  text(symbol: number): string {
    const text = this.#texts[symbol];
    assert(text !== undefined, `symbol ${symbol} of ${this.#texts.length} was never interned`);
    return text;
  }
}
