/**
 * Values as bytes in a store: the engine's structured clone, which keeps Dates, Maps, Sets, BigInts,
 * typed arrays and cycles, refuses functions and promises, and which later engines read, too. The
 * one file that knows the format.
 */
import { deserialize, serialize } from 'node:v8';
import { runtimeError } from '../errors.ts';

/** @throws RM_DURABLE_VALUE for what cannot be stored */
export function storedBytes(value: unknown, what: string): Uint8Array {
  try {
    return new Uint8Array(serialize(value));
  } catch (error) {
    const message = `${what} cannot be stored: ${String(error)}; store plain data.`;
    throw runtimeError('RM_DURABLE_VALUE', message, {}, error);
  }
}

/** @throws RM_DURABLE_CORRUPT for bytes that no value was stored as */
export function storedValue(bytes: Uint8Array, what: string): unknown {
  try {
    return deserialize(bytes);
  } catch (error) {
    const message = `${what} is damaged: ${String(error)}; restore it from a backup.`;
    throw runtimeError('RM_DURABLE_CORRUPT', message, {}, error);
  }
}

/** Whether two values are stored as the same bytes. */
export function isStoredEqual(one: unknown, other: unknown): boolean {
  return serialize(one).equals(serialize(other));
}
