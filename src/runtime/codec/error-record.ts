/**
 * Errors as plain data and back, since an error sent as it is loses its class, code, fields and the
 * errors of an AggregateError. The payload codec uses it, and so does whatever carries the reason
 * of a crash. A record is a tree without cycles whose values all travel; what cannot travel is
 * described in words, because the news of a failure must not fail itself.
 *
 * What survives: name, message, stack, code, data, cause and errors. Other own fields do not.
 */
import { RingmasterError } from '../../hotpath/index.ts';
import { describe } from './travel-fault.ts';
import { isDate } from './value-kinds.ts';

/** Errors down a chain of causes, unless told otherwise. Deeper ones become one line of text. */
export const ERROR_DEPTH_DEFAULT = 8;
/** Levels of `data` and of causes that are no errors. */
const DATA_DEPTH_MAX = 8;
/**
 * Errors of an AggregateError, and entries of one container of `data`; the rest is counted in
 * words.
 */
const ENTRIES_MAX = 256;

/** What was thrown: an error's record, or any other value. */
export type Thrown = { readonly error: ErrorRecord } | { readonly value: unknown };

/** An error as data. */
export type ErrorRecord = {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string | number;
  readonly data?: unknown;
  readonly cause?: Thrown;
  readonly errors?: readonly Thrown[];
  /** Whether it is a RingmasterError, so that it arrives as one. */
  readonly own?: boolean;
};

type Maker = new (message: string) => Error;

const BUILT_IN: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
]);

/**
 * The record of an error and its causes, `depthMax` errors deep. Never throws, whatever getters do.
 */
export function errorRecord(error: Error, depthMax: number = ERROR_DEPTH_DEFAULT): ErrorRecord {
  return record(error, depthMax, new Set());
}

/** The record of whatever was thrown: `throw 'no'` and `throw null` are caught by somebody, too. */
export function thrownRecord(thrown: unknown, depthMax: number = ERROR_DEPTH_DEFAULT): Thrown {
  return inner(thrown, depthMax, new Set());
}

function record(error: Error, depth: number, above: Set<object>): ErrorRecord {
  above.add(error);
  const stack = read(error, 'stack');
  const code = read(error, 'code');
  const data = read(error, 'data');
  const errors = read(error, 'errors');
  const made: ErrorRecord = {
    name: textOf(read(error, 'name'), 'Error'),
    message: textOf(read(error, 'message'), ''),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(data === undefined ? {} : { data: sanitize(data, DATA_DEPTH_MAX, new Set(above)) }),
    ...(hasOwn(error, 'cause') ? { cause: inner(read(error, 'cause'), depth - 1, above) } : {}),
    ...(Array.isArray(errors)
      ? { errors: errors.slice(0, ENTRIES_MAX).map((each) => inner(each, depth - 1, above)) }
      : {}),
    ...(error instanceof RingmasterError ? { own: true } : {}),
  };
  above.delete(error);
  return made;
}

function inner(thrown: unknown, depth: number, above: Set<object>): Thrown {
  if (!(thrown instanceof Error))
    return { value: sanitize(thrown, DATA_DEPTH_MAX, new Set(above)) };
  if (depth > 0 && !above.has(thrown)) return { error: record(thrown, depth, above) };
  return { value: `[${above.has(thrown) ? 'circular ' : ''}${oneLine(thrown)}]` };
}

/** A copy in which everything travels. */
function sanitize(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return `[${describe(value)}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return `[${oneLine(value)}]`;
  if (above.has(value)) return '[circular]';
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  if (isDate(value)) return value;
  if (!isPlain && !Array.isArray(value)) return `[${describe(value)}]`;
  if (depth === 0) return '[deeper]';
  above.add(value);
  const copy = Array.isArray(value)
    ? Array.from(value.slice(0, ENTRIES_MAX), (item) => sanitize(item, depth - 1, above))
    : sanitizeFields(value, depth, above);
  above.delete(value);
  return copy;
}

function sanitizeFields(value: object, depth: number, above: Set<object>): object {
  const fields = Object.keys(value).slice(0, ENTRIES_MAX);
  return Object.fromEntries(
    fields.map((key) => [key, sanitize(read(value, key), depth - 1, above)]),
  );
}

function oneLine(error: Error): string {
  return `${textOf(read(error, 'name'), 'Error')}: ${textOf(read(error, 'message'), '')}`;
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function hasOwn(value: object, key: string): boolean {
  return Object.hasOwn(value, key);
}

function read(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return '[a getter that throws]';
  }
}

/** Whether a value that arrived has the form of a record. */
export function isErrorRecord(value: unknown): value is ErrorRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { name, message, errors, cause } = value as Partial<Record<keyof ErrorRecord, unknown>>;
  return (
    typeof name === 'string' &&
    typeof message === 'string' &&
    (errors === undefined || (Array.isArray(errors) && errors.every(isThrown))) &&
    (cause === undefined || isThrown(cause))
  );
}

function isThrown(value: unknown): value is Thrown {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, 'error')
    ? isErrorRecord((value as { error: unknown }).error)
    : Object.hasOwn(value, 'value');
}

/** The error of a record: of its built-in class, RingmasterError, or Error with the name. */
export function reviveError(from: ErrorRecord): Error {
  const error = withoutStack(from);
  if (error.message !== from.message) define(error, 'message', from.message);
  if (error.name !== from.name) define(error, 'name', from.name);
  // Without one of its own, an error would show where it was revived.
  define(error, 'stack', from.stack ?? `${from.name}: ${from.message}`);
  if (from.code !== undefined) define(error, 'code', from.code, true);
  if (from.data !== undefined) define(error, 'data', from.data, true);
  if (from.cause !== undefined) define(error, 'cause', reviveThrown(from.cause));
  return error;
}

/** What was thrown, from its record. */
export function reviveThrown(from: Thrown): unknown {
  return 'error' in from ? reviveError(from.error) : from.value;
}

/** Its own stack replaces that of this place, of which taking and wording cost some ten microseconds. */
function withoutStack(from: ErrorRecord): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return makeError(from);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function makeError(from: ErrorRecord): Error {
  if (from.own === true) return new RingmasterError<string>(String(from.code), from.message);
  if (from.errors !== undefined) {
    return new AggregateError(from.errors.map(reviveThrown), from.message);
  }
  return new (BUILT_IN.get(from.name) ?? Error)(from.message);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean = false): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}

/**
 * Adds the frames of another stack under a label: the asker's under the error that answers it.
 * @returns what was given; a thrown value that is no error has no stack and stays as it is.
 */
export function appendStack<T>(thrown: T, stack: string, label: string): T {
  if (!(thrown instanceof Error)) return thrown;
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  if (!Object.isFrozen(thrown)) {
    define(
      thrown,
      'stack',
      [thrown.stack ?? String(thrown), `    --- ${label} ---`, ...frames].join('\n'),
    );
  }
  return thrown;
}
