/**
 * Which folder lies at a path: another one, or none, when somebody has removed or moved it. What is written
 * below a path would then be somebody else's. Used by the agent and by hosts, which look now and then.
 */
import { statSync } from 'node:fs';

/** Device and inode, as a text; null: there is none, or it cannot be looked at. */
export function folderMark(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
