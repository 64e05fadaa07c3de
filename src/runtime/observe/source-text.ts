/**
 * A payload as a JavaScript expression that makes an equal one: for messages that are to be sent again, in
 * a test. What cannot be written down (functions, refs, buffers of others) makes it null; nothing of the
 * user's is run but getters of plain objects. Pure.
 */
import { isDate } from '../codec/value-kinds.ts';
import { TRACED_MAX } from './trace.ts';

/** Levels of an expression. Higher: more work within the actor's turn. */
const DEPTH_MAX = 16;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Null: it cannot be written down, or is too large. */
export function sourceText(value: unknown): string | null {
  try {
    const text = written(value, DEPTH_MAX);
    return text.length > TRACED_MAX.source ? null : text;
  } catch {
    return null;
  }
}

/** @throws for what cannot be written */
function written(value: unknown, depth: number): string {
  if (depth === 0) throw new RangeError('too deep');
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : writtenObject(value, depth - 1);
    default:
      throw new TypeError(`${typeof value} cannot be written down`);
  }
}

function writtenObject(value: object, depth: number): string {
  const list = (items: Iterable<unknown>): string =>
    `[${[...items].map((item) => written(item, depth)).join(', ')}]`;
  if (Array.isArray(value)) return list(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    const fields = Object.entries(value).map(
      ([key, field]) => `${keyText(key)}: ${written(field, depth)}`,
    );
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }
  if (prototype === Map.prototype) return `new Map(${list(value as Map<unknown, unknown>)})`;
  if (prototype === Set.prototype) return `new Set(${list(value as Set<unknown>)})`;
  if (isDate(value)) return `new Date(${Number(value)})`;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const { name } = value.constructor;
    if (/^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$/.test(name)) {
      return `new ${name}(${list(value as unknown as Iterable<unknown>)})`;
    }
  }
  throw new TypeError('an object that cannot be written down');
}

/** `__proto__: x` would be the prototype, and no field. */
function keyText(key: string): string {
  if (key === '__proto__') return '["__proto__"]';
  return IDENTIFIER.test(key) ? key : JSON.stringify(key);
}
