/**
 * Snapshots of what instances are started from, by revision, under `releases/`: a revision stays what it
 * was when the working copy changes, so there is something to roll back to. Files are copied when a
 * specification is applied; a revision that is there is complete, since it gets its name last. What is
 * installed (`node_modules`) is linked, not copied: it is the machine's, and part of no digest.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { driverError } from '../errors.ts';

/** Files and bytes of a snapshot. Higher: larger programs; each revision of the history is kept. */
const FILES_MAX = 5000;
const BYTES_MAX = 128 * 2 ** 20;
/** Not part of a release. */
const LEFT_OUT: readonly string[] = ['node_modules', '.git'];

/** Files of a folder that a release is made of. */
export type ReleaseFiles = {
  readonly folder: string;
  /** Hexadecimal SHA-256 over names, modes and contents; of a symbolic link over where it leads. */
  readonly digest: string;
  readonly files: readonly string[];
  /** Symbolic links, kept as they are: what they lead to is not part of the snapshot unless it is in it. */
  readonly links: readonly { readonly name: string; readonly to: string }[];
};

/**
 * Looks through a folder. `ignore`: folders that belong to somebody else, such as the fleet's own state.
 * @throws RM_RELEASE_TOO_LARGE, RM_RELEASE_INVALID for a folder that cannot be read
 */
export function releaseFiles(folder: string, ignore: readonly string[] = []): ReleaseFiles {
  const ignored = new Set(ignore.map((one) => resolve(one)));
  const files: string[] = [];
  const links: { name: string; to: string }[] = [];
  let bytes = 0;
  const walk = (at: string): void => {
    for (const name of readdirSync(at).sort()) {
      const path = join(at, name);
      if (LEFT_OUT.includes(name) || ignored.has(path)) continue;
      const stat = lstatSync(path);
      if (stat.isDirectory()) walk(path);
      else if (stat.isFile()) {
        files.push(relative(folder, path));
        bytes += stat.size;
      } else if (stat.isSymbolicLink()) {
        links.push({ name: relative(folder, path), to: readlinkSync(path) });
      }
      if (files.length + links.length > FILES_MAX || bytes > BYTES_MAX)
        throw tooLarge(folder, files.length + links.length, bytes);
    }
  };
  const hash = createHash('sha256');
  try {
    walk(resolve(folder));
    for (const file of files) {
      const path = join(folder, file);
      const isExecutable = (lstatSync(path).mode & 0o100) !== 0;
      const content = createHash('sha256').update(readFileSync(path)).digest('hex');
      hash.update(`${JSON.stringify(file)} ${isExecutable} ${content}\n`);
    }
    for (const { name, to } of links) hash.update(`${JSON.stringify([name, to])} link\n`);
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'RM_RELEASE_TOO_LARGE') throw error;
    const message = `${folder} cannot be snapshotted: ${String(error)}`;
    throw driverError('RM_RELEASE_INVALID', message, { folder }, error);
  }
  return { folder: resolve(folder), digest: hash.digest('hex'), files, links };
}

function tooLarge(folder: string, files: number, bytes: number): Error {
  const got = `${folder} has more than ${files - 1} files or ${bytes} bytes`;
  const message =
    `${got}; a release has at most ${FILES_MAX} files and ${BYTES_MAX} bytes. ` +
    'Give the service a cwd that holds the program and nothing else.';
  return driverError('RM_RELEASE_TOO_LARGE', message, { folder, files, bytes });
}

/** Thread rule: none; each call is whole. One writer for each folder. */
export class Releases {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  /** Where a revision's files are; null: none were taken. */
  of(revision: string): string | null {
    const path = join(this.folder, revision);
    return existsSync(path) ? path : null;
  }

  /** Keeps the files for a revision; one that is there is left as it is. @throws RM_RELEASE_INVALID */
  keep(revision: string, { folder, files, links }: ReleaseFiles): string {
    const path = join(this.folder, revision);
    if (existsSync(path)) return path;
    const next = `${path}.new`;
    try {
      rmSync(next, { recursive: true, force: true });
      mkdirSync(next, { recursive: true });
      for (const file of files) {
        mkdirSync(dirname(join(next, file)), { recursive: true });
        copyFileSync(join(folder, file), join(next, file));
      }
      for (const { name, to } of links) {
        mkdirSync(dirname(join(next, name)), { recursive: true });
        symlinkSync(to, join(next, name));
      }
      const installed = installedNear(folder);
      if (installed !== null) symlinkSync(installed, join(next, 'node_modules'));
      renameSync(next, path);
    } catch (error) {
      rmSync(next, { recursive: true, force: true });
      const message = `${folder} cannot be kept as ${path}: ${String(error)}`;
      throw driverError('RM_RELEASE_INVALID', message, { folder }, error);
    }
    return path;
  }

  /** Removes those that no revision needs any more. @returns how many */
  forget(needed: ReadonlySet<string>): number {
    if (!existsSync(this.folder)) return 0;
    const gone = readdirSync(this.folder).filter((name) => !needed.has(name));
    for (const name of gone) rmSync(join(this.folder, name), { recursive: true, force: true });
    return gone.length;
  }
}

/** The packages that a program of this folder finds. */
function installedNear(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'node_modules');
    if (existsSync(path)) return path;
    if (dirname(at) === at) return null;
  }
}
