/**
 * Processes that a fleet has left in a directory that was removed: no agent knows them any more, and a new
 * fleet at the same path does not either. Reads /proc; without one there is nobody. For `up`.
 */
import { readlinkSync } from 'node:fs';
import { pids } from '../agent/index.ts';

/** What Linux says behind the name of a folder that is gone. */
const GONE = ' (deleted)';

/** Pids of those that work below it. */
export function leftBehind(directory: string): readonly number[] {
  return pids().filter((pid) => {
    try {
      const folder = readlinkSync(`/proc/${pid}/cwd`);
      return folder.startsWith(`${directory}/`) && folder.endsWith(GONE);
    } catch {
      // It has ended, or is somebody else's.
      return false;
    }
  });
}
