/**
 * What a payload cannot carry, said at the sender: the path to the value, what it is and what to do
 * instead. The outbound copy raises it; the path is spelled here, so only a failure pays for it.
 */
import { type RuntimeError, runtimeError } from '../errors.ts';

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** A key longer than this is cut in a path. */
const KEY_CHARACTERS_MAX = 40;

/** One step of a path: the container and the key, index or number of the entry in it. */
export type PathStep = { readonly container: object | null; readonly key: string | number };

/** `payload.items[3].onClose`, from the root to the value. */
export function spellPath(steps: readonly PathStep[]): string {
  return `payload${steps.map(spellStep).join('')}`;
}

function spellStep({ container, key }: PathStep): string {
  if (container instanceof Map) {
    const entry = Math.floor(Number(key) / 2);
    return Number(key) % 2 === 0 ? `.keys()[${entry}]` : `.values()[${entry}]`;
  }
  if (container instanceof Set) return `.values()[${key}]`;
  if (typeof key === 'number') return `[${key}]`;
  if (IDENTIFIER.test(key)) return `.${key}`;
  const shown = key.length > KEY_CHARACTERS_MAX ? `${key.slice(0, KEY_CHARACTERS_MAX)}…` : key;
  return `[${JSON.stringify(shown)}]`;
}

/** What a value is, in a few words, without running anything of it that could throw. */
export function describe(value: unknown): string {
  try {
    if (typeof value === 'function')
      return value.name === '' ? 'a function' : `function ${value.name}`;
    if (typeof value === 'symbol') return 'a symbol';
    if (typeof value === 'object' && value !== null) return describeObject(value);
    return String(value).slice(0, KEY_CHARACTERS_MAX);
  } catch {
    return 'a value that cannot be read';
  }
}

function describeObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || typeof prototype !== 'object') return 'an object';
  const maker: unknown = (prototype as { constructor?: unknown }).constructor;
  const name = typeof maker === 'function' && maker.name !== '' ? maker.name : 'an unnamed class';
  return name === 'Object' || name === 'Array' ? name : `an instance of ${name}`;
}

/** A value that cannot travel. `cure` ends the sentence. */
export function unsupported(
  path: string,
  got: string,
  cure: string,
  cause?: unknown,
): RuntimeError {
  return runtimeError(
    'RM_PAYLOAD_UNSUPPORTED',
    `${path} is ${got}, expected data; ${cure}.`,
    { path, got },
    cause,
  );
}

/** What to do instead, by what the value is. */
export function cureFor(value: unknown): string {
  if (typeof value === 'function') return 'send data and let the receiver choose the function';
  if (typeof value === 'symbol') return 'send a string';
  if (value instanceof Promise) return 'await it and send the result';
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
    return 'send the values it holds, weak references end at the thread';
  }
  if (value instanceof SharedArrayBuffer) {
    return 'pass shared memory when the actor is spawned, or publish a table';
  }
  return 'send a plain object of its fields, such as { ...value }, or its id';
}
