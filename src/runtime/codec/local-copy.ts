/**
 * Development mode's copy of a payload that stays on its thread: the same kinds, errors and
 * identities as over a link, and frozen, so that a program which relies on sharing fails at home.
 * The link between two actors of one thread calls it. Production passes the reference instead.
 */
import { InboundCopy } from './inbound-copy.ts';
import type { RefCodec } from './marks.ts';
import { OutboundCopy } from './outbound-copy.ts';

/**
 * A deep copy with exactly the semantics of encode and decode; plain objects and arrays are frozen.
 * Maps, Sets, dates and bytes are copies, too, but the language cannot freeze their content.
 * @throws RM_PAYLOAD_UNSUPPORTED with the path to what cannot travel.
 */
export function cloneForLocal<T>(payload: T, refs: RefCodec): T {
  const outbound = new OutboundCopy(refs, true);
  const tree = outbound.copy(payload);
  const copy = outbound.marked ? new InboundCopy(refs).revive(tree) : tree;
  freeze(copy, new Set());
  return copy as T;
}

function freeze(value: unknown, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      freeze(key, seen);
      freeze(entry, seen);
    }
  } else if (value instanceof Set) {
    for (const entry of value) freeze(entry, seen);
  } else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
    for (const entry of Object.values(value)) freeze(entry, seen);
    Object.freeze(value);
  }
}
