/** What a decision table's rows are compared by. A runner exists for each table of each file. */
import { isDeepStrictEqual } from 'node:util';

/** What one row wanted and got. */
export type Outcome = {
  readonly isEqual: boolean;
  readonly expected: unknown;
  readonly got: unknown;
};

/** Runs one row. `file`: the whole file, for its constants. */
export type RowRunner = (row: never, file: never) => Outcome;

/** Runners by file and table. */
export type Runners = Readonly<Record<string, Readonly<Record<string, RowRunner>>>>;

/** Equal as plain data; of `got` only the keys count that were expected. */
export function compared(expected: unknown, got: unknown): Outcome {
  const shown = isRecord(expected) && isRecord(got) ? picked(got, Object.keys(expected)) : got;
  return { isEqual: isDeepStrictEqual(expected, shown), expected, got: shown };
}

/** Numbers that may differ by `most`. */
export function near(expected: number, got: number, most: number): Outcome {
  return { isEqual: Math.abs(expected - got) <= most, expected, got };
}

/** Something that holds or does not. */
export function holds(expected: string, isEqual: boolean, got: unknown): Outcome {
  return { isEqual, expected, got };
}

function picked(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
