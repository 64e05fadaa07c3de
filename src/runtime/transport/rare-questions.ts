/**
 * Messages with an answer from other threads that cannot simply go into a mailbox: every `send`,
 * which waits for room if it may, and questions to an actor that is not there. The links hand them
 * over; questions that an actor takes never come here.
 */
import type { Reply } from '../actor/reply.ts';
import { ACCEPTING_MAX } from '../cell/cell-status.ts';
import { waitForRoom } from '../cell/overflow.ts';
import { runtimeError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/** A message, and where its answer goes. */
type Question = { readonly name: string; readonly payload: unknown; readonly reply: Reply };

/** Answers, or sees to it that somebody will. Thread rule: the host's thread. */
export function takeQuestion(
  host: Host,
  isSend: boolean,
  header: Int32Array,
  { name, payload, reply }: Question,
): void {
  const index = header[0] as number;
  const generation = header[1] as number;
  const cell = host.table.find(index, generation);
  if (cell === null && host.table.isReserved(index, generation)) {
    const message = `the actor of ${name} is about to come back on this thread; try again.`;
    if (!isSend) host.deadLetters.addNobody('overflow', `${index}.${generation}`, name, payload);
    reply.reject(runtimeError('RM_MAILBOX_FULL', message));
  } else if (cell === null || cell.status > ACCEPTING_MAX) {
    const to = `${host.seat}.${index}.${generation}`;
    if (!isSend) host.deadLetters.addNobody('nobody', to, name, payload);
    reply.reject(runtimeError('RM_ACTOR_STOPPED', `${to} has stopped; look it up again.`));
  } else if (!isSend) cell.deliver(name, payload, reply);
  else if (cell.enqueue(name, payload, null) === 'accepted') reply.resolve(undefined);
  else if (
    cell.definition.mailbox.overflow !== 'wait' ||
    waitForRoom(cell, name, payload, reply) !== 'accepted'
  ) {
    reply.reject(
      runtimeError('RM_MAILBOX_FULL', `${cell.path} has no room for ${name}; send less.`),
    );
  }
}
