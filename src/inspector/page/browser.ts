/**
 * The page's one file that touches the browser's clock, timers, sockets, storage and chance: everything else
 * takes these as arguments or calls them by the names here, so that it can be tested without a browser.
 */
import type { Ports, Socket, SocketEvents, TicketAnswer } from './connection/ports.ts';

const TOKEN = 'ringmaster.token';
const THEME = 'ringmaster.theme';

/** Monotonic milliseconds of the page. */
export const monotonicMs = (): number => performance.now();

/** Of the day, as whoever looks at the page reads a clock. */
export function timeOfDay(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Calls back once, until the returned function is called. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** Calls back before the next picture is drawn, until the returned function is called. */
export function nextFrame(callback: () => void): () => void {
  const frame = requestAnimationFrame(callback);
  return () => cancelAnimationFrame(frame);
}

/** Whether whoever looks has asked that nothing moves by itself. */
export const wantsStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;
/** Whether somebody can see the page: its tab is the one that is shown. */
export const isSeen = (): boolean => document.visibilityState === 'visible';

/** Calls back when the page is to be seen, or no more, until the returned function is called. */
export function onSeen(callback: () => void): () => void {
  document.addEventListener('visibilitychange', callback);
  return () => document.removeEventListener('visibilitychange', callback);
}

/** A text that nobody else has. */
export const uniqueText = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

/** What is forgotten with the tab; null: nothing is kept. */
export const keptToken = {
  read: (): string | null => sessionStorage.getItem(TOKEN),
  write: (token: string | null): void => {
    if (token === null) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  },
};

/** What is kept for the next visit. */
export const keptTheme = {
  read: (): string | null => localStorage.getItem(THEME),
  write: (theme: string): void => localStorage.setItem(THEME, theme),
};

async function ticketFor(token: string): Promise<TicketAnswer> {
  const answer = await fetch(new URL('ticket', document.baseURI), {
    method: 'POST',
    body: token,
    cache: 'no-store',
  });
  if (!answer.ok) return { status: answer.status };
  const { ticket } = (await answer.json()) as { readonly ticket: string };
  return { status: answer.status, ticket };
}

async function saveRecording(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const url = new URL('recording', document.baseURI);
  const answer = await fetch(url, { headers, cache: 'no-store' });
  if (!answer.ok) return answer.status;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `ringmaster-${timeOfDay(Date.now()).replaceAll(':', '')}.recording`;
  link.click();
  // Not at once: a browser may still be reading it.
  after(10_000, () => URL.revokeObjectURL(link.href));
  return answer.status;
}

/** Bytes of a file; more are not read. Higher: a page that takes all memory. */
const RECORDING_BYTES_MAX = 512 * 2 ** 20;

/** Of a file that somebody has chosen. @throws (rejects) RangeError */
export async function bytesOf(file: File): Promise<Uint8Array> {
  if (file.size > RECORDING_BYTES_MAX) throw new RangeError(`it has ${file.size} bytes`);
  return new Uint8Array(await file.arrayBuffer());
}

/** Decompressed. @throws (rejects) RangeError when it is too much, TypeError when it is not compressed */
export async function gunzip(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length > bytesMax) {
      await reader.cancel();
      throw new RangeError('there is too much in it');
    }
    parts.push(read.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function openSocket(protocols: readonly string[], events: SocketEvents): Socket {
  const url = new URL('inspect', document.baseURI);
  url.hash = '';
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, [...protocols]);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => events.opened();
  socket.onclose = ({ code, reason }) => events.closed(code, reason);
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') events.text(data);
    else events.bytes(data as ArrayBuffer);
  };
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      socket.onopen = null;
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
    },
  };
}

/** What a connection needs of the world. */
export const ports: Ports = {
  ticketFor,
  saveRecording,
  openSocket,
  after,
  nowMs: monotonicMs,
  epochMsOf: Date.parse,
  chance: Math.random,
};
