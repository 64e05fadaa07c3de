/**
 * Where the output of children lies. That of children who were forgotten stays for a while, for people,
 * and goes when there is too much of it. It does not know which children run.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OutputFile } from './output-file.ts';

/** Forgotten children whose output is kept. Higher: more disk, up to a child's bound for each. */
export const FORGOTTEN_OUTPUTS_MAX = 20;

const NAME = /^(.+)\.log(\.1)?$/;

/** Thread rule: the agent's only thread. */
export class OutputFolder {
  private readonly folder: string;
  /** Whose output is there though nobody knows them any more, the first to go first. */
  private readonly forgotten: Set<string>;

  constructor(folder: string) {
    this.folder = folder;
    this.forgotten = new Set();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Finds what an agent before this one has left. */
  sweep(isKnown: (id: string) => boolean): void {
    const found = new Map<string, number>();
    for (const name of readdirSync(this.folder)) {
      const id = NAME.exec(name)?.[1];
      if (id === undefined || isKnown(id)) continue;
      found.set(id, Math.max(found.get(id) ?? 0, changedMs(join(this.folder, name))));
    }
    const oldestFirst = [...found].sort(([, a], [, b]) => a - b);
    for (const [id] of oldestFirst) this.forget(id);
  }

  /** @throws as OutputFile */
  open(id: string, bytesMax: number | undefined): OutputFile {
    const file = new OutputFile(this.pathOf(id), bytesMax);
    this.forgotten.delete(id);
    return file;
  }

  /** Nobody will ask for it under that name again; never throws. */
  forget(id: string): void {
    this.forgotten.delete(id);
    this.forgotten.add(id);
    for (const oldest of this.forgotten) {
      if (this.forgotten.size <= FORGOTTEN_OUTPUTS_MAX) return;
      this.forgotten.delete(oldest);
      this.remove(oldest);
    }
  }

  private remove(id: string): void {
    try {
      for (const end of ['', '.1']) rmSync(`${this.pathOf(id)}${end}`, { force: true });
    } catch {
      // The next agent finds it again.
    }
  }

  private pathOf(id: string): string {
    return join(this.folder, `${id}.log`);
  }
}

function changedMs(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
