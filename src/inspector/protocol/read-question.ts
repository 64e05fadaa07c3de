/**
 * A text from a client as a question, or why it is none. Depth is counted before anything is built of the
 * text, and `__proto__` is refused wherever it stands. Pure.
 */
import { type ErrorName, LIMITS, type Question } from './schema.ts';

/** A question, or why not; `id` when there was one to answer to. */
export type Read =
  | { readonly question: Question }
  | { readonly error: ErrorName; readonly message: string; readonly id: number | null };

const METHOD_LENGTH_MAX = 100;
const KEYS: ReadonlySet<string> = new Set(['id', 'method', 'params']);

/** Never throws. */
export function readQuestion(text: string): Read {
  if (depthOf(text) > LIMITS.depth) return unreadable(`deeper than ${LIMITS.depth}`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return unreadable('no JSON');
  }
  if (hasProto(data)) return unreadable('the key __proto__ is never accepted');
  if (!isRecord(data)) return malformed(null, 'a message is an object');
  const { id, method, params = {} } = data;
  const asked = Number.isSafeInteger(id) && (id as number) >= 0 ? (id as number) : null;
  if (asked === null) return malformed(null, 'id is a whole number from 0 on');
  if (typeof method !== 'string' || method.length > METHOD_LENGTH_MAX) {
    return malformed(asked, `method is a text of at most ${METHOD_LENGTH_MAX} characters`);
  }
  const strange = Object.keys(data).find((key) => !KEYS.has(key));
  if (strange !== undefined) return malformed(asked, 'a message holds id, method and params only');
  return { question: { id: asked, method, params } };
}

/** How deep its brackets go, those in strings left out; of what is no JSON, some number. */
function depthOf(text: string): number {
  let [depth, most] = [0, 0];
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === BRACE || code === BRACKET) most = Math.max(most, ++depth);
    else if (code === BRACE_END || code === BRACKET_END) depth--;
  }
  return most;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/** As deep as LIMITS.depth at most. */
function hasProto(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  return Object.hasOwn(data, '__proto__') || Object.values(data).some(hasProto);
}

const isRecord = (data: unknown): data is Record<string, unknown> =>
  typeof data === 'object' && data !== null && !Array.isArray(data);

const unreadable = (message: string): Read => ({ error: 'unreadable', message, id: null });

const malformed = (id: number | null, message: string): Read => ({
  error: 'malformed',
  message,
  id,
});
