/**
 * The router's memory on disk: the last table of each service, the highest epoch that it has seen, and
 * how often it was started. Each file is replaced whole and is on disk when the promise resolves; the
 * thread that routes never waits for the disk. Read once, at the start.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../agent/index.ts';
import { brainMessageOf, type TableMessage } from './router-protocol.ts';

const SUFFIX = '.json';

/** Thread rule: one thread; one process for each directory. */
export class KeptTables {
  private readonly directory: string;
  private readonly folder: string;
  /** The last write of each file: the next one begins after it. */
  private readonly writes: Map<string, Promise<void>> = new Map();

  /** Makes the directory. Throws what the file system says. */
  constructor(directory: string) {
    this.directory = directory;
    this.folder = join(directory, 'tables');
    makeFolder(this.folder);
  }

  /** What cannot be read is not there: the brain will say it again. */
  tables(): readonly TableMessage[] {
    const names = readdirSync(this.folder).filter((name) => name.endsWith(SUFFIX));
    return names.flatMap((name) => {
      try {
        const message = brainMessageOf(JSON.parse(readFileSync(join(this.folder, name), 'utf8')));
        return message.do === 'table' ? [message] : [];
      } catch {
        return [];
      }
    });
  }

  /** @returns 0 for both when nothing is kept */
  state(): { readonly epoch: number; readonly starts: number } {
    try {
      const text = readFileSync(join(this.directory, 'state.json'), 'utf8');
      const { epoch, starts } = JSON.parse(text) as { epoch: unknown; starts: unknown };
      return { epoch: Number(epoch) || 0, starts: Number(starts) || 0 };
    } catch {
      return { epoch: 0, starts: 0 };
    }
  }

  /** @throws (rejects) what the file system says */
  keepState(state: { readonly epoch: number; readonly starts: number }): Promise<void> {
    const path = join(this.directory, 'state.json');
    return this.after(path, () => replace(path, JSON.stringify(state), this.directory));
  }

  /** @throws (rejects) what the file system says; the former table stays then */
  keep(table: TableMessage): Promise<void> {
    const path = this.pathOf(table.service);
    return this.after(path, () => replace(path, JSON.stringify(table), this.folder));
  }

  /** @throws (rejects) what the file system says */
  drop(service: string): Promise<void> {
    const path = this.pathOf(service);
    return this.after(path, () => rm(path, { force: true }));
  }

  private pathOf(service: string): string {
    return join(this.folder, `${service}${SUFFIX}`);
  }

  private after(path: string, write: () => Promise<void>): Promise<void> {
    const before = this.writes.get(path) ?? Promise.resolve();
    const next = before.then(write, write);
    this.writes.set(path, next);
    return next;
  }
}

async function replace(path: string, text: string, folder: string): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const above = await open(folder, 'r');
  try {
    await above.sync();
  } finally {
    await above.close();
  }
}
