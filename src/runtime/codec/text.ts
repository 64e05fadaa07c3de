/**
 * Text in and out of the codec's scratch bytes, where most texts are short and ASCII: identifiers,
 * states, keys. Encoder, decoder and shapes call it. It writes UTF-8; a text that UTF-8 cannot
 * carry back unchanged is the caller's to spell otherwise.
 */

/** Texts up to this many characters are copied by a loop; longer ones by the engine. */
const LOOP_CHARACTERS_MAX = 48;
/** Texts up to this many characters are put together by the engine as one piece, not as a rope. */
const JOIN_CHARACTERS_MAX = 12;
/** Longer texts are measured before room is made for them: three bytes a unit would be much. */
const MEASURE_CHARACTERS_MIN = 4096;
/** Texts up to this many bytes are looked up before they are built anew. */
const INTERN_BYTES_MAX = 24;
/** Texts remembered. Higher: more hits; lower: less memory, 1,024 texts of 24 bytes are 50 KB. */
const INTERN_SLOTS = 1024;
const INTERN_MASK = INTERN_SLOTS - 1;
const BYTE_ORDER_MARK = 0xfeff;

// The library file of our language version does not know it yet; every supported engine has it.
type Judged = string & { isWellFormed(): boolean };

/** Whether UTF-8 carries the text back unchanged: no lone surrogate. */
export function isUtf8Safe(text: string): boolean {
  return (text as Judged).isWellFormed();
}

/** As isUtf8Safe, and no leading byte order mark: the packing library's decoder drops one. */
export function isPackSafe(text: string): boolean {
  return (text as Judged).isWellFormed() && text.charCodeAt(0) !== BYTE_ORDER_MARK;
}

/** Bytes that certainly hold the UTF-8 of a text. */
export function textRoom(text: string): number {
  return text.length < MEASURE_CHARACTERS_MIN ? text.length * 3 : Buffer.byteLength(text, 'utf8');
}

/**
 * Writes a text at `at` and returns the byte behind it.
 * The caller has made room: textRoom().
 */
export function writeText(target: Buffer, at: number, text: string): number {
  const length = text.length;
  if (length <= LOOP_CHARACTERS_MAX) {
    let index = 0;
    while (index < length) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) break;
      target[at + index] = unit;
      index += 1;
    }
    if (index === length) return at + length;
  }
  return at + target.write(text, at, 'utf8');
}

/** The text in `bytes[at, at + length)`. Bytes that are no UTF-8 become U+FFFD, never an error. */
export function readText(bytes: Uint8Array, at: number, length: number): string {
  if (length > INTERN_BYTES_MAX) return decodeLong(bytes, at, length);
  let hash = length;
  for (let index = 0; index < length; index += 1) {
    const unit = bytes[at + index] as number;
    if (unit > 0x7f) return decodeLong(bytes, at, length);
    hash = (hash * 31 + unit) | 0;
  }
  return intern(bytes, at, length, (hash ^ (hash >>> 10)) & INTERN_MASK);
}

/** A cache per thread: this module's state is a memory of texts, it decides nothing. */
const interned: string[] = new Array<string>(INTERN_SLOTS).fill('');

function intern(bytes: Uint8Array, at: number, length: number, slot: number): string {
  const known = interned[slot] as string;
  if (known.length === length && isSame(known, bytes, at)) return known;
  let text = length > JOIN_CHARACTERS_MAX ? decodeLong(bytes, at, length) : '';
  for (let index = text.length; index < length; index += 1) {
    text += String.fromCharCode(bytes[at + index] as number);
  }
  interned[slot] = text;
  return text;
}

function isSame(text: string, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[at + index]) return false;
  }
  return true;
}

function decodeLong(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('utf8');
}

/** The UTF-16 code units of a text as bytes: the spelling that is exact for every text. */
export function codeUnits(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf16le'));
}

/** The text of `codeUnits`. */
export function textOfCodeUnits(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf16le');
}
