/** Which file holds the rows of which id, and how a row is found by name. */
import type { BenchRow } from './row.ts';

/** One entry per id; the file exports `rows`. Loaded on demand: a peer's import is not free. */
const FILES: Readonly<Record<string, string>> = {
  AA: '../aa-self-check.bench.js',
  RING: '../ring-records.bench.js',
  B14: '../b14-ring-lookup.bench.js',
  B15: '../b15-string-lookup.bench.js',
  B16: '../b16-aggregation.bench.js',
  B17: '../b17-observe.bench.js',
};

export const BENCH_IDS: readonly string[] = Object.keys(FILES);

/** All rows of an id. @throws when no benchmark has that id; the message lists those that exist. */
export async function rowsOf(id: string): Promise<readonly BenchRow[]> {
  const file = FILES[id];
  if (file === undefined) {
    throw new Error(`no benchmark is called "${id}"; there are ${BENCH_IDS.join(', ')}.`);
  }
  const module = (await import(file)) as { readonly rows: readonly BenchRow[] };
  return module.rows;
}

export async function findRow(id: string, name: string): Promise<BenchRow> {
  const row = (await rowsOf(id)).find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`${id} has no row called "${name}"`);
  return row;
}
