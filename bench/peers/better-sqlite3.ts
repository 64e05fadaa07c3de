/**
 * SQLite through better-sqlite3, durable (`synchronous = FULL`) with a write-ahead log. It compiles
 * when it is installed, so it is no dependency: `npm install --prefix build/peers better-sqlite3`
 * brings it, and without it the benches say that it was left out. Its calls are synchronous; many
 * writes at once are one transaction.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type DurableMap, fold, type Item } from '../store/durable-map.ts';

const PLACE = new URL('../../peers/node_modules/better-sqlite3/package.json', import.meta.url);

/** The part of it that is used. */
type Statement = {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): { readonly value: Uint8Array } | undefined;
};
type Sqlite = {
  prepare(sql: string): Statement;
  pragma(text: string, options?: { readonly simple: boolean }): unknown;
  transaction(run: (items: readonly Item[]) => void): (items: readonly Item[]) => void;
  close(): void;
};

/** Why it cannot run here; null: it can. */
export function whyNoSqlite(): string | null {
  if (existsSync(PLACE)) return null;
  return 'not installed; npm install --prefix build/peers better-sqlite3 compiles it';
}

export async function openSqlite(directory: string): Promise<DurableMap> {
  const Database = createRequire(PLACE)('better-sqlite3') as new (path: string) => Sqlite;
  const db = new Database(join(directory, 'data.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.prepare(
    'create table if not exists map (key text primary key, value blob) without rowid',
  ).run();
  const set = db.prepare('insert or replace into map values (?, ?)');
  const get = db.prepare('select value from map where key = ?');
  const setAll = db.transaction((items) => {
    for (const { key, value } of items) set.run(key, value);
  });
  return {
    putAll: async (items) => setAll(items),
    fill: async (items) => setAll(items),
    sumOf: (keys) => {
      let sum = 0;
      for (const key of keys) sum += fold(get.get(key)?.value);
      return sum;
    },
    verify: () => {
      const found = db.pragma('integrity_check', { simple: true });
      if (found !== 'ok') throw new Error(`integrity_check: ${String(found)}`);
    },
    close: async () => db.close(),
  };
}
