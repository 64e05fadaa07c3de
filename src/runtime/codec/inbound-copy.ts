/**
 * The receiver's walk over an unpacked tree that holds marks: puts the marked values in place.
 * PayloadDecoder owns one, cloneForLocal another. It trusts no byte: a mark that the outbound copy
 * would not write is an error, which the decoder reports as RM_PAYLOAD_CORRUPT.
 */
import { type ErrorRecord, isErrorRecord, reviveError } from './error-record.ts';
import {
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
import { textOfCodeUnits } from './text.ts';
import { makeDate, makeView } from './value-kinds.ts';

/** Stands for a container that is not finished: only an error's own record could name it. */
const UNFINISHED: object = {};

/** Revives one tree at a time, in place: the tree belongs to the caller no more. */
export class InboundCopy {
  private readonly refs: RefCodec;
  private readonly numbered: unknown[];

  constructor(refs: RefCodec) {
    this.refs = refs;
    this.numbered = [];
  }

  /** The payload that the outbound copy walked over. @throws anything, when the tree is corrupt. */
  revive(tree: unknown): unknown {
    try {
      return this.value(tree);
    } finally {
      this.numbered.length = 0;
    }
  }

  private value(tree: unknown): unknown {
    if (typeof tree !== 'object' || tree === null) return tree;
    if (!Array.isArray(tree)) return this.fields(tree as Record<string, unknown>);
    if (tree.length === 0 || tree[0] !== undefined) return this.items(tree);
    return this.marked(tree);
  }

  private fields(object: Record<string, unknown>): object {
    this.numbered.push(object);
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (typeof value === 'object' && value !== null) object[key] = this.value(value);
    }
    return object;
  }

  private items(array: unknown[]): unknown[] {
    this.numbered.push(array);
    for (let index = 0; index < array.length; index += 1) {
      const item = array[index];
      if (typeof item === 'object' && item !== null) array[index] = this.value(item);
    }
    return array;
  }

  private marked(parts: unknown[]): unknown {
    switch (parts[1]) {
      case MARK_ARRAY:
        parts.splice(0, 2);
        return this.items(parts);
      case MARK_BACK:
        return this.back(parts[2]);
      case MARK_NEGATIVE_ZERO:
        return -0;
      case MARK_TEXT:
        return textOfCodeUnits(bytesIn(parts[2]));
      case MARK_ENTRIES:
        return this.entries(parts);
      case MARK_MAP:
        return this.map(parts);
      case MARK_SET:
        return this.set(parts);
      case MARK_ERROR:
        return this.error(parts[2]);
      default:
        return this.number(this.leaf(parts));
    }
  }

  /** Kinds that hold no other value of the payload. */
  private leaf(parts: unknown[]): object {
    switch (parts[1]) {
      case MARK_DATE:
        return makeDate(numberIn(parts[2]));
      case MARK_REGEXP:
        return this.regExp(parts);
      case MARK_BUFFER:
        return ownMemory(parts[2]);
      case MARK_VIEW: {
        const view = makeView(textIn(parts[2]), ownMemory(parts[3]));
        if (view === null) throw new TypeError('a view of unknown kind');
        return view;
      }
      case MARK_REF:
        return this.refs.read(parts.slice(2) as (number | string)[]);
      default:
        throw new TypeError('an unknown mark');
    }
  }

  private back(number: unknown): unknown {
    const target = this.numbered[numberIn(number)];
    if (target === undefined || target === UNFINISHED)
      throw new RangeError('a mark without target');
    return target;
  }

  private entries(parts: unknown[]): object {
    const object = this.number({});
    for (let at = 2; at < parts.length; at += 2) {
      const key = textIn(this.value(parts[at]));
      const value = this.value(parts[at + 1]);
      // Defined, not assigned: assigning `__proto__` would change the prototype.
      const field = { value, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(object, key, field);
    }
    return object;
  }

  private map(parts: unknown[]): object {
    const map = this.number(new Map<unknown, unknown>());
    for (let at = 2; at < parts.length; at += 2) {
      const key = this.value(parts[at]);
      map.set(key, this.value(parts[at + 1]));
    }
    return map;
  }

  private set(parts: unknown[]): object {
    const set = this.number(new Set<unknown>());
    for (let at = 2; at < parts.length; at += 1) set.add(this.value(parts[at]));
    return set;
  }

  private error(part: unknown): object {
    const number = this.numbered.push(UNFINISHED) - 1;
    const record: unknown = this.value(part);
    if (!isErrorRecord(record)) throw new TypeError('an error without record');
    const error = reviveError(record as ErrorRecord);
    this.numbered[number] = error;
    return error;
  }

  private regExp(parts: unknown[]): RegExp {
    const expression = new RegExp(textIn(this.value(parts[2])), textIn(parts[3]));
    expression.lastIndex = numberIn(parts[4]);
    return expression;
  }

  private number<T extends object>(container: T): T {
    this.numbered.push(container);
    return container;
  }
}

function numberIn(part: unknown): number {
  if (typeof part !== 'number') throw new TypeError('a mark without number');
  return part;
}

function textIn(part: unknown): string {
  if (typeof part !== 'string') throw new TypeError('a mark without text');
  return part;
}

function bytesIn(part: unknown): Uint8Array {
  if (!(part instanceof Uint8Array)) throw new TypeError('a mark without bytes');
  return part;
}

/** The memory of bytes that are ours alone: the unpacking and the local copy make them so. */
function ownMemory(part: unknown): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytesIn(part);
  const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
  return (isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}
