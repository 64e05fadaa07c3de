/**
 * The lines of an instance's last exposition, by what stands before their numbers: the next one has the same
 * lines in the same order nearly always, and a line that is known costs a comparison of bytes. Used by
 * exposition.ts; a line that it does not find is read in full. Pure.
 */

/** What a line is besides the number of a wanted name. */
export const COMMENT = -1;
export const UNWANTED = -2;

/** Bytes of an exposition that is remembered; a larger one is read in full each time. */
const REMEMBERED_BYTES_MAX = 4 * 2 ** 20;
/** Lines ahead that are looked at when one is not as it was: so many may have gone at once. */
const AHEAD = 4;
const LINES_MIN = 256;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;

const OPEN = 123;

const NOTHING = new Uint8Array(0);

/** The same bytes, to be compared by four. */
export function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** One exposition. Written while it is read, and looked at while the next one is. */
export class KnownLines {
  private body: Uint8Array = NOTHING;
  private words: DataView = wordsOf(NOTHING);
  private count = 0;
  /** It is too large to be remembered: no line of it is added. */
  isOver = false;
  /** Where each line starts; and where its number does, a comment ends, or an unwanted name. */
  starts: Uint32Array = new Uint32Array(LINES_MIN);
  ends: Uint32Array = new Uint32Array(LINES_MIN);
  what: Int32Array = new Int32Array(LINES_MIN);
  /** What comments say of types, by line. */
  readonly types: Map<number, readonly [name: string, type: string]> = new Map();

  /** Forgets; from now on lines of `body` are added. It keeps the body. */
  begin(body: Uint8Array): void {
    this.isOver = body.length > REMEMBERED_BYTES_MAX;
    this.body = this.isOver ? NOTHING : body;
    this.words = wordsOf(this.body);
    this.count = 0;
    this.types.clear();
  }

  /** Lines that were added. */
  get size(): number {
    return this.count;
  }

  add(
    start: number,
    end: number,
    what: number,
    type?: readonly [name: string, type: string],
  ): void {
    if (this.isOver) return;
    const line = this.count;
    if (line === this.starts.length) this.grow();
    this.starts[line] = start;
    this.ends[line] = end;
    this.what[line] = what;
    if (type !== undefined) this.types.set(line, type);
    this.count = line + 1;
  }

  /** The line from `first` on that `body` has at `at`, but for its number; -1: none of the next few. */
  find(first: number, body: Uint8Array, at: number, words: DataView): number {
    const end = Math.min(this.count, first + AHEAD);
    for (let line = first; line < end; line++) if (this.isAt(line, body, at, words)) return line;
    return -1;
  }

  /** Four bytes at a time; of what is equal so far it is seen at last that the line goes on as it should. */
  private isAt(line: number, body: Uint8Array, at: number, words: DataView): boolean {
    const { body: before, words: wordsBefore } = this;
    const end = this.ends[line] as number;
    let from = this.starts[line] as number;
    let to = at;
    if (to + end - from > body.length) return false;
    for (; from + 4 <= end; from += 4, to += 4) {
      if (wordsBefore.getUint32(from) !== words.getUint32(to)) return false;
    }
    for (; from < end; from++, to++) if (before[from] !== body[to]) return false;
    const next = body[to];
    const what = this.what[line];
    if (what === COMMENT) return next === NEWLINE || next === undefined;
    const isBlank = next === SPACE || next === TAB;
    // Of a name nobody asks for it is known where it ends; of any other line, where its number starts.
    if (what === UNWANTED) return isBlank || next === OPEN;
    return !isBlank && next !== undefined && next !== NEWLINE && next !== RETURN;
  }

  private grow(): void {
    const size = 2 * this.starts.length;
    const [starts, ends, what] = [
      new Uint32Array(size),
      new Uint32Array(size),
      new Int32Array(size),
    ];
    starts.set(this.starts);
    ends.set(this.ends);
    what.set(this.what);
    this.starts = starts;
    this.ends = ends;
    this.what = what;
  }
}
