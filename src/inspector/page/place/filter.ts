/**
 * The filter of actors: words with a meaning each, all of which have to hold. A parsed grammar, never code.
 *
 *   filter  := word*                      separated by blanks
 *   word    := text                       the path contains it, or matches it where it has a *
 *            | path:pattern               the whole path matches; * is any text
 *            | number(: | = | > | >= | < | <=)value    depth, wait (us, ms, s), age (s, m, h, d), …
 *            | sort:column | sort:-column             - : the highest first
 *            | -word                      not: of a text or path
 */

/** A column with numbers. */
export const NUMBERS = ['depth', 'wait', 'restarts', 'handled', 'rate', 'age', 'thread'] as const;
/** One of them. */
export type NumberName = (typeof NUMBERS)[number];
/** What rows can be ordered by. */
export type Order = { readonly by: NumberName | 'path'; readonly isDescending: boolean };
/** How a number is compared. */
export type Comparison = '=' | '>' | '>=' | '<' | '<=';

/** One condition. */
export type Term =
  | { readonly kind: 'path'; readonly pieces: readonly string[]; readonly isNot: boolean }
  | {
      readonly kind: 'number';
      readonly name: NumberName;
      readonly is: Comparison;
      readonly value: number;
    };

/** A filter that was read. `wrong`: why a word of it means nothing; it is left out then. */
export type Filter = {
  readonly terms: readonly Term[];
  readonly order: Order | null;
  readonly wrong: string | null;
};

/** Words beyond these are not looked at. */
const WORDS_MAX = 20;

/** Never throws: what means nothing is told in `wrong`. */
export function parseFilter(text: string): Filter {
  const terms: Term[] = [];
  let order: Order | null = null;
  let wrong: string | null = null;
  for (const word of text
    .split(/\s+/)
    .filter((one) => one !== '')
    .slice(0, WORDS_MAX)) {
    const read = readWord(word);
    if ('wrong' in read) wrong ??= read.wrong;
    else if ('by' in read) order = read;
    else terms.push(read);
  }
  return { terms, order, wrong };
}

/** The same filter with another order. */
export function withOrder(text: string, { by, isDescending }: Order): string {
  const rest = text.split(/\s+/).filter((word) => word !== '' && !word.startsWith('sort:'));
  return [...rest, `sort:${isDescending ? '-' : ''}${by}`].join(' ');
}

/** Whether a path is as a term wants it. */
export function pathMatches(
  path: string,
  { pieces, isNot }: Extract<Term, { kind: 'path' }>,
): boolean {
  return globMatches(path, pieces) !== isNot;
}

/** Whether a number is. What was not measured (NaN) never is. */
export function numberMatches(found: number, is: Comparison, value: number): boolean {
  if (is === '=') return found === value;
  if (is === '>') return found > value;
  if (is === '>=') return found >= value;
  return is === '<' ? found < value : found <= value;
}

function readWord(word: string): Term | Order | { readonly wrong: string } {
  const [, minus = '', name = '', is = '', value = ''] =
    /^(-?)(?:([a-z]+)(:|>=|<=|=|>|<))?(.*)$/.exec(word) ?? [];
  const isNot = minus === '-';
  if (name === '') return { kind: 'path', pieces: contained(value), isNot };
  if (name === 'path' && is === ':') return { kind: 'path', pieces: value.split('*'), isNot };
  if (name === 'sort' && is === ':') return readOrder(value);
  const number = NUMBERS.find((one) => one === name);
  if (number === undefined)
    return { wrong: `there is no ${name}; there is path, sort, ${NUMBERS.join(', ')}` };
  const amount = readAmount(number, value);
  if (Number.isNaN(amount)) return { wrong: `${word}: ${JSON.stringify(value)} is no number` };
  if (isNot) return { wrong: `${word}: only a path can be negated` };
  return { kind: 'number', name: number, is: is === ':' ? '=' : (is as Comparison), value: amount };
}

function readOrder(value: string): Order | { readonly wrong: string } {
  const isDescending = value.startsWith('-');
  const name = isDescending ? value.slice(1) : value;
  const by = name === 'path' ? name : NUMBERS.find((one) => one === name);
  return by === undefined
    ? { wrong: `sort:${value}: there is no column ${name}` }
    : { by, isDescending };
}

/** Units of columns that are times: waits in microseconds, ages in seconds. */
const UNITS: Partial<Record<NumberName, Readonly<Record<string, number>>>> = {
  wait: { '': 1, us: 1, µs: 1, ms: 1000, s: 1_000_000 },
  age: { '': 1, s: 1, m: 60, h: 3600, d: 86_400 },
};

/** NaN for what is none. */
function readAmount(name: NumberName, text: string): number {
  const units = UNITS[name];
  if (units === undefined) return text === '' ? Number.NaN : Number(text);
  const [, value = '', unit = ''] = /^([\d.]+)([a-zµ]*)$/.exec(text) ?? [];
  return value === '' || !Object.hasOwn(units, unit)
    ? Number.NaN
    : Number(value) * (units[unit] as number);
}

const contained = (text: string): readonly string[] => ['', ...text.split('*'), ''];

/** Pieces in their order; the first and the last at the ends. No backtracking: the first fit is the best. */
function globMatches(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length && text.endsWith(last);
}
