/**
 * Asks an instance whether it may stop. 200: it may; 425 (too early): it still has something that is
 * nobody else's; anything else, and no answer: no. Asking is the order to prepare: the instance takes
 * nothing new from the first question on.
 */
import type { ServiceSpec } from '../../actors/index.ts';
import type { Address } from '../address-book.ts';
import { askHttp } from '../http-question.ts';

const MAY_STOP = 200;
const TOO_EARLY = 425;
const BODY_BYTES_MAX = 65_536;
/** For one answer. Longer: a slow instance is not taken for one that says no. Milliseconds. */
const ANSWER_MS = 5000;

/** Never rejects. Without a way to ask, it may stop. */
export async function askDrain(
  drain: ServiceSpec['health']['drain'],
  { port }: Address,
): Promise<'mayStop' | 'tooEarly' | 'no'> {
  if (drain === undefined) return 'mayStop';
  const question = { port, path: drain.http, timeoutMs: ANSWER_MS, bytesMax: BODY_BYTES_MAX };
  const answer = await askHttp(question);
  if (answer?.status === MAY_STOP) return 'mayStop';
  return answer?.status === TOO_EARLY ? 'tooEarly' : 'no';
}
