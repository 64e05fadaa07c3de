/** The files that the tidy rules look at: everything git tracks or would track, read once. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TEXT = /\.(tsx?|mjs|css|html|md|json|jsonc|grit|yaml|yml)$|(^|\/)(run|LICENSE)$/;

export function readRepository(): SourceFile[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((path) => TEXT.test(path))
    .map((path) => ({ path, text: readFileSync(ROOT + path, 'utf8') }));
}
