/**
 * The output of one child, bounded. The child writes to the file itself, so that it goes on when
 * the agent dies; the agent looks from time to time and, when the file has grown too large, keeps
 * its end beside it and empties it. What is written between these two steps is lost, and between two
 * looks the file may exceed its bound by what the child writes meanwhile.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { agentError } from './errors.ts';

/** Bytes kept of one child's output, in two files of half of it. Higher: more disk for each. */
export const OUTPUT_BYTES_DEFAULT = 8_388_608;
export const OUTPUT_BYTES_MIN = 4096;
export const OUTPUT_BYTES_MAX = 1_073_741_824;

/** Thread rule: the agent's only thread. */
export class OutputFile {
  readonly path: string;
  /** What the child gets as its standard output and error. */
  readonly fd: number;
  private readonly halfBytes: number;

  /** @throws RM_AGENT_OPTION for a bound out of range */
  constructor(path: string, bytesMax: number = OUTPUT_BYTES_DEFAULT) {
    if (!(bytesMax >= OUTPUT_BYTES_MIN && bytesMax <= OUTPUT_BYTES_MAX)) {
      throw agentError(
        'RM_AGENT_OPTION',
        `outputBytesMax is ${bytesMax}; expected ${OUTPUT_BYTES_MIN} to ${OUTPUT_BYTES_MAX}.`,
      );
    }
    this.path = path;
    this.halfBytes = Math.floor(bytesMax / 2);
    // Appending: after the file was emptied the child goes on at its new end.
    this.fd = openSync(path, 'a+', 0o600);
  }

  /**
   * Keeps it within its bound. On a disk that is full it is emptied all the same, and its end is
   * lost: that makes room. Never throws: output is not worth an agent.
   */
  trim(): void {
    try {
      if (fstatSync(this.fd).size <= this.halfBytes) return;
      this.keepEnd();
      ftruncateSync(this.fd, 0);
    } catch {
      // The next look tries again.
    }
  }

  /** Its last bytes; from before it was emptied, if need be. */
  tail(bytes: number): string {
    const now = this.end(bytes).toString('utf8');
    if (now.length > 0 || !existsSync(`${this.path}.1`)) return now;
    const before = new OutputFile(`${this.path}.1`);
    try {
      return before.end(bytes).toString('utf8');
    } finally {
      before.close();
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private keepEnd(): void {
    const beside = `${this.path}.1`;
    try {
      writeFileSync(beside, this.end(this.halfBytes), { mode: 0o600 });
    } catch {
      rmSync(beside, { force: true });
    }
  }

  private end(bytes: number): Buffer {
    const { size } = fstatSync(this.fd);
    const length = Math.min(bytes, size);
    const buffer = Buffer.alloc(length);
    const read = readSync(this.fd, buffer, 0, length, size - length);
    return buffer.subarray(0, read);
  }
}
