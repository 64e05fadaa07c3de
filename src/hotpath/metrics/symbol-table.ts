/**
 * Texts as small numbers: every name and value that a registry keeps is stored once.
 * Used by series-registry.ts alone. It never forgets; what bounds it is the number of series.
 * It keeps a copy of each text: a name cut out of a sender's payload is a view of the whole payload
 * in most engines, and would keep all of it alive.
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
    const kept = copyText(text);
    this.#symbols.set(kept, symbol);
    this.#texts.push(kept);
    return symbol;
  }

  /** The text of a number that `intern` gave. */
  text(symbol: number): string {
    const text = this.#texts[symbol];
    assert(text !== undefined, `symbol ${symbol} of ${this.#texts.length} was never interned`);
    return text;
  }
}

/** The same text in memory of its own. Its caller bounds it: every unit becomes an argument. */
function copyText(text: string): string {
  const units = new Uint16Array(text.length);
  for (let i = 0; i < units.length; i += 1) units[i] = text.charCodeAt(i);
  // One call: pieces put together would be views again, of each other.
  return String.fromCharCode(...units);
}
