/**
 * A router with a brain and instances that a test plays: all on 127.0.0.1, every wait is for an event.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import {
  type AddressInfo,
  createConnection,
  createServer as createTcp,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type BrainMessage,
  type RouteConfig,
  type RouteLine,
  type RouterHost,
  type RouterMessage,
  type RouterOptions,
  routerSocket,
  startRouter,
  type TableMessage,
} from 'ringmaster/drivers';

const MAIN = fileURLToPath(new URL('../../../dist/drivers/router/router-main.js', import.meta.url));

/** What a router says, one kind of it. */
export type Said<K extends RouterMessage['event']> = Extract<RouterMessage, { event: K }>;

/** The brain's end of a router's socket. */
export class Brain {
  readonly said: RouterMessage[] = [];
  readonly socket: Socket;
  private waiting: (() => void)[] = [];
  private rest = '';
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece) => {
      this.rest += piece.toString();
      const lines = this.rest.split('\n');
      this.rest = lines.pop() ?? '';
      for (const line of lines) this.said.push(JSON.parse(line));
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.wake();
    });
  }

  static async call(path: string): Promise<Brain> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new Brain(socket);
  }

  say(message: BrainMessage): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** The first that was said, or is; takes it. */
  async heard<K extends RouterMessage['event']>(
    event: K,
    fits: (one: Said<K>) => boolean = () => true,
  ): Promise<Said<K>> {
    for (;;) {
      const at = this.said.findIndex((one) => one.event === event && fits(one as Said<K>));
      if (at >= 0) return this.said.splice(at, 1)[0] as Said<K>;
      if (this.isClosed) throw new Error(`closed before ${event}`);
      await this.next();
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.next();
  }

  knows(service: string, routes: number): Promise<Said<'knows'>> {
    return this.heard('knows', (one) => one.service === service && one.routes === routes);
  }

  private next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** What came back. */
export type Got = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
};

/** How to ask. */
export type Ask = {
  readonly port: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};

/** One request on a connection of its own. */
export async function get(ask: Ask): Promise<Got> {
  const { port, path = '/', method = 'GET', headers = {}, body } = ask;
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
  sent.end(body);
  const [answer] = await once(sent, 'response');
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  return { status: answer.statusCode, headers: answer.headers, body: text };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createTcp();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Routes of one service, as the brain would say them. */
export function tableOf(
  port: number,
  routes: readonly RouteLine[],
  more: {
    readonly number?: number;
    readonly epoch?: number;
    readonly service?: string;
    readonly config?: Partial<RouteConfig>;
    readonly ring?: TableMessage['ring'];
    readonly weights?: TableMessage['routes']['weights'];
    readonly quarantined?: readonly string[];
    readonly beside?: Pick<TableMessage, 'second' | 'former'>;
  } = {},
): TableMessage {
  return {
    do: 'table',
    epoch: more.epoch ?? 1,
    service: more.service ?? 'shop',
    config: {
      port,
      host: null,
      path: null,
      key: null,
      timeout: 30_000,
      retries: { budget: 0.2, max: 1 },
      kind: 'stateless',
      ring: null,
      replicas: 1,
      ...more.config,
    },
    ring: more.ring ?? null,
    ...more.beside,
    routes: {
      number: more.number ?? 1,
      routes,
      weights: more.weights ?? [],
      ...(more.quarantined === undefined ? {} : { quarantined: more.quarantined }),
    },
  };
}

/** A ring of these members. */
export function ringOf(members: readonly string[], generation = 1): TableMessage['ring'] {
  return { generation, members, weights: members.map(() => 1), overrides: [] };
}

/** One machine. */
export class RouterRig {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'rm-rt-'));
  readonly path: string = routerSocket(this.directory);
  private readonly ends: (() => unknown)[] = [];
  private readonly processes: ChildProcess[] = [];
  port = 0;
  router: RouterHost | null = null;
  private instances = 0;

  /** In this process. */
  async start(options: Partial<RouterOptions> = {}): Promise<RouterHost> {
    if (this.port === 0) this.port = await freePort();
    this.router = await startRouter({ directory: this.directory, name: 'r1', ...options });
    const { router } = this;
    this.ends.push(() => router.end(0));
    return router;
  }

  /** As a process of its own; resolves with a brain when it answers. */
  async spawn(): Promise<{ readonly child: ChildProcess; readonly brain: Brain }> {
    if (this.port === 0) this.port = await freePort();
    const args = [MAIN, '--directory', this.directory, '--name', 'r1'];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    this.processes.push(child);
    for (;;) {
      try {
        return { child, brain: await this.brain() };
      } catch {
        if (child.exitCode !== null) throw new Error('the router has ended');
      }
    }
  }

  async brain(epoch = 1): Promise<Brain> {
    const brain = await Brain.call(this.path);
    this.ends.push(() => brain.socket.destroy());
    brain.say({ do: 'hello', epoch });
    await brain.heard('welcome');
    return brain;
  }

  /** Somebody who answers as `listener` says, with a line of a table. */
  async instance(
    listener: RequestListener,
    more: Partial<RouteLine> = {},
  ): Promise<RouteLine & { readonly server: Server }> {
    const server = createServer(listener);
    const line = await this.served(server, more);
    return { ...line, server };
  }

  /** The same on plain TCP. */
  async tcp(listener: (socket: Socket) => void, more: Partial<RouteLine> = {}): Promise<RouteLine> {
    return this.served(createTcp(listener) as Server, more);
  }

  /** A line for a port. */
  line(port: number, more: Partial<RouteLine> = {}): RouteLine {
    const number = this.instances++;
    const zone = more.zone ?? 'a';
    const slot = more.slot ?? `shop/eu/${zone}/${number}`;
    const named = { slot, instance: `${slot}#1`, revision: 'r1', isBaseline: false, zone, port };
    return { ...named, ...more };
  }

  private async served(server: Server, more: Partial<RouteLine>): Promise<RouteLine> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.ends.push(() => {
      server.closeAllConnections?.();
      server.close();
    });
    return this.line((server.address() as AddressInfo).port, more);
  }

  async end(): Promise<void> {
    for (const end of this.ends.reverse()) await end();
    for (const child of this.processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
