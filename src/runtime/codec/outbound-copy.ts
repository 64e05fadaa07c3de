/**
 * The sender's walk over a payload: a private copy of it in plain values that pack exactly, with
 * marks (marks.ts) for everything else, or an error that names the path to what cannot travel.
 * PayloadEncoder and cloneForLocal own one each. Getters, proxies and iterators of the user's run
 * here, once, and never while bytes are written.
 *
 * Part of the payload: own enumerable properties with string keys, and an array's items. Not part
 * of it: symbol keys, non-enumerable properties, properties of arrays, Maps, Dates besides their
 * content. Prototypes: null ones arrive as plain objects, Buffers as Uint8Array.
 */
import { RingmasterError } from '../../hotpath/index.ts';
import { errorRecord } from './error-record.ts';
import {
  DEPTH_MAX,
  MARK_ARRAY,
  MARK_BACK,
  MARK_BUFFER,
  MARK_DATE,
  MARK_ENTRIES,
  MARK_ERROR,
  MARK_MAP,
  MARK_NEGATIVE_ZERO,
  MARK_REF,
  MARK_REGEXP,
  MARK_SET,
  MARK_TEXT,
  MARK_VIEW,
  type RefCodec,
} from './marks.ts';
import { STRUCTURE_KEYS_MAX } from './packed.ts';
import { codeUnits, isPackSafe } from './text.ts';
import { cureFor, describe, type PathStep, spellPath, unsupported } from './travel-fault.ts';
import { isDate, isOwnKind, viewName } from './value-kinds.ts';

/** Containers looked up one by one; beyond it a Map takes over. */
const SCAN_MAX = 8;
/** How many errors down a chain of causes an error in a payload carries. */
const ERROR_DEPTH_MAX = 8;
// Own copies for what runs per value: see docs/adr/0003.
const DEEPEST = DEPTH_MAX;
const SCANNED = SCAN_MAX;
const WIDE = STRUCTURE_KEYS_MAX;
const PLAIN = Object.prototype;
const LIST = Array.prototype;

/**
 * Copies one payload at a time. A getter that sends a message needs another instance: see `busy`.
 */
export class OutboundCopy {
  /** Whether the last copy holds marks. */
  marked: boolean;
  /** Whether it holds an object with more than STRUCTURE_KEYS_MAX keys. */
  hasWide: boolean;
  /** Whether a copy is being made. */
  busy: boolean;
  private readonly refs: RefCodec;
  /** Bytes of buffers are copied at once, for a copy that lives on; packing copies them anyway. */
  private readonly copyBytes: boolean;
  private depth: number;
  private readonly containers: (object | null)[];
  private readonly keys: (string | number)[];
  /** Containers met, in order; the first `seenCount` of SCAN_MAX + 1 places. */
  private readonly seen: (object | null)[];
  private seenCount: number;
  private seenMap: Map<object, number> | null;

  constructor(refs: RefCodec, copyBytes: boolean) {
    this.marked = false;
    this.hasWide = false;
    this.busy = false;
    this.refs = refs;
    this.copyBytes = copyBytes;
    this.depth = 0;
    this.containers = [];
    this.keys = [];
    this.seen = new Array<object | null>(SCAN_MAX + 1).fill(null);
    this.seenCount = 0;
    this.seenMap = null;
  }

  /**
   * The payload as a tree of plain values and marks, sharing no object with it.
   * @throws RM_PAYLOAD_UNSUPPORTED with the path to the first value that cannot travel.
   */
  copy(payload: unknown): unknown {
    this.marked = false;
    this.hasWide = false;
    this.busy = true;
    this.depth = 0;
    try {
      return this.copyValue(payload, '');
    } catch (error) {
      const explained = this.explain(error);
      this.containers.fill(null);
      throw explained;
    } finally {
      this.busy = false;
      this.forget();
    }
  }

  /**
   * Lets go of the user's objects; the arrays stay, growing them anew costs more than small copies.
   */
  private forget(): void {
    for (let index = 0; index < this.seenCount; index += 1) this.seen[index] = null;
    this.seenCount = 0;
    this.seenMap = null;
  }

  private copyValue(value: unknown, key: string | number): unknown {
    switch (typeof value) {
      case 'number':
        return value === 0 && 1 / value < 0 ? this.mark(MARK_NEGATIVE_ZERO) : value;
      case 'string':
        return isPackSafe(value) ? value : this.markText(value);
      case 'object':
        return value === null ? null : this.copyContainer(value, key);
      case 'function':
      case 'symbol':
        throw this.refuse(value, key);
      default:
        return value;
    }
  }

  private copyContainer(value: object, key: string | number): unknown {
    const number = this.numberOf(value);
    if (number >= 0) return this.mark(MARK_BACK, number);
    const depth = this.depth + 1;
    if (depth > DEEPEST) throw this.tooDeep();
    this.depth = depth;
    this.keys[depth] = key;
    this.containers[depth] = value;
    const prototype: unknown = Object.getPrototypeOf(value);
    const copy =
      prototype === PLAIN || prototype === null
        ? this.copyObject(value)
        : prototype === LIST && Array.isArray(value)
          ? this.copyArray(value)
          : this.copyOther(value);
    this.containers[depth] = null;
    this.depth = depth - 1;
    return copy;
  }

  private copyObject(source: object): unknown {
    // The engine copies a plain object in one go, and every getter and trap runs here, once.
    const copy = { ...source } as Record<string, unknown>;
    let isOdd = false;
    let width = 0;
    for (const key in copy) {
      width += 1;
      const value = copy[key];
      if (typeof value !== 'number' || value === 0) {
        const travelling = this.copyValue(value, key);
        if (travelling !== value) copy[key] = travelling;
      }
      if (key === '__proto__' || key === '__keys__' || !isPackSafe(key)) isOdd = true;
    }
    if (width > WIDE) this.hasWide = true;
    return isOdd ? this.markEntries(copy) : copy;
  }

  private copyArray(source: readonly unknown[]): unknown {
    const copy: unknown[] = LIST.slice.call(source);
    for (let index = 0; index < copy.length; index += 1) {
      const value = copy[index];
      if (typeof value === 'number' && value !== 0) continue;
      if (value === undefined && !(index in copy)) throw this.hole(index);
      const travelling = this.copyValue(value, index);
      if (travelling !== value) copy[index] = travelling;
    }
    if (copy.length === 0 || copy[0] !== undefined) return copy;
    this.marked = true;
    return [undefined, MARK_ARRAY, ...copy];
  }

  private copyOther(value: object): unknown {
    if (this.refs.isRef(value)) return this.mark(MARK_REF, ...this.refs.write(value));
    if (value instanceof Error) return this.copyError(value);
    if (ArrayBuffer.isView(value)) return this.copyView(value);
    if (value instanceof ArrayBuffer && isOwnKind(value, 'ArrayBuffer')) {
      return this.mark(MARK_BUFFER, this.bytesOf(value, 0, value.byteLength));
    }
    if (value instanceof Map && isOwnKind(value, 'Map')) return this.copyMap(value);
    if (value instanceof Set && isOwnKind(value, 'Set')) return this.copySet(value);
    if (isDate(value)) return this.mark(MARK_DATE, value.getTime());
    if (value instanceof RegExp && isOwnKind(value, 'RegExp')) {
      return this.mark(MARK_REGEXP, this.textOf(value.source), value.flags, value.lastIndex);
    }
    throw this.refuseHere(value);
  }

  private copyMap(source: Map<unknown, unknown>): unknown {
    const parts: unknown[] = [undefined, MARK_MAP];
    let entry = 0;
    for (const [key, value] of source) {
      parts.push(this.copyValue(key, entry), this.copyValue(value, entry + 1));
      entry += 2;
    }
    this.marked = true;
    return parts;
  }

  private copySet(source: Set<unknown>): unknown {
    const parts: unknown[] = [undefined, MARK_SET];
    let entry = 0;
    for (const value of source) parts.push(this.copyValue(value, entry++));
    this.marked = true;
    return parts;
  }

  private copyError(error: Error): unknown {
    return this.mark(MARK_ERROR, this.copyValue(errorRecord(error, ERROR_DEPTH_MAX), ''));
  }

  private copyView(view: ArrayBufferView): unknown {
    if (view.buffer instanceof SharedArrayBuffer) throw this.refuseShared();
    const name = viewName(view);
    if (name === null) throw this.refuseHere(view);
    const length = view.byteLength;
    // Detached memory reads as no bytes, which would be a silent change.
    if (length === 0 && isDetached(view.buffer)) throw this.detached();
    return this.mark(MARK_VIEW, name, this.bytesOf(view.buffer, view.byteOffset, length));
  }

  private bytesOf(buffer: ArrayBufferLike, at: number, length: number): Uint8Array {
    if (length === 0 && isDetached(buffer)) throw this.detached();
    const bytes = new Uint8Array(buffer, at, length);
    return this.copyBytes ? bytes.slice() : bytes;
  }

  private markEntries(copy: Record<string, unknown>): unknown {
    const parts: unknown[] = [undefined, MARK_ENTRIES];
    for (const key of Object.keys(copy)) parts.push(this.textOf(key), copy[key]);
    this.marked = true;
    return parts;
  }

  private textOf(text: string): unknown {
    return isPackSafe(text) ? text : this.markText(text);
  }

  private markText(text: string): unknown {
    return this.mark(MARK_TEXT, codeUnits(text));
  }

  private mark(code: number, ...parts: unknown[]): unknown[] {
    this.marked = true;
    return [undefined, code, ...parts];
  }

  /** The number of a container met before, or -1 after giving it the next one. */
  private numberOf(value: object): number {
    if (this.seenMap !== null) return numberIn(this.seenMap, value);
    const { seen, seenCount } = this;
    for (let index = 0; index < seenCount; index += 1) if (seen[index] === value) return index;
    seen[seenCount] = value;
    this.seenCount = seenCount + 1;
    if (seenCount === SCANNED) this.seenMap = new Map(seen.map((each, at) => [each as object, at]));
    return -1;
  }

  /** Path of the container being copied, and of a value in it when a key is given. */
  private path(key?: string | number): string {
    const steps: PathStep[] = [];
    for (let depth = 2; depth <= this.depth; depth += 1) {
      const container = this.containers[depth - 1] as object | null;
      steps.push({ container, key: this.keys[depth] as string | number });
    }
    if (key !== undefined && this.depth > 0) {
      steps.push({ container: this.containers[this.depth] as object | null, key });
    }
    return spellPath(steps);
  }

  private refuse(value: unknown, key: string | number): RingmasterError<string> {
    return unsupported(this.path(key), describe(value), cureFor(value));
  }

  private refuseHere(value: object): RingmasterError<string> {
    return unsupported(this.path(), describe(value), cureFor(value));
  }

  private refuseShared(): RingmasterError<string> {
    const cure = 'pass shared memory when the actor is spawned, or send a copy of the bytes';
    return unsupported(this.path(), 'a view of a SharedArrayBuffer', cure);
  }

  private detached(): RingmasterError<string> {
    return unsupported(this.path(), 'detached memory', 'send it before you transfer it');
  }

  private hole(index: number): RingmasterError<string> {
    return unsupported(this.path(index), 'a hole', 'write undefined or null there');
  }

  private tooDeep(): RingmasterError<string> {
    const got = `nested deeper than ${DEPTH_MAX} levels`;
    return unsupported(this.path(), got, 'flatten it, for instance to a list of nodes and edges');
  }

  /** What user code threw while it was read gets a path; our own errors have one. */
  private explain(error: unknown): unknown {
    if (error instanceof RingmasterError && (error.code as string) === 'RM_PAYLOAD_UNSUPPORTED') {
      return error;
    }
    return unsupported(this.path(), 'unreadable', 'see the cause, reading it threw', error);
  }
}

function numberIn(seen: Map<object, number>, value: object): number {
  const number = seen.get(value);
  if (number !== undefined) return number;
  seen.set(value, seen.size);
  return -1;
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer instanceof SharedArrayBuffer) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
