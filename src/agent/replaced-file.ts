/** Replaces a small file so that after a crash it is the old one or the new one, whole. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

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
  const folder = openSync(dirname(path), 'r');
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
