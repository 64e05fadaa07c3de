/**
 * The key of a request, by which its owner is found: a header, a segment of the path, or who asks; and
 * which copy of it is meant, when the client says so. Pure.
 */
import type { IncomingMessage } from 'node:http';
import type { RouteConfig } from './router-protocol.ts';

/** Null: it has none, which an empty one is as well. */
export function keyOf(
  key: RouteConfig['key'],
  { headers, url = '/', socket }: Pick<IncomingMessage, 'headers' | 'url' | 'socket'>,
): string | null {
  if (key === null || key === undefined) return null;
  if (key === 'client') return socket.remoteAddress ?? null;
  if ('header' in key) {
    const value = headers[key.header.toLowerCase()];
    return (Array.isArray(value) ? value.join(',') : value) || null;
  }
  return segmentOf(url, key.segment);
}

/** Names a copy of a shard's key, from 0: for clients that write to several and count who has it. */
const REPLICA_HEADER = 'x-ringmaster-replica';

/** Null: any copy; undefined: it says something else than a number from 0 to 9. */
export function replicaOf({
  headers,
}: Pick<IncomingMessage, 'headers'>): number | null | undefined {
  const value = headers[REPLICA_HEADER];
  if (value === undefined) return null;
  return typeof value === 'string' && /^\d$/.test(value) ? Number(value) : undefined;
}

/** Says whose owners are meant: those of the ring before this one. */
const OWNER_HEADER = 'x-ringmaster-owner';

/** Undefined: it says something else than `former`. */
export function isFormerAsked({ headers }: Pick<IncomingMessage, 'headers'>): boolean | undefined {
  const value = headers[OWNER_HEADER];
  if (value === undefined) return false;
  return value === 'former' ? true : undefined;
}

function segmentOf(url: string, wanted: number): string | null {
  const query = url.indexOf('?');
  const end = query < 0 ? url.length : query;
  let from = 1;
  for (let i = 0; i < wanted; i++) {
    const slash = url.indexOf('/', from);
    if (slash < 0 || slash >= end) return null;
    from = slash + 1;
  }
  const slash = url.indexOf('/', from);
  return url.slice(from, slash < 0 || slash > end ? end : slash) || null;
}
