/**
 * From one schema of the records to the next: what a build reads, and how it makes what it writes of what
 * the build before it wrote. There has been one schema so far. Pure; who migrates a store, and when, is
 * brain/migrate-records.ts.
 */
import { controlError } from '../errors.ts';
import { RECORD_VERSION } from './record-data.ts';

/** One record in the next schema. */
export type RecordMigration = {
  /** The version that it makes, of the one before. */
  readonly to: number;
  /** `key`: below the prefix of the region, as `shop/slot/shop/eu/a/0`. Throws for what cannot be. */
  readonly migrate: (key: string, value: unknown) => unknown;
};

/** What a build reads and writes: its own version, and the one before it, which it migrates. */
export type RecordFormat = {
  readonly version: number;
  readonly migrations: readonly RecordMigration[];
};

/** Of this build. */
export const RECORD_FORMAT: RecordFormat = { version: RECORD_VERSION, migrations: [] };

/** Version of a record as it is stored; NaN: it has none. */
export function versionOf(text: string): number {
  return Number(/^\{"version":(\d+)/.exec(text)?.[1] ?? Number.NaN);
}

/**
 * A record in the version of a format; the same text when it is. @throws RM_RECORD_VERSION for one that is
 * newer, or older than the one before
 */
export function inFormat(key: string, text: string, format: RecordFormat): string {
  const found = versionOf(text);
  const { version, migrations } = format;
  if (found === version) return text;
  const migration = migrations.find(({ to }) => to === version);
  if (found !== version - 1 || migration === undefined) throw versionError(key, found, version);
  const { value } = JSON.parse(text) as { readonly value: unknown };
  return JSON.stringify({ version, value: migration.migrate(key, value) });
}

/** What is stored is not for this build. */
export function versionError(key: string, found: number, version: number): Error {
  const isNewer = found > version;
  const reads = version === 1 ? '1' : `${version - 1} and ${version}`;
  const cure = isNewer
    ? 'Start the build that wrote it, or restore the backup that it made.'
    : `Start a build that reads ${found} first: each migrates from the version before its own.`;
  const message = `${key} is a record of version ${found}; this build reads ${reads}. ${cure}`;
  return controlError('RM_RECORD_VERSION', message, { key, version: found });
}
