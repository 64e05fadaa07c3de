/**
 * Reads what an instance exposes: Prometheus text (0.0.4) and OpenMetrics text (1.0). Of all series only
 * those of the metrics that somebody asks for are looked at; the values of one metric are added up over
 * its labels. Works on the bytes as they came and makes no text of a line that nobody asks for. What is
 * malformed is counted and left out, line by line: one bad line costs no other; so is a further sample of a
 * series that there was already. Pure.
 */
import { COMMENT, KnownLines, UNWANTED, wordsOf } from './known-lines.ts';
import { SeenSeries } from './seen-series.ts';
import { lineEnd, NUMBER, simpleNumber, simpleNumberEnd, skipBlanks } from './simple-number.ts';

/** What was found of one metric. */
export type ExposedMetric = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  /** Over all of its label sets; not a number where any of them is none. */
  readonly sum: number;
  readonly series: number;
};

/** All that was asked for and was there. */
export type Exposition = {
  readonly metrics: readonly ExposedMetric[];
  /** Lines with a sample, and those that could not be read or had a series for the second time. */
  readonly samples: number;
  readonly malformed: number;
};

/** Of a line that says a type; in a longer one it is not looked for. */
const TYPE_BYTES_MAX = 1024;

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const HASH = 35;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
const COMMA = 44;
const LETTER_N = 110;

/** What a name is without a type: counters are called so by convention. */
const COUNTED = /_(total|count|sum|bucket)$/;
/** Of a name that is no identifier, in quotes. */
const TYPE_LINE = /^#\s*TYPE\s+(?:"((?:[^"\\]|\\.)*)"|(\S+))\s+(\w+)/;
/** Of a line without one. */
const NO_NAME = -9;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** Thread rule: none. Made once for what is asked for; of one instance, whose texts resemble each other. */
export class ExpositionReader {
  private readonly names: readonly string[];
  /** Numbers of names by the hash of their bytes; of two with one hash, both. */
  private readonly byHash: Map<
    number,
    readonly { readonly number: number; readonly bytes: Uint8Array }[]
  >;
  private readonly sums: Float64Array;
  private readonly counts: Uint32Array;
  private known: KnownLines = new KnownLines();
  private next: KnownLines = new KnownLines();
  private readonly seen: SeenSeries = new SeenSeries();

  constructor(names: readonly string[]) {
    this.names = names;
    this.sums = new Float64Array(names.length);
    this.counts = new Uint32Array(names.length);
    const byHash = new Map<number, { number: number; bytes: Uint8Array }[]>();
    for (const [number, name] of names.entries()) {
      const bytes = new TextEncoder().encode(name);
      const hash = hashOf(bytes, 0, bytes.length);
      byHash.set(hash, [...(byHash.get(hash) ?? []), { number, bytes }]);
    }
    this.byHash = byHash;
  }

  /** One answer of an instance. The next one is read faster where its lines are the same but for numbers. */
  read(body: Uint8Array): Exposition {
    const { known, next, seen } = this;
    this.sums.fill(0);
    this.counts.fill(0);
    next.begin(body);
    seen.begin(body);
    if (next.isOver) seen.keep(next);
    const words = wordsOf(body);
    const types = new Map<string, string>();
    let [samples, malformed, at, line] = [0, 0, 0, 0];
    while (at < body.length) {
      let isOther = true;
      const like = known.find(line, body, at, words);
      if (like >= 0) {
        line = like + 1;
        const what = known.what[like] as number;
        const valueAt = at + (known.ends[like] as number) - (known.starts[like] as number);
        if (what === COMMENT) {
          const type = known.types.get(like);
          if (type !== undefined) types.set(type[0], type[1]);
          next.add(at, valueAt, what, type);
          at = valueAt + 1;
          continue;
        }
        if (what === UNWANTED) {
          samples++;
          next.add(at, valueAt, what);
          const newline = body.indexOf(NEWLINE, valueAt);
          at = newline < 0 ? body.length : newline + 1;
          continue;
        }
        const end = simpleNumberEnd(body, valueAt);
        if (end >= 0) {
          samples++;
          if (seen.isNew(at, valueAt)) this.take(at, valueAt, what, simpleNumber.value);
          else malformed++;
          at = lineEnd(body, end) + 1;
          continue;
        }
        // Its number is not simple; or it has labels that it had not.
        isOther = body[valueAt] === OPEN;
      }
      const end = lineEnd(body, at);
      const from = skipBlanks(body, at, end);
      const last = body[end - 1] === RETURN ? end - 1 : end;
      if (from < last && body[from] === HASH) {
        const type = this.typeAt(body, from, last);
        if (type !== undefined) types.set(type[0], type[1]);
        next.add(at, end, COMMENT, type);
      } else if (from < last) {
        samples++;
        if (!this.readSample(body, at, [from, last], isOther)) malformed++;
      }
      at = end + 1;
    }
    // What was next is known now, and what was known is written over the next time.
    this.known = next;
    this.next = known;
    return { metrics: this.metrics(types), samples, malformed };
  }

  private metrics(types: ReadonlyMap<string, string>): readonly ExposedMetric[] {
    return this.names.flatMap((name, number) => {
      const series = this.counts[number] as number;
      const sum = this.sums[number] as number;
      return series === 0 ? [] : [{ name, kind: kindOf(name, types), sum, series }];
    });
  }

  /** The type that a comment says; the rest of comments is for people. */
  private typeAt(
    body: Uint8Array,
    from: number,
    end: number,
  ): readonly [name: string, type: string] | undefined {
    // Long before its end it is known whether it says a type.
    if (body[from + 2] !== 84 && body[from + 1] !== 84) return undefined;
    const text = textOf(body, from, Math.min(end, from + TYPE_BYTES_MAX), 'utf8');
    const [, quoted, plain = '', type] = TYPE_LINE.exec(text) ?? [];
    return type === undefined ? undefined : [quoted === undefined ? plain : unquoted(quoted), type];
  }

  /** `isOther`: than all of the last text. @returns false for one that cannot be read, or is one too many */
  private readSample(
    body: Uint8Array,
    start: number,
    [from, end]: readonly [number, number],
    isOther: boolean,
  ): boolean {
    let at = from;
    let hash = HASH_START;
    for (; at < end; at++) {
      const byte = body[at] as number;
      if (byte === OPEN || byte === SPACE || byte === TAB) break;
      hash = hashed(hash, byte);
    }
    if (at === end || (at === from && body[at] !== OPEN)) return false;
    const isQuoted = at === from;
    const number = isQuoted ? this.quotedNameAt(body, at, end) : this.nameAt(hash, body, from, at);
    if (number === NO_NAME) return false;
    if (number === UNWANTED) {
      // Nobody has asked whether the rest of it can be read.
      if (!isQuoted) this.next.add(start, at, UNWANTED);
      return true;
    }
    // Blanks may stand before labels, too.
    const open = skipBlanks(body, at, end);
    const labels = body[open] === OPEN ? labelsEnd(body, open, end) : at;
    if (labels < 0) return false;
    const value = numberAt(body, labels, end);
    if (value === null) return false;
    if (isOther) this.seen.keep(this.next);
    if (!this.seen.isNew(from, labels)) return false;
    this.take(start, skipBlanks(body, labels, end), number, value);
    return true;
  }

  /** A sample of the wanted name with this number. */
  private take(start: number, valueAt: number, number: number, value: number): void {
    this.sums[number] = (this.sums[number] as number) + value;
    this.counts[number] = (this.counts[number] as number) + 1;
    this.next.add(start, valueAt, number);
  }

  /** Number of a wanted name, or `UNWANTED`. */
  private nameAt(hash: number, body: Uint8Array, from: number, to: number): number {
    const found = this.byHash.get(hash);
    if (found === undefined) return UNWANTED;
    for (const { number, bytes } of found) {
      if (bytes.length === to - from && bytes.every((byte, i) => byte === body[from + i])) {
        return number;
      }
    }
    return UNWANTED;
  }

  /** A name that is no identifier stands in quotes, first among the labels: `{"a.b",c="d"} 1`. */
  private quotedNameAt(body: Uint8Array, at: number, end: number): number {
    const from = skipBlanks(body, at + 1, end);
    if (body[from] !== QUOTE) return NO_NAME;
    const bytes: number[] = [];
    for (let i = from + 1; i < end; i++) {
      const byte = body[i] as number;
      if (byte === QUOTE) {
        const after = body[skipBlanks(body, i + 1, end)];
        if (after !== COMMA && after !== CLOSE) return NO_NAME;
        const name = Uint8Array.from(bytes);
        return this.nameAt(hashOf(name, 0, name.length), name, 0, name.length);
      }
      if (byte !== BACKSLASH) bytes.push(byte);
      else bytes.push(body[++i] === LETTER_N ? NEWLINE : (body[i] as number));
    }
    return NO_NAME;
  }
}

const HASH_START = 0x811c9dc5;

/** FNV-1a: a name is short, and a collision is told apart by its bytes. */
function hashed(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = HASH_START;
  for (let i = from; i < to; i++) hash = hashed(hash, bytes[i] as number);
  return hash;
}

/** Behind the brace that closes the labels; -1: there is none. A brace in a value does not count. */
function labelsEnd(body: Uint8Array, from: number, end: number): number {
  let isQuoted = false;
  for (let at = from + 1; at < end; at++) {
    const byte = body[at];
    if (isQuoted && byte === BACKSLASH) at++;
    else if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === CLOSE && !isQuoted) return at + 1;
  }
  return -1;
}

/** The number; what follows (a time, an exemplar) is left. Null: there is none. */
function numberAt(body: Uint8Array, from: number, end: number): number | null {
  const at = skipBlanks(body, from, end);
  let to = at;
  while (to < end && body[to] !== SPACE && body[to] !== TAB) to++;
  const text = textOf(body, at, to);
  if (NUMBER.test(text)) return Number(text);
  return SPECIAL[text.toLowerCase()] ?? null;
}

function textOf(
  body: Uint8Array,
  from: number,
  to: number,
  encoding: 'latin1' | 'utf8' = 'latin1',
): string {
  return Buffer.from(body.buffer, body.byteOffset + from, to - from).toString(encoding);
}

/** What stands between quotes, as it is meant. */
function unquoted(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function kindOf(name: string, types: ReadonlyMap<string, string>): 'counter' | 'gauge' {
  // OpenMetrics types the family, whose counter has a suffix.
  const type = types.get(name) ?? types.get(name.replace(COUNTED, ''));
  if (type === 'gauge') return 'gauge';
  if (type === 'counter') return 'counter';
  return COUNTED.test(name) ? 'counter' : 'gauge';
}
