/** A port of this machine that a server of ours listens at, for whoever asks by HTTP: opened and closed. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** 0: any port. @returns the port. @throws (rejects) what the system says */
export async function listenLocally(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Hangs up on everybody. */
export function hangUp(server: Server): void {
  server.close();
  server.closeAllConnections();
}
