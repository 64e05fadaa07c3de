/** Which file holds the rows of which id, and how a row is found by name. */
import type { BenchRow } from './row.ts';

/**
 * One entry per id; the file exports `rows`, of this id and perhaps of others. Loaded on demand: a
 * peer's import is not free.
 */
const FILES: Readonly<Record<string, string>> = {
  AA: '../aa-self-check.bench.js',
  RING: '../ring-records.bench.js',
  B1: '../b1-b3-local.bench.js',
  B2: '../b1-b3-local.bench.js',
  B3: '../b1-b3-local.bench.js',
  B4: '../b4-b5-cross-thread.bench.js',
  B5: '../b4-b5-cross-thread.bench.js',
  B6: '../b6-b7-round-trip.bench.js',
  B7: '../b6-b7-round-trip.bench.js',
  B8: '../b8-many-to-one.bench.js',
  B9: '../b9-spawn.bench.js',
  B10: '../b10-restart.bench.js',
  B11: '../b11-thread-ring.bench.js',
  B12: '../b12-hung-thread.bench.js',
  B13: '../b13-offload.bench.js',
  B14: '../b14-ring-lookup.bench.js',
  B15: '../b15-string-lookup.bench.js',
  B16: '../b16-aggregation.bench.js',
  B17: '../b17-observe.bench.js',
  B18: '../b18-remote-write.bench.js',
  B19: '../b19-exposition.bench.js',
  B20: '../b20-pass.bench.js',
  B21: '../b21-router.bench.js',
  S3: '../s3-crash-loop.bench.js',
  S4: '../s4-thread-loss.bench.js',
  SAVINA: '../savina.bench.js',
  STORE: '../store.bench.js',
};

export const BENCH_IDS: readonly string[] = Object.keys(FILES);

/** All rows of an id. @throws when no benchmark has that id; the message lists those that exist. */
export async function rowsOf(id: string): Promise<readonly BenchRow[]> {
  const file = FILES[id];
  if (file === undefined) {
    throw new Error(`no benchmark is called "${id}"; there are ${BENCH_IDS.join(', ')}.`);
  }
  const module = (await import(file)) as { readonly rows: readonly BenchRow[] };
  return module.rows.filter((row) => row.id === id);
}

export async function findRow(id: string, name: string): Promise<BenchRow> {
  const row = (await rowsOf(id)).find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`${id} has no row called "${name}"`);
  return row;
}
