/** Snapshots of what instances are started from. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Releases, releaseFiles } from 'ringmaster/drivers';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rm-releases-'));
  folder = join(root, 'app');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(join(folder, 'main.js'), 'one');
  writeFileSync(join(folder, 'lib', 'part.js'), 'part');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('releases - a revision stays what it was when the working copy changes', () => {
  const releases = new Releases(join(root, 'releases'));
  const before = releaseFiles(folder);
  const path = releases.keep('r1', before);
  writeFileSync(join(folder, 'main.js'), 'two');
  const after = releaseFiles(folder);
  expect(after.digest).not.toBe(before.digest);
  releases.keep('r1', after);
  expect(readFileSync(join(path, 'main.js'), 'utf8')).toBe('one');
  expect(readFileSync(join(releases.of('r1') as string, 'lib', 'part.js'), 'utf8')).toBe('part');
  expect(releases.of('r2')).toBeNull();
});

test('releases - the digest is of names, contents and what may be run, and of nothing installed', () => {
  const { digest } = releaseFiles(folder);
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'node_modules', 'x.js'), 'x');
  expect(releaseFiles(folder).digest).toBe(digest);
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'state', 'x'), 'x');
  expect(releaseFiles(folder, [join(folder, 'state')]).digest).toBe(digest);
  rmSync(join(folder, 'state'), { recursive: true });
  chmodSync(join(folder, 'main.js'), 0o755);
  expect(releaseFiles(folder).digest).not.toBe(digest);
});

test('releases - a symbolic link is a link there, too, and part of the digest', () => {
  const { digest } = releaseFiles(folder);
  symlinkSync('server.js', join(folder, 'alias.js'));
  const files = releaseFiles(folder);
  expect(files.digest).not.toBe(digest);
  const path = new Releases(join(root, 'releases')).keep('r1', files);
  expect(readlinkSync(join(path, 'alias.js'))).toBe('server.js');
  rmSync(join(folder, 'alias.js'));
  symlinkSync('other.js', join(folder, 'alias.js'));
  expect(releaseFiles(folder).digest).not.toBe(files.digest);
});

test('releases - what is installed is found from the snapshot', () => {
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'node_modules', 'x.js'), 'x');
  const path = new Releases(join(root, 'releases')).keep('r1', releaseFiles(folder));
  expect(readFileSync(join(path, 'node_modules', 'x.js'), 'utf8')).toBe('x');
});

test('releases - a snapshot that was not finished is none, and those that nobody needs go', () => {
  const releases = new Releases(join(root, 'releases'));
  const files = releaseFiles(folder);
  const broken = { ...files, files: [...files.files, 'not-there.js'] };
  expect(() => releases.keep('r1', broken)).toThrow(/RM_RELEASE_INVALID|cannot be kept/);
  expect(releases.of('r1')).toBeNull();
  releases.keep('r1', files);
  releases.keep('r2', files);
  expect(releases.forget(new Set(['r2']))).toBe(1);
  expect(releases.of('r1')).toBeNull();
  expect(releases.of('r2')).not.toBeNull();
});

test('releases - a folder that is too large, or not there, is refused with the cure', () => {
  for (let i = 0; i < 5001; i++) writeFileSync(join(folder, `f${i}`), '');
  expect(() => releaseFiles(folder)).toThrow(/at most 5000 files.*cwd that holds/s);
  expect(() => releaseFiles(join(root, 'nowhere'))).toThrow(/cannot be snapshotted/);
});
