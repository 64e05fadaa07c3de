/** How many connections there are, from each address and in all; one too many is ended at once. */
import type { Socket } from 'node:net';

/** Thread rule: the server's. */
export class ConnectionCount {
  private readonly perAddress: number;
  private readonly inAll: number;
  private readonly counts: Map<string, number>;
  private total: number;

  constructor(perAddress: number, inAll: number) {
    this.perAddress = perAddress;
    this.inAll = inAll;
    this.counts = new Map();
    this.total = 0;
  }

  came(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const count = (this.counts.get(address) ?? 0) + 1;
    if (count > this.perAddress || this.total >= this.inAll) {
      socket.destroy();
      return;
    }
    this.total++;
    this.counts.set(address, count);
    socket.once('close', () => this.went(address));
  }

  private went(address: string): void {
    this.total--;
    const left = (this.counts.get(address) ?? 1) - 1;
    if (left === 0) this.counts.delete(address);
    else this.counts.set(address, left);
  }
}
