/**
 * Reads what an instance exposes: Prometheus text (0.0.4) and OpenMetrics text (1.0). Of all series only
 * those of the metrics that somebody asks for are looked at; the values of one metric are added up over
 * its labels. Works on the bytes as they came and makes no text of a line that nobody asks for. What is
 * malformed is counted and left out, line by line: one bad line costs no other. Pure.
 */

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
  /** Lines with a sample, and those that could not be read. */
  readonly samples: number;
  readonly malformed: number;
};

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const QUOTE = 34;
const HASH = 35;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;

/** What a name is without a type: counters are called so by convention. */
const COUNTED = /_(total|count|sum|bucket)$/;
const TYPE_LINE = /^#\s*TYPE\s+(\S+)\s+(\w+)/;
/** As Prometheus writes a number; hexadecimal and underscores are not among them. */
const NUMBER = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)$/;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

type Tally = { sum: number; series: number };

/** Thread rule: none. Made once for what is asked for, used for any number of texts. */
export class ExpositionReader {
  private readonly names: readonly string[];
  /** Names by the hash of their bytes; of two with one hash, both. */
  private readonly byHash: Map<
    number,
    readonly { readonly name: string; readonly bytes: Uint8Array }[]
  >;

  constructor(names: readonly string[]) {
    this.names = names;
    const byHash = new Map<number, { name: string; bytes: Uint8Array }[]>();
    for (const name of names) {
      const bytes = new TextEncoder().encode(name);
      const hash = hashOf(bytes, 0, bytes.length);
      byHash.set(hash, [...(byHash.get(hash) ?? []), { name, bytes }]);
    }
    this.byHash = byHash;
  }

  /** One answer of an instance. */
  read(body: Uint8Array): Exposition {
    const tallies = new Map<string, Tally>();
    const types = new Map<string, string>();
    let [samples, malformed, at] = [0, 0, 0];
    while (at < body.length) {
      let end = body.indexOf(NEWLINE, at);
      if (end < 0) end = body.length;
      const from = skipBlanks(body, at, end);
      at = end + 1;
      const last = body[end - 1] === RETURN ? end - 1 : end;
      if (from >= last) continue;
      if (body[from] === HASH) {
        this.readComment(body, from, last, types);
        continue;
      }
      samples++;
      if (!this.readSample(body, from, last, tallies)) malformed++;
    }
    const metrics = this.names.flatMap((name) => {
      const tally = tallies.get(name);
      return tally === undefined ? [] : [{ name, kind: kindOf(name, types), ...tally }];
    });
    return { metrics, samples, malformed };
  }

  /** Types of what is asked for; the rest of a comment is for people. */
  private readComment(
    body: Uint8Array,
    from: number,
    end: number,
    types: Map<string, string>,
  ): void {
    // Long before its end it is known whether it says a type.
    if (body[from + 2] !== 84 && body[from + 1] !== 84) return;
    const match = TYPE_LINE.exec(textOf(body, from, Math.min(end, from + 1024)));
    if (match !== null) types.set(match[1] ?? '', match[2] ?? '');
  }

  /** @returns false for a line that cannot be read */
  private readSample(
    body: Uint8Array,
    from: number,
    end: number,
    tallies: Map<string, Tally>,
  ): boolean {
    let at = from;
    let hash = HASH_START;
    for (; at < end; at++) {
      const byte = body[at] as number;
      if (byte === OPEN || byte === SPACE || byte === TAB) break;
      hash = hashed(hash, byte);
    }
    if (at === from || at === end) return false;
    const name = this.nameAt(hash, body, from, at);
    if (name === null) return true;
    const valueAt = body[at] === OPEN ? labelsEnd(body, at, end) : at;
    if (valueAt < 0) return false;
    const value = numberAt(body, valueAt, end);
    if (value === null) return false;
    const tally = tallies.get(name);
    if (tally === undefined) tallies.set(name, { sum: value, series: 1 });
    else {
      tally.sum += value;
      tally.series++;
    }
    return true;
  }

  private nameAt(hash: number, body: Uint8Array, from: number, to: number): string | null {
    const found = this.byHash.get(hash);
    if (found === undefined) return null;
    for (const { name, bytes } of found) {
      if (bytes.length === to - from && bytes.every((byte, i) => byte === body[from + i])) {
        return name;
      }
    }
    return null;
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

function skipBlanks(body: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (body[at] === SPACE || body[at] === TAB)) at++;
  return at;
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

function textOf(body: Uint8Array, from: number, to: number): string {
  return Buffer.from(body.buffer, body.byteOffset + from, to - from).toString('latin1');
}

function kindOf(name: string, types: ReadonlyMap<string, string>): 'counter' | 'gauge' {
  // OpenMetrics types the family, whose counter has a suffix.
  const type = types.get(name) ?? types.get(name.replace(COUNTED, ''));
  if (type === 'gauge') return 'gauge';
  if (type === 'counter') return 'counter';
  return COUNTED.test(name) ? 'counter' : 'gauge';
}
