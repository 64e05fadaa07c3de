/** Who has to go when there is no room: nobody who has sent something, while others have not. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ConnectionRoom } from '../../../src/drivers/ingest/connection-room.ts';

/** What is used of a socket. */
class TestSocket extends EventEmitter {
  isGone = false;
  destroy(): void {
    this.isGone = true;
    this.emit('close');
  }
}
const begin = (max: number) => {
  let crowded = 0;
  const room = new ConnectionRoom(max, () => crowded++);
  const enter = (): TestSocket => {
    const socket = new TestSocket();
    room.enter(socket as unknown as Socket);
    return socket;
  };
  const proved = (socket: TestSocket): void => room.proved(socket as unknown as Socket);
  return { enter, proved, crowded: () => crowded };
};

describe('connection room', () => {
  test('connection room - one that says nothing goes first, the oldest of them', () => {
    const { enter, proved, crowded } = begin(3);
    const sender = enter();
    proved(sender);
    const slow = [enter(), enter()];
    const late = enter();
    expect([sender, ...slow, late].map(({ isGone }) => isGone)).toEqual([
      false,
      true,
      false,
      false,
    ]);
    for (let i = 0; i < 1000; i++) enter();
    expect([sender.isGone, late.isGone, crowded()]).toEqual([false, true, 1001]);
  });

  test('connection room - of senders the one that was quiet for longest goes, for a new one', () => {
    const { enter, proved } = begin(3);
    const senders = [enter(), enter(), enter()];
    for (const sender of senders) proved(sender);
    proved(senders[0] as TestSocket);
    const fresh = enter();
    expect(senders.map(({ isGone }) => isGone)).toEqual([false, true, false]);
    expect(fresh.isGone).toBe(false);
  });

  test('connection room - whoever leaves makes room', () => {
    const { enter, proved, crowded } = begin(2);
    const sockets = [enter(), enter()];
    proved(sockets[0] as TestSocket);
    for (const socket of sockets) socket.destroy();
    enter();
    enter();
    // One that is gone proves nothing.
    proved(sockets[0] as TestSocket);
    expect(crowded()).toBe(0);
  });
});
