/**
 * What a client is told when no instance has answered: a status, a word in `x-ringmaster-error`, and a
 * sentence as JSON. Nothing of the inside is in it but the service's name. Pure but for the writing.
 */
import type { ServerResponse } from 'node:http';

/** Why, in a word; the status goes with it. */
export const REFUSALS = {
  'bad-request': 400,
  'no-key': 400,
  'no-service': 404,
  /** Whoever was asked for by the ring before this one: there is none any more. */
  'no-former': 404,
  /** Nobody serves it, or nobody who owns the key does. */
  'no-instance': 503,
  /** The key has ended those who worked on it. */
  quarantined: 503,
  /** Whoever was asked said that the key is another one's. */
  misdirected: 503,
  /** No connection. */
  refused: 502,
  /** The connection was lost before the answer. */
  cut: 502,
  /** What came was no answer. */
  'bad-answer': 502,
  timeout: 504,
} as const;

export type RefusalWord = keyof typeof REFUSALS;

const SENTENCES: Readonly<Record<RefusalWord, string>> = {
  'bad-request': 'the request cannot be passed on as it is written',
  'no-key': 'the request has no key, by which its owner could be found',
  'no-service': 'no service is routed for this port, host and path',
  'no-former': 'there is no former owner of this key any more; ask without x-ringmaster-owner',
  quarantined: 'this key has ended the instances that worked on it, and goes to nobody',
  'no-instance': 'no instance can serve this now; ask again later',
  misdirected: 'the owner of this key is changing; ask again',
  refused: 'the instance took no connection',
  cut: 'the instance closed the connection before it answered',
  'bad-answer': 'what the instance answered is no HTTP',
  timeout: 'the instance did not answer in time',
};
/** Seconds after which it may be otherwise. */
const RETRY_AFTER = '1';

/** The whole answer. `isLast`: the connection ends with it. */
export function refusalOf(
  word: RefusalWord,
  service: string | null,
  isLast: boolean,
): { readonly status: number; readonly head: string[]; readonly body: Buffer } {
  const status = REFUSALS[word];
  const message = SENTENCES[word];
  const body = Buffer.from(`${JSON.stringify({ error: word, message, service })}\n`);
  const head = [
    ...['content-type', 'application/json', 'content-length', String(body.length)],
    ...['x-ringmaster-error', word],
    ...(status === 503 && word !== 'quarantined' ? ['retry-after', RETRY_AFTER] : []),
    ...(isLast ? ['connection', 'close'] : []),
  ];
  return { status, head, body };
}

/** Answers with it, if nothing was answered yet. */
export function refuse(response: ServerResponse, word: RefusalWord, service: string | null): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // What the client is still sending is not waited for.
  const { status, head, body } = refusalOf(word, service, !response.req.complete);
  response.writeHead(status, head);
  response.end(body);
}
