/** One connection: its conversation, its subscriptions and its traces; they end together. */
import { type Client, Conversation } from '../protocol/conversation.ts';
import { monotonicMs, wallIso } from '../system-time.ts';
import type { Board } from '../topics/board.ts';
import { ClientTopics } from '../topics/client-topics.ts';
import type { SharedAnswerers } from './answers.ts';
import type { ClientSocket } from './sockets.ts';
import type { TraceDesk } from './trace-desk.ts';

/** What all connections share. */
export type ConnectionParts = {
  readonly board: Board;
  readonly desk: TraceDesk;
  readonly answerers: SharedAnswerers;
  readonly epoch: string;
  readonly hasFleet: boolean;
  /** An answerer failed in a way that it should not. */
  readonly failed: (method: string, error: unknown) => void;
};

/** @returns what begins one. Thread rule: the inspector's thread. */
export function connections(
  parts: ConnectionParts,
): (socket: ClientSocket, client: Client) => void {
  const { board, desk, answerers, epoch, hasFleet, failed } = parts;
  return (socket, client) => {
    const topics = new ClientTopics(board, socket, client.role);
    const traces = desk.client(socket);
    const conversation = new Conversation({
      client,
      answerers: {
        ...answerers,
        'Topics.subscribe': (params) => topics.subscribe(params),
        'Topics.unsubscribe': (params) => topics.unsubscribe(params),
        'Topics.acknowledge': (params) => topics.acknowledge(params),
        'Trace.start': (params, who) => traces.start(params, who),
        'Trace.stop': (params) => traces.stop(params),
      },
      clocks: () => ({ nowMs: monotonicMs(), nowIso: wallIso() }),
      epoch,
      hasFleet,
      say: socket.say,
      failed,
    });
    socket.onText((text) => void conversation.heard(text));
    socket.onClose(() => {
      topics.close();
      traces.close();
    });
  };
}
