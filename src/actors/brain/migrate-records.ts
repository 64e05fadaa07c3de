/**
 * Brings all records of a region to the schema of this build, when a leader begins: first a copy of all of
 * them, then batch by batch. A marker says which version they are at. Killed at any moment, the next
 * leader goes on; an older build refuses from the moment when the first record may be another one's.
 *
 *   done(n - 1) ──copied──▶ under way(n) ──every record is n──▶ done(n)
 *        ▲                       │                                │
 *        └───────────────────────┴── restored from the copy ◀─────┘
 */
import type { Store, StoreOperation } from '../../runtime/index.ts';
import {
  inFormat,
  type RecordFormat,
  versionError,
  versionOf,
} from '../arbiter/record-migrations.ts';
import { controlError } from '../errors.ts';
import type { LeaderToken } from './record-store.ts';

/** What a region's records are at. */
type Marker = {
  readonly version: number;
  readonly state: 'done' | 'underWay' | 'restoring';
};

/** Whose records. `prefix` ends with a slash. */
export type RecordPlace = {
  readonly store: Store;
  readonly prefix: string;
  readonly leader: LeaderToken;
};

/** What came of it. */
export type MigrationOutcome = {
  /** `overtaken`: another one leads. */
  readonly kind: 'done' | 'overtaken';
  /** Records that were written anew by this call. */
  readonly records: number;
};

const MARKER = '.version';
const COPY = '.backup/';
/** What is no record, and is the same in every version. */
const PLAIN = ['.clock', '.frozen', MARKER];
/** Steps of one transaction. Range: below the store's (256 unless it was told), less two. */
const STEPS = 100;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Migrates what has to be.
 * @throws (rejects) RM_RECORD_VERSION for records of a newer build, or of one too old; as the store
 */
export async function migrateRecords(
  place: RecordPlace,
  format: RecordFormat,
): Promise<MigrationOutcome> {
  const run = new Migration(place);
  const { version } = format;
  const marker = await run.marker();
  if (marker === null) {
    // Nobody has written here yet.
    return run.outcome(await run.mark({ version, state: 'done' }));
  }
  if (marker.state === 'restoring') throw restoring(place.prefix);
  if (marker.version === version && marker.state === 'done') return run.outcome(true);
  if (marker.version !== version && marker.version !== version - 1) {
    throw versionError(place.prefix + MARKER, marker.version, version);
  }
  if (marker.version === version - 1) {
    if (marker.state !== 'done') throw versionError(place.prefix + MARKER, version - 1, version);
    if (!(await run.copy(version - 1))) return run.outcome(false);
    if (!(await run.mark({ version, state: 'underWay' }))) return run.outcome(false);
  }
  if (!(await run.rewrite(format))) return run.outcome(false);
  return run.outcome(await run.mark({ version, state: 'done' }));
}

/**
 * Puts back the copy that was made before a migration to the version after `version`; what was written
 * since is lost. While nobody leads but the caller. Killed in between, it has to be called again: no build
 * reads what is half restored.
 * @throws (rejects) RM_RECORD_VERSION when there is no such copy; as the store
 */
export async function restoreRecords(
  place: RecordPlace,
  version: number,
): Promise<MigrationOutcome> {
  const run = new Migration(place);
  return run.outcome(await run.restore(version));
}

function restoring(prefix: string): Error {
  const message = `records of ${prefix} are half restored. Restore them again, to the end.`;
  return controlError('RM_RECORD_VERSION', message, { prefix });
}

type Found = { readonly key: string; readonly text: string };

class Migration {
  private readonly place: RecordPlace;
  private records = 0;

  constructor(place: RecordPlace) {
    this.place = place;
  }

  outcome(isDone: boolean): MigrationOutcome {
    return { kind: isDone ? 'done' : 'overtaken', records: this.records };
  }

  /** Null: there is nothing. Records without a marker are of the first version. */
  async marker(): Promise<Marker | null> {
    const { store, prefix } = this.place;
    const { entry } = await store.get(prefix + MARKER);
    if (entry !== null) return JSON.parse(decoder.decode(entry.value)) as Marker;
    const { entries } = await store.list(prefix, {});
    return entries.length === 0 ? null : { version: 1, state: 'done' };
  }

  mark(marker: Marker): Promise<boolean> {
    return this.write([put(this.place.prefix + MARKER, JSON.stringify(marker))]);
  }

  /** As they are, beside them; older copies go. */
  async copy(version: number): Promise<boolean> {
    const { prefix } = this.place;
    const old = await this.found(COPY);
    if (!(await this.writeAll(old.map(({ key }) => erase(prefix + key))))) return false;
    const records = (await this.found('')).filter(isRecord);
    const folder = `${prefix}${COPY}${version}/`;
    return await this.writeAll(records.map(({ key, text }) => put(folder + key, text)));
  }

  async rewrite(format: RecordFormat): Promise<boolean> {
    const { prefix } = this.place;
    const old = (await this.found('')).filter(
      (one) => isRecord(one) && versionOf(one.text) !== format.version,
    );
    this.records = old.length;
    return await this.writeAll(
      old.map(({ key, text }) => put(prefix + key, inFormat(key, text, format))),
    );
  }

  async restore(version: number): Promise<boolean> {
    const { prefix } = this.place;
    const folder = `${COPY}${version}/`;
    const copies = await this.found(folder);
    if (copies.length === 0) {
      const message = `${prefix} has no backup of version ${version}; there is nothing to restore.`;
      throw controlError('RM_RECORD_VERSION', message, { prefix, version });
    }
    if (!(await this.mark({ version, state: 'restoring' }))) return false;
    const kept = new Set(copies.map(({ key }) => key.slice(folder.length)));
    const newer = (await this.found('')).filter((one) => isRecord(one) && !kept.has(one.key));
    this.records = copies.length;
    const steps = [
      ...newer.map(({ key }) => erase(prefix + key)),
      ...copies.map(({ key, text }) => put(prefix + key.slice(folder.length), text)),
    ];
    if (!(await this.writeAll(steps))) return false;
    return await this.mark({ version, state: 'done' });
  }

  private async found(folder: string): Promise<readonly Found[]> {
    const { store, prefix } = this.place;
    const found: Found[] = [];
    let after: string | null = null;
    do {
      const page = await store.list(prefix + folder, { after });
      for (const { key, value } of page.entries) {
        found.push({ key: key.slice(prefix.length), text: decoder.decode(value) });
      }
      after = page.next;
    } while (after !== null);
    return found;
  }

  private async writeAll(steps: readonly StoreOperation[]): Promise<boolean> {
    let size = STEPS;
    for (let at = 0; at < steps.length; ) {
      try {
        if (!(await this.write(steps.slice(at, at + size)))) return false;
        at += size;
      } catch (error) {
        // Long records: fewer at a time.
        const isLimit = (error as { readonly code?: string }).code === 'RM_STORE_LIMIT';
        if (!isLimit || size === 1) throw error;
        size = Math.ceil(size / 2);
      }
    }
    return true;
  }

  /** @returns whether this one leads */
  private async write(success: readonly StoreOperation[]): Promise<boolean> {
    const { store, leader } = this.place;
    const compare = [{ key: leader.key, revision: leader.token }];
    return (await store.transact({ compare, success })).succeeded;
  }
}

/** It carries a version: copies of others, and what is the same in all of them, do not count. */
function isRecord({ key, text }: Found): boolean {
  return !PLAIN.includes(key) && !key.startsWith(COPY) && !Number.isNaN(versionOf(text));
}

function erase(key: string): StoreOperation {
  return { kind: 'delete', key };
}

function put(key: string, text: string): StoreOperation {
  return { kind: 'put', key, value: encoder.encode(text) };
}
