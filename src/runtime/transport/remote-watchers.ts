/**
 * Actors of this thread that are watched from others: who asked, and the one frame that tells the
 * end.
 */
import type { Exit, ExitReason } from '../cell/child-list.ts';
import type { Host } from '../host/host.ts';
import type { ControlCalls } from './control-calls.ts';
import { DOWN } from './frame-layout.ts';
import type { Peer } from './peer.ts';

/** How an end is written in a DOWN frame; the first: the actor was gone when the watch came. */
const REASONS: readonly (ExitReason | 'unknown')[] = [
  'unknown',
  'normal',
  'shutdown',
  'crash',
  'killed',
  'lost',
];

type WatchCall = { readonly i: number; readonly g: number; readonly n: number };

/** Thread rule: its host's thread. */
export class RemoteWatchers {
  private readonly host: Host;

  constructor(host: Host, calls: ControlCalls) {
    this.host = host;
    calls.serve('watch', (call: WatchCall, peer) => this.watch(call, peer));
    calls.serve('unwatch', ({ n }: WatchCall, peer) => {
      peer.unwatch.get(n)?.();
      peer.unwatch.delete(n);
    });
  }

  private watch({ i, g, n }: WatchCall, peer: Peer): void {
    const { host } = this;
    const end = host.watches.listen(host.refAt(host.seat, i, g, ''), (exit) => {
      peer.unwatch.delete(n);
      const reason = exit === null ? 0 : REASONS.indexOf(exit.reason);
      peer.post(DOWN, peer.header(n, reason), exit?.error);
    });
    peer.unwatch.set(n, end);
  }
}

/** What a DOWN frame says; null: the actor was gone before it was watched. */
export function exitOf(reason: number, error: unknown): Exit | null {
  const name = REASONS[reason];
  return name === undefined || name === 'unknown' ? null : { reason: name, error };
}
