/**
 * A secret of 256 bits for each role, in a file that only its owner can read. Whoever shows one is in that
 * role. Compared in a time that does not depend on what is compared: by hashes, all of them each time.
 * It never goes into a URL, a log or a message.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { inspectorError } from '../errors.ts';
import { ROLES, type Role } from './roles.ts';

const TOKEN = /^[0-9a-f]{64}$/;

/** What tokens are made of. */
export type TokenParts = {
  /** Made when it is absent, for its owner alone. */
  readonly directory: string;
  /** A new secret: 64 hexadecimal digits. */
  readonly secretText: () => string;
};

/** The secrets of one inspector. */
export class Tokens {
  private readonly hashes: readonly (readonly [Role, Buffer])[];
  private readonly directory: string;

  /** Reads them, and makes those that are absent. @throws RM_INSPECT_TOKEN */
  constructor({ directory, secretText }: TokenParts) {
    this.directory = directory;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      expectOwn(directory, statSync(directory), 0o022);
      this.hashes = ROLES.map((role) => [role, hash(tokenIn(pathOf(directory, role), secretText))]);
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'RM_INSPECT_TOKEN') throw error;
      throw refused(`the tokens in ${directory} cannot be read or made`, error);
    }
  }

  /** The file of a role's token. */
  path(role: Role): string {
    return pathOf(this.directory, role);
  }

  /** Null: it is no token of this inspector. */
  roleOf(token: string): Role | null {
    const shown = hash(token);
    let found: Role | null = null;
    for (const [role, own] of this.hashes) if (timingSafeEqual(shown, own)) found = role;
    return found;
  }
}

const pathOf = (directory: string, role: Role): string => join(directory, `${role}.token`);

const hash = (token: string): Buffer => createHash('sha256').update(token).digest();

/** @throws RM_INSPECT_TOKEN, what the file system throws */
function tokenIn(path: string, secretText: () => string): string {
  create(path, secretText);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    expectOwn(path, fstatSync(fd), 0o077);
    const token = readFileSync(fd, 'utf8').trim();
    if (TOKEN.test(token)) return token;
    throw refused(
      `${path} holds ${token.length} characters; expected 64 hexadecimal digits; remove it, and a new ` +
        'one is made',
    );
  } finally {
    closeSync(fd);
  }
}

/** Whoever else could have put it there would know it. @throws RM_INSPECT_TOKEN */
function expectOwn(path: string, { mode, uid }: Stats, forbidden: number): void {
  const own = process.getuid?.() ?? uid;
  if (uid !== own)
    throw refused(`${path} belongs to user ${uid}, this is user ${own}; take another directory`);
  if ((mode & forbidden) === 0) return;
  const others = `mode ${(mode & 0o777).toString(8)}`;
  throw refused(
    forbidden === 0o077
      ? `${path} can be read by others (${others}); remove it, and a new one is made`
      : `${path} can be written to by others (${others}); take another directory, or chmod go-w it`,
  );
}

/** Unless it is there. */
function create(path: string, secretText: () => string): void {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'EEXIST') return;
    throw error;
  }
  try {
    writeSync(fd, `${secretText()}\n`);
  } finally {
    closeSync(fd);
  }
}

function refused(what: string, cause?: unknown): Error {
  return inspectorError('RM_INSPECT_TOKEN', `${what}.`, {}, cause);
}
