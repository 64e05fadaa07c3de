/**
 * A stream whose items come from another thread has opened: its reader can now say how many items
 * may come, and that it wants no more. The links hand the frame over.
 */
import type { AskRecord } from '../actor/ask-record.ts';
import { StreamRecord } from '../actor/stream-sink.ts';
import { CANCEL, GRANT } from './frame-layout.ts';
import type { Peer } from './peer.ts';

/** `record`: the question, if it is still open; a stream that nobody reads is cancelled. */
export function openedStream(peer: Peer, record: AskRecord | undefined, stream: number): void {
  const cancel = (): void => peer.post(CANCEL, peer.header(stream, 0), undefined);
  if (!(record instanceof StreamRecord)) {
    cancel();
    return;
  }
  const grant = (items: number): void => peer.post(GRANT, peer.header(stream, items), undefined);
  record.opened({ grant, cancel });
}
