/**
 * What of a message's head goes on to the other side, what does not, and what is added. Heads are flat
 * lists as Node gives them: name, value, name, value. Pure.
 */

/** They are about one connection, and each side has its own. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
const OWN_NAME = '1.1 ringmaster';

/** Where a request has come from. */
export type Origin = { readonly address: string; readonly connection: string | undefined };

/** The head that an instance gets. */
export function requestHead(raw: readonly string[], { address, connection }: Origin): string[] {
  const head: string[] = [];
  const named = namedIn(connection);
  let forwardedFor = address;
  let proto = 'http';
  let via = OWN_NAME;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    if (OF_THE_CONNECTION.has(lower) || named?.has(lower)) continue;
    if (lower === 'x-forwarded-for') forwardedFor = prepended(value, forwardedFor, address);
    else if (lower === 'x-forwarded-proto') proto = value;
    else if (lower === 'via') via = prepended(value, via, OWN_NAME);
    else head.push(name, value);
  }
  head.push('x-forwarded-for', forwardedFor, 'x-forwarded-proto', proto, 'via', via);
  return head;
}

/** The head that a client gets. `raw`: as bytes or text. */
export function answerHead(
  raw: readonly (string | Uint8Array)[],
  connection: string | undefined,
  isLast: boolean,
): string[] {
  const head: string[] = [];
  const named = namedIn(connection);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = textOf(raw[i] as string | Uint8Array);
    const lower = name.toLowerCase();
    if (OF_THE_CONNECTION.has(lower) || named?.has(lower)) continue;
    head.push(name, textOf(raw[i + 1] as string | Uint8Array));
  }
  head.push('via', OWN_NAME);
  if (isLast) head.push('connection', 'close');
  return head;
}

/** Those before, then ours at the end. */
function prepended(value: string, known: string, own: string): string {
  const before = known === own ? '' : `${known.slice(0, -own.length - 2)}, `;
  return `${before}${value}, ${own}`;
}

/** Further names that the sender wants to be of the connection. */
function namedIn(connection: string | undefined): ReadonlySet<string> | null {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close')
    return null;
  return new Set(connection.toLowerCase().split(/[\s,]+/));
}

function textOf(bytes: string | Uint8Array): string {
  if (typeof bytes === 'string') return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
