/**
 * The local socket of a host: one JSON object a line, `{id, method, params}` answered by `{id, result}`
 * or `{id, error: {code, message}}`. Only the owner of its directory can open it. What is no question
 * costs its connection, and nothing else; a client that does not read its answers is cut off.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { LineReader } from '../../agent/index.ts';
import { driverError } from '../errors.ts';
import type { HostMethods } from './host-methods.ts';
import type { Params } from './params.ts';

/** Clients at once. More are hung up on. */
const CLIENTS_MAX = 64;
/** Bytes of answers that a client has not read yet. Higher: memory for those that stall. */
const UNREAD_BYTES_MAX = 8_388_608;
/** The socket's path must fit the kernel's structure. */
const PATH_BYTES_MAX = 107;

/** Thread rule: the host's. */
export class ControlServer {
  private readonly server: Server;
  private readonly path: string;
  private readonly methods: HostMethods['methods'];
  private readonly clients: Set<Socket> = new Set();

  constructor(path: string, { methods }: Pick<HostMethods, 'methods'>) {
    this.path = path;
    this.methods = methods;
    this.server = createServer((client) => this.welcome(client));
  }

  /** @throws (rejects) RM_HOST_OPTION for a path that is too long; what the system says */
  async listen(): Promise<void> {
    const { path, server } = this;
    if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
      const message = `${path} is too long for a socket; use a directory with a shorter path.`;
      throw driverError('RM_HOST_OPTION', message, { bytesMax: PATH_BYTES_MAX });
    }
    // Of a host that is gone: who leads has the store, and nobody else comes here.
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  }

  /** Hangs up on everybody. */
  close(): void {
    this.server.close();
    for (const client of this.clients) client.destroy();
  }

  private welcome(client: Socket): void {
    if (this.clients.size >= CLIENTS_MAX) {
      client.destroy();
      return;
    }
    this.clients.add(client);
    const reader = new LineReader();
    client.on('error', () => client.destroy());
    client.on('close', () => this.clients.delete(client));
    client.on('data', (piece) => {
      try {
        for (const message of reader.take(piece)) void this.answer(client, message);
      } catch (error) {
        // After garbage nothing that follows can be understood.
        client.end(`${JSON.stringify({ id: null, error: failureOf(error) })}\n`);
      }
    });
  }

  private async answer(client: Socket, message: unknown): Promise<void> {
    const { id, method, params } = message as Params;
    let answer: unknown;
    try {
      answer = { id, result: (await this.called(method, params)) ?? null };
    } catch (error) {
      answer = { id, error: failureOf(error) };
    }
    if (client.writableLength > UNREAD_BYTES_MAX) client.destroy();
    if (!client.destroyed) client.write(`${JSON.stringify(answer)}\n`);
  }

  private called(method: unknown, params: unknown): Promise<unknown> {
    const name = String(method);
    const found = Object.hasOwn(this.methods, name) ? this.methods[name] : undefined;
    if (found === undefined) {
      const known = Object.keys(this.methods).join(', ');
      const message = `method is ${name.slice(0, 80)}; expected one of ${known}.`;
      throw driverError('RM_CONTROL_MESSAGE', message);
    }
    if (params !== undefined && (typeof params !== 'object' || params === null)) {
      throw driverError('RM_CONTROL_MESSAGE', 'params are no object; send one.');
    }
    return found((params ?? {}) as Params);
  }
}

function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return { code: String(code ?? 'RM_CONTROL_REFUSED'), message: String(message ?? error) };
}
