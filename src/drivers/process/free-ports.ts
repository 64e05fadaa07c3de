/**
 * Ports for instances: of a range that the kernel does not take outgoing connections from, each one tried
 * before it is given, and given again as late as possible, so that a request that was meant for the
 * former owner does not find the next one. The attempt is no reservation: another program may be faster,
 * and then the instance fails to listen and is started again with another port.
 */
import { createServer } from 'node:net';
import { driverError } from '../errors.ts';

/** Ports from `from` to `to`, both included. */
export type PortRange = { readonly from: number; readonly to: number };

/** Below the range of outgoing connections on Linux (32768 and more), above what services are known by. */
export const PORT_RANGE_DEFAULT: PortRange = { from: 20_000, to: 29_999 };

/** Thread rule: one thread. One for each range of a machine. */
export class FreePorts {
  private readonly range: PortRange;
  private readonly taken: Set<number> = new Set();
  private next: number;

  /** `first`: where to begin, so that two fleets on a machine seldom try the same one. */
  constructor(range: PortRange = PORT_RANGE_DEFAULT, first: number = range.from) {
    this.range = range;
    this.next = first;
  }

  /** Somebody has it already. */
  keep(port: number): void {
    this.taken.add(port);
  }

  /** @throws (rejects) RM_DRIVER_PORTS when all are in use */
  async take(): Promise<number> {
    const { from, to } = this.range;
    for (let tried = 0; tried <= to - from; tried++) {
      const port = this.next;
      this.next = port >= to ? from : port + 1;
      if (this.taken.has(port)) continue;
      this.taken.add(port);
      if (await isFree(port)) return port;
      this.taken.delete(port);
    }
    const message = `all ports from ${from} to ${to} are in use; end something, or give a wider range.`;
    throw driverError('RM_DRIVER_PORTS', message, { from, to });
  }

  /** It is in use no more. */
  release(port: number): void {
    this.taken.delete(port);
  }
}

/** Whether a program could listen there now. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
