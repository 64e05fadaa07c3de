/**
 * Who changed what: lines of JSON that are only appended, each with the hash of the one before it, so that
 * a line that was changed, taken out or put in between is found. What it cannot show is that the last
 * lines were cut off: keep the hash of the last one elsewhere for that.
 *
 *   {"seq":1,"before":"0…0","at":…,"role":…,"method":…,…,"hash":"…"}    hash = SHA-256 of the line without it
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
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

/** Thread rule: one writer to a file. */
export class AuditLog {
  private readonly path: string;
  private readonly fd: number;
  private seq: number;
  private last: string;

  /** Reads what is there. @throws RM_INSPECT_AUDIT when a line does not follow from the one before */
  constructor(path: string) {
    this.path = path;
    this.fd = openSync(path, 'a', 0o600);
    const text = readFileSync(path, 'utf8');
    // A process that ended within a line had told nobody that it is written.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) ftruncateSync(this.fd, Buffer.byteLength(whole));
    const { seq, last } = checkedAudit(whole, path);
    this.seq = seq;
    this.last = last;
  }

  /** On disk when it returns. @throws what the file system throws */
  append(entry: AuditEntry): void {
    const seq = this.seq + 1;
    const text = JSON.stringify({ seq, before: this.last, ...entry });
    const hash = hashOf(text);
    writeSync(this.fd, `${text.slice(0, -1)},"hash":"${hash}"}\n`);
    fsyncSync(this.fd);
    this.seq = seq;
    this.last = hash;
  }

  close(): void {
    closeSync(this.fd);
  }

  /** The file. */
  get file(): string {
    return this.path;
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

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
