/**
 * Who changed what: lines of JSON that are only appended, each with the hash of the one before it, so that
 * a line that was changed, taken out or put in between is found. What it cannot show is that the last
 * lines were cut off, or all of them made anew from some line on: keep the hash of the last one elsewhere.
 *
 *   {"seq":1,"before":"0…0","at":…,"role":…,"method":…,…,"hash":"…"}    hash = SHA-256 of the line without it
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { inspectorError } from '../errors.ts';

/** What is kept of one change. */
export type AuditEntry = {
  /** When, for people. */
  readonly at: string;
  readonly role: string;
  readonly from: string;
  readonly method: string;
  readonly params: unknown;
  readonly reason: string;
  readonly outcome: string;
};

/** Before the first line. */
const NOTHING = '0'.repeat(64);
const LINE_END = 0x0a;

/** Thread rule: one writer to a file; a second one is noticed at the next line. */
export class AuditLog {
  private readonly path: string;
  private readonly fd: number;
  private seq: number;
  private last: string;
  private bytes: number;

  /** Reads what is there. @throws RM_INSPECT_AUDIT when a line does not follow from the one before */
  constructor(path: string) {
    this.path = path;
    this.fd = openSync(path, 'a+', 0o600);
    try {
      const all = readFileSync(path);
      this.bytes = all.lastIndexOf(LINE_END) + 1;
      const { seq, last } = checkedAudit(all.toString('utf8', 0, this.bytes), path);
      this.seq = seq;
      this.last = last;
      // A process that ended within a line had told nobody that it is written.
      if (this.bytes < all.length) ftruncateSync(this.fd, this.bytes);
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  /**
   * On disk when it returns. @throws RM_INSPECT_AUDIT: another one writes to it; what the file system
   * throws
   */
  append(entry: AuditEntry): void {
    if (fstatSync(this.fd).size !== this.bytes) {
      throw inspectorError(
        'RM_INSPECT_AUDIT',
        `another one has written to ${this.path}: give each inspector a directory of its own.`,
      );
    }
    const seq = this.seq + 1;
    const text = escaped(JSON.stringify({ seq, before: this.last, ...entry }));
    const hash = hashOf(text);
    const line = Buffer.from(`${text.slice(0, -1)},"hash":"${hash}"}\n`);
    this.write(line);
    this.bytes += line.length;
    this.seq = seq;
    this.last = hash;
  }

  /** All of it, or nothing. */
  private write(line: Buffer): void {
    try {
      const written = writeSync(this.fd, line);
      if (written < line.length)
        throw new Error(`only ${written} of ${line.length} bytes were written`);
      fsyncSync(this.fd);
    } catch (error) {
      ftruncateSync(this.fd, this.bytes);
      throw error;
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Number and hash of the last line. @throws RM_INSPECT_AUDIT: at the first that is not as it was written */
export function checkedAudit(text: string, path: string): { seq: number; last: string } {
  let [seq, last] = [0, NOTHING];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    seq++;
    const at = line.lastIndexOf(',"hash":"');
    const body = `${line.slice(0, at)}}`;
    const hash = line.slice(at + 9, -2);
    if (at < 0 || hashOf(body) !== hash || !body.startsWith(`{"seq":${seq},"before":"${last}",`)) {
      throw inspectorError(
        'RM_INSPECT_AUDIT',
        `line ${seq} of ${path} is not as it was written, or a line is missing before it. Nothing is ` +
          'appended to such a log: move it away and look who could write to it.',
        { line: seq },
      );
    }
    last = hash;
  }
  return { seq, last };
}

/** What a terminal would obey and JSON leaves as it is. */
const escaped = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
