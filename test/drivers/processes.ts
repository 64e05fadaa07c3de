/** Processes of this machine by their command lines, without any program beside Node. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Pids whose command line has all of these parts. */
export function pidsWith(...parts: readonly string[]): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return parts.every((part) => line.includes(part));
      } catch {
        // It has ended meanwhile.
        return false;
      }
    })
    .map(Number);
}

/** Pids of those that work below a folder, though it is gone. */
export function pidsIn(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}
