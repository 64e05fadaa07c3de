/**
 * Which built-in kind a value is, and how to make one of that kind. Both copies use it. An instance
 * of a subclass is of no built-in kind, since what the subclass adds would be lost on the way; the
 * one exception is Node's Buffer, which counts as the Uint8Array that it is.
 */

// biome-ignore lint/style/noRestrictedGlobals: a date as data; no clock is read.
const DateOfData = Date;

const VIEW_MAKERS = new Map<string, (bytes: ArrayBuffer) => ArrayBufferView>([
  ['Int8Array', (bytes) => new Int8Array(bytes)],
  ['Uint8Array', (bytes) => new Uint8Array(bytes)],
  ['Uint8ClampedArray', (bytes) => new Uint8ClampedArray(bytes)],
  ['Int16Array', (bytes) => new Int16Array(bytes)],
  ['Uint16Array', (bytes) => new Uint16Array(bytes)],
  ['Int32Array', (bytes) => new Int32Array(bytes)],
  ['Uint32Array', (bytes) => new Uint32Array(bytes)],
  ['Float32Array', (bytes) => new Float32Array(bytes)],
  ['Float64Array', (bytes) => new Float64Array(bytes)],
  ['BigInt64Array', (bytes) => new BigInt64Array(bytes)],
  ['BigUint64Array', (bytes) => new BigUint64Array(bytes)],
  ['DataView', (bytes) => new DataView(bytes)],
]);

/** Whether the value's own class is the built-in of that name. */
export function isOwnKind(value: object, name: string): boolean {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  return prototype?.constructor?.name === name;
}

/** Whether the value is a Date, and of no subclass. */
export function isDate(value: object): value is { getTime(): number } {
  return value instanceof DateOfData && isOwnKind(value, 'Date');
}

/** A Date of milliseconds since the epoch; NaN gives the invalid one. */
export function makeDate(milliseconds: number): object {
  return new DateOfData(milliseconds);
}

/** The name of a view's kind, `Uint8Array` for a Buffer; null for a kind that does not travel. */
export function viewName(view: ArrayBufferView): string | null {
  if (Buffer.isBuffer(view)) return 'Uint8Array';
  const prototype = Object.getPrototypeOf(view) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && VIEW_MAKERS.has(name) ? name : null;
}

/** A view of that kind over its own memory, or null when there is no such kind. */
export function makeView(name: string, bytes: ArrayBuffer): ArrayBufferView | null {
  return VIEW_MAKERS.get(name)?.(bytes) ?? null;
}

/** Whether the value is a Uint8Array or a Buffer over memory that is not shared. */
export function isByteView(value: object): value is Uint8Array {
  if (!(value instanceof Uint8Array) || value.buffer instanceof SharedArrayBuffer) return false;
  return viewName(value) === 'Uint8Array';
}
