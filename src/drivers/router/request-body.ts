/**
 * A request's body on its way to an instance. One that is small and says how long it is, is read whole
 * first, so that the request can be asked again; any other is passed on piece by piece, as fast as the
 * instance takes it, and the request can be asked again until its first piece was taken.
 */
import type { IncomingMessage } from 'node:http';

/** Of a body that is kept. Higher: more requests can be asked again; memory for each that comes. */
const KEPT_BYTES_MAX = 65_536;

/** Thread rule: one thread. Of one request. */
export class RequestBody {
  /** Whether it is to be read first. */
  readonly isSmall: boolean;
  private readonly request: IncomingMessage;
  private kept: Buffer | null = null;
  private isTaken = false;
  private readonly isThere: boolean;

  constructor(request: IncomingMessage) {
    const { headers } = request;
    this.request = request;
    const length = Number(headers['content-length'] ?? 0);
    this.isThere = headers['transfer-encoding'] !== undefined || length > 0;
    this.isSmall = this.isThere && length > 0 && length <= KEPT_BYTES_MAX;
  }

  /** Whether the request can be sent once more. */
  get isWhole(): boolean {
    return !this.isThere || this.kept !== null || !this.isTaken;
  }

  /** Reads it whole. Resolves with whether it came: false when the client went away. */
  async read(): Promise<boolean> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of this.request) pieces.push(piece as Buffer);
    } catch {
      return false;
    }
    this.kept = Buffer.concat(pieces);
    return true;
  }

  /** What is sent; null: nothing. */
  forAttempt(): Buffer | AsyncIterable<Buffer> | null {
    if (!this.isThere) return null;
    return this.kept ?? this.pieces();
  }

  private async *pieces(): AsyncIterable<Buffer> {
    this.isTaken = true;
    // Who stops in the middle has not ended the client's connection: it is to get an answer.
    for await (const piece of this.request.iterator({ destroyOnReturn: false })) {
      yield piece as Buffer;
    }
  }
}
