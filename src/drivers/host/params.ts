/** Parameters of a question to a host: read, or refused with what was expected. Pure. */
import { driverError } from '../errors.ts';

/** Of a question: names to values, as they came. */
export type Params = Readonly<Record<string, unknown>>;

/** @throws RM_CONTROL_PARAMS when it is none, empty, or too long */
export function text(params: Params, name: string): string {
  const value = params[name];
  if (typeof value === 'string' && value.length > 0 && value.length <= 4096) return value;
  throw wrong(`${name} is ${shown(value)}; expected a text.`);
}

/** None, when there is no such parameter. @throws RM_CONTROL_PARAMS */
export function texts(params: Params, name: string): readonly string[] {
  const value = params[name] ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw wrong(`${name} is ${shown(value)}; expected a list of texts.`);
}

/** To be thrown: RM_CONTROL_PARAMS. */
export function wrong(message: string): Error {
  return driverError('RM_CONTROL_PARAMS', message);
}

/** What was got, for a sentence. */
export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
