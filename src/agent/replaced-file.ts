/** Replaces a small file so that after a crash it is the old one or the new one, whole. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';

/**
 * `isDurable`: when it returns, the file, its name and its directory are on disk.
 * @throws what the system says, for instance that the disk is full; the old file stays then
 */
export function replaceFile(path: string, text: string, isDurable: boolean): void {
  const next = `${path}.next`;
  try {
    writeWhole(next, text, isDurable);
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  if (!isDurable) return;
  syncFolder(dirname(path));
}

/** Makes a folder, and those above it, so that what will be durable in it can be found there. */
export function makeFolder(path: string): void {
  const whole = resolve(path);
  const first = mkdirSync(whole, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  // The name of each new folder stands in the one above it.
  const made = relative(dirname(first), whole).split(sep).length;
  let above = whole;
  for (let left = made; left > 0; left--) {
    above = dirname(above);
    syncFolder(above);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeWhole(path: string, text: string, isDurable: boolean): void {
  const file = openSync(path, 'w', 0o600);
  try {
    // Not writeSync: a disk that becomes full takes a part and says nothing.
    writeFileSync(file, text);
    if (isDurable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
