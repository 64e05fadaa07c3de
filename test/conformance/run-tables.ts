/**
 * Runs every row of every table in a folder against the control plane's functions. A file or a table
 * that nobody knows is a failure, not a silence: its rows would be taken for passed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashrings } from './hashrings.ts';
import { metricReplicas } from './metric-replicas.ts';
import { panicMode } from './panic-mode.ts';
import { rollouts } from './rollouts.ts';
import { scalingBehaviors } from './scaling-behaviors.ts';
import type { Outcome, RowRunner, Runners } from './table.ts';
import { zones } from './zones.ts';

/** One row and what came of it. */
export type RowResult = Outcome & {
  readonly file: string;
  readonly table: string;
  /** From 0. */
  readonly index: number;
  readonly name: string;
};

const RUNNERS: Runners = {
  ...metricReplicas,
  ...scalingBehaviors,
  ...panicMode,
  ...rollouts,
  ...zones,
  ...hashrings,
};

/** @throws what the file system throws; an error that names the file when it is no JSON */
export function runTables(folder: string): RowResult[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.toSorted().flatMap((file) => runFile(folder, file));
}

function runFile(folder: string, file: string): RowResult[] {
  const runners = RUNNERS[file];
  if (runners === undefined) return [unknown(file, '', `no table of the name ${file} is known`)];
  const data = parsed(join(folder, file));
  const tables = Object.entries(data).filter(
    (entry): entry is [string, readonly object[]] => isTable(entry[1]) && isRows(entry[1]),
  );
  return tables.flatMap(([table, rows]) => {
    const runner = runners[table];
    if (runner === undefined) return [unknown(file, table, 'no runner knows this table')];
    return rows.map((row, index) => runRow({ file, table, index }, row, data, runner));
  });
}

function runRow(
  place: { readonly file: string; readonly table: string; readonly index: number },
  row: object,
  data: object,
  runner: RowRunner,
): RowResult {
  const name = String((row as { name?: unknown }).name ?? '');
  try {
    return { ...place, name, ...runner(row as never, data as never) };
  } catch (error) {
    const { expect } = row as { readonly expect?: unknown };
    return { ...place, name, isEqual: false, expected: expect, got: String(error) };
  }
}

function isTable(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

/** Lists of sentences are prose. */
function isRows(value: readonly unknown[]): value is readonly object[] {
  return value.every((row) => typeof row === 'object' && row !== null);
}

function parsed(path: string): object {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as object;
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function unknown(file: string, table: string, got: string): RowResult {
  return {
    file,
    table,
    index: 0,
    name: '',
    isEqual: false,
    expected: 'a table that is known',
    got,
  };
}
