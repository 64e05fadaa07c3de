/**
 * Who may stay connected when there is no room for everybody: of those that have not sent a whole request
 * yet the oldest goes, and only when there is none the one whose last request is longest ago. So neither
 * connections that say nothing nor those that say it slowly keep a sender out. Used by write-door.ts.
 */
import type { Socket } from 'node:net';

/** Thread rule: the door's. */
export class ConnectionRoom {
  private readonly max: number;
  private readonly hungUp: () => void;
  /** Oldest first. */
  private readonly fresh: Set<Socket> = new Set();
  /** Those that have sent a whole request; the last that did comes last. */
  private readonly proven: Set<Socket> = new Set();

  /** `hungUp`: is told of each that had to go. */
  constructor(max: number, hungUp: () => void) {
    this.max = max;
    this.hungUp = hungUp;
  }

  /** One more; perhaps somebody goes for it. */
  enter(socket: Socket): void {
    this.fresh.add(socket);
    socket.once('close', () => this.leave(socket));
    if (this.fresh.size + this.proven.size <= this.max) return;
    const [oldest] = this.fresh;
    const [quietest = oldest] = this.proven;
    const gone = oldest === socket ? quietest : oldest;
    if (gone === undefined) return;
    this.leave(gone);
    gone.destroy();
    this.hungUp();
  }

  /** It has sent a whole request. */
  proved(socket: Socket): void {
    if (!this.fresh.delete(socket) && !this.proven.delete(socket)) return;
    this.proven.add(socket);
  }

  private leave(socket: Socket): void {
    this.fresh.delete(socket);
    this.proven.delete(socket);
  }
}
