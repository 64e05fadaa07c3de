/** Where the cause of something bad is shown. Pure. */
import type { RowOf } from '../../protocol/topics.ts';
import { hashOf } from '../place/place.ts';

/** Something that happened. */
export type Happened = RowOf<'events'>;

/** Crashes of one actor within `LOOP_MS` that are a loop. */
export const LOOP_CRASHES = 3;
const LOOP_MS = 5 * 60_000;

/** An actor that crashes again and again. */
export type Loop = { readonly path: string; readonly crashes: number; readonly last: Happened };

/** The worst first. `nowMs`: clock of the server. */
export function loopsOf(events: Iterable<Happened>, nowMs: number): Loop[] {
  const loops = new Map<string, Loop>();
  for (const event of events) {
    const { path, failure, atMs } = event;
    if (path === null || failure === null || nowMs - atMs > LOOP_MS) continue;
    const known = loops.get(path);
    const last = known === undefined || known.last.atMs <= atMs ? event : known.last;
    loops.set(path, { path, crashes: (known?.crashes ?? 0) + 1, last });
  }
  return [...loops.values()]
    .filter(({ crashes }) => crashes >= LOOP_CRASHES)
    .sort((a, b) => b.crashes - a.crashes);
}

/** For a sentence of the verdict: the view that shows its cause. */
export function causeOf(because: string): string {
  const path = /(?<=^|\s)\/[^\s,;:]+/.exec(because)?.[0];
  if (path !== undefined) return hashOf({ view: 'actor', of: path });
  if (/letter/i.test(because)) return hashOf({ view: 'dead' });
  if (/ring|thread|lost|busy/i.test(because)) return hashOf({ view: 'threads' });
  if (/mailbox|waiting|wait/i.test(because)) {
    return hashOf({ view: 'actors', filter: 'depth>0 sort:-depth' });
  }
  return hashOf({ view: 'events' });
}
