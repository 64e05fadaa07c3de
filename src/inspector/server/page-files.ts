/**
 * The files of the page, as the build listed them: read once when the server starts, and kept in memory, as
 * they are and gzipped. A request finds one by its exact URL; no path of a file is ever made of a request.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { inspectorError } from '../errors.ts';

/** One file. */
export type PageFile = {
  /** As it is asked for. */
  readonly url: string;
  readonly type: string;
  /** Its name changes with its content, so that a browser may keep it for ever. */
  readonly isImmutable: boolean;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
};

/** All of them, by URL. Empty: the page was not built. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Where the build puts them, beside this file's folder. */
const BUILT: URL = new URL('../page/', import.meta.url);
const LIST = 'page.json';
const INDEX = 'index.html';

type Listed = { readonly name: string; readonly type: string; readonly sha256: string };

/** @throws RM_INSPECT_START when a file is not what the list says */
export function readPage(folder: URL = BUILT): PageFiles {
  const files = listed(folder).map((one) => pageFile(folder, one));
  return new Map(files.map((file) => [file.url, file]));
}

function listed(folder: URL): readonly Listed[] {
  try {
    return (JSON.parse(readFileSync(new URL(LIST, folder), 'utf8')) as { files: Listed[] }).files;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function pageFile(folder: URL, { name, type, sha256 }: Listed): PageFile {
  const plain = readFileSync(new URL(name, folder));
  if (createHash('sha256').update(plain).digest('hex') !== sha256) {
    throw inspectorError(
      'RM_INSPECT_START',
      `the page's ${name} is not what was built; run npm run build again.`,
      { name },
    );
  }
  const isIndex = name === INDEX;
  const url = isIndex ? '/' : `/${name}`;
  return { url, type, isImmutable: !isIndex, plain, gzipped: gzipSync(plain, { level: 9 }) };
}
