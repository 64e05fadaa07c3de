/**
 * One short question to an instance by HTTP, as probes, drains and scrapes ask it: a connection of its
 * own, no redirects, bounded in time and in bytes.
 * The answer is `null` for whatever is no answer: refused, late, cut off, too long.
 */
import { Agent, request } from './http-client.ts';

/** What is asked. */
export type HttpQuestion = {
  readonly port: number;
  readonly path: string;
  /** For all of it, to the last byte. */
  readonly timeoutMs: number;
  /** Of the answer; what is longer is no answer. */
  readonly bytesMax: number;
  readonly accept?: string;
};

/** What was answered. */
export type HttpAnswer = {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
};

/** Each question on a connection of its own: one that is kept may be dead when it is needed. */
const asker = new Agent({ pipelining: 0, maxHeaderSize: 16_384 });

/** Never throws, never rejects. */
export async function askHttp(question: HttpQuestion): Promise<HttpAnswer | null> {
  const { port, path, timeoutMs, bytesMax, accept } = question;
  try {
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}${path}`, {
      dispatcher: asker,
      signal: AbortSignal.timeout(timeoutMs),
      headers: accept === undefined ? {} : { accept },
    });
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > bytesMax) {
        body.destroy();
        return null;
      }
      pieces.push(piece);
    }
    const contentType = String(headers['content-type'] ?? '');
    return { status: statusCode, contentType, body: Buffer.concat(pieces) };
  } catch {
    return null;
  }
}
