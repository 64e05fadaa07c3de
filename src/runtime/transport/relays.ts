/**
 * What a thread does on behalf of another one: asks a question in its place, ends an actor that it
 * has no way of ending itself. Used by the links.
 */
import { AskRecord } from '../actor/ask-record.ts';
import type { Reply } from '../actor/reply.ts';
import type { Host } from '../host/host.ts';

/** Ends the actor at that place of this thread. */
export type StopCall = { readonly i: number; readonly g: number; readonly how: 'stop' | 'drain' };

/** Resolves when it has ended. */
export function stopOnBehalf(host: Host, { i, g, how }: StopCall): Promise<void> {
  const ref = host.refAt(host.seat, i, g, '');
  return how === 'stop' ? host.stop(ref) : host.drain(ref);
}

/**
 * A question of this thread whose answer goes to `reply`, which keeps its deadline. Once it was
 * accepted, its time is to be counted (`Asks.watchOver`): one that was refused must not run out of
 * time later.
 */
export function relayOf(host: Host, seat: number, name: string, reply: Reply): AskRecord {
  const relay = new AskRecord(host, seat, name, reply.wants);
  relay.limitAt(reply.deadlineMs);
  relay.bind(
    (value) => reply.resolve(value),
    (error) => reply.reject(error),
  );
  return relay;
}
