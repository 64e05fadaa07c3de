/**
 * The agent: a small process that outlives the brain. It starts the brain again when it dies or
 * hangs, and keeps the fleet's processes, which do not notice. No worker threads, no store, no
 * library: what it does not have cannot take it down.
 *
 *   directory/agent.json  state     agent.sock  socket (0600)     crashes/  reports
 *   directory/agent-N.lock          which process it is
 *   directory/output/ID.log         brain.log   output, bounded
 */
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type AgentLock, takeLock } from './agent-lock.ts';
import { AGENT_FILE, AgentState } from './agent-state.ts';
import { BRAIN_CONFIG_DEFAULT, type BrainConfig } from './brain.config.ts';
import { BRAIN, Brain } from './brain.ts';
import { Children } from './children.ts';
import { agentError } from './errors.ts';
import { folderMark } from './folder-mark.ts';
import {
  failureOf,
  LineReader,
  lineOf,
  type Request,
  type Response,
  requestOf,
} from './protocol.ts';
import { makeFolder } from './replaced-file.ts';
import { every, monotonicMs } from './system-time.ts';

/** How often it looks after its processes, in milliseconds. */
const LOOK_MS = 250;
/** Clients at once. */
const CLIENTS_MAX = 64;
/** Bytes that wait for a client that does not read; more, and it is cut off. */
const UNREAD_BYTES_MAX = 4_194_304;
/** The socket's path must fit the kernel's structure. */
const SOCKET_PATH_BYTES_MAX = 107;

/** What an agent needs to know. */
export type AgentOptions = {
  /** Its own: made if it is not there. One agent a directory. */
  readonly directory: string;
  readonly brain: { readonly command: string; readonly args: readonly string[] };
  readonly brainOutput?: 'file' | 'inherit';
  readonly config?: Partial<BrainConfig>;
  /** Something a person should read. */
  readonly say: (text: string) => void;
  /** The brain has ended for good, and with it this agent's work. */
  readonly ended: (code: number) => void;
};

/** A running agent. */
export type Agent = {
  readonly socket: string;
  /** Ends the brain, by force the second time; then `ended` is called. Children go on. */
  stop(): void;
  /** Lets go of everything; brain and children go on. */
  close(): void;
};

/** @throws RM_AGENT_RUNNING, RM_AGENT_STATE, RM_AGENT_OPTION */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { directory, say } = options;
  const socket = join(directory, 'agent.sock');
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) {
    const message = `${socket} is too long for a socket; use a directory with a shorter path.`;
    throw agentError('RM_AGENT_OPTION', message, { bytesMax: SOCKET_PATH_BYTES_MAX });
  }
  makeFolder(directory);
  const lock = takeLock(directory);
  try {
    await expectNobody(socket);
    const state = new AgentState(join(directory, AGENT_FILE), say);
    const host = new AgentHost(options, state, socket, lock);
    await host.listen();
    host.begin();
    say(`agent of ${directory}, pid ${process.pid}`);
    return host;
  } catch (error) {
    lock.release();
    throw error;
  }
}

class AgentHost implements Agent {
  readonly socket: string;
  private readonly children: Children;
  private readonly brain: Brain;
  private readonly state: AgentState;
  private readonly lock: AgentLock;
  private readonly server: Server;
  /** Who is connected, and which process it says it is once it has said so. */
  private readonly clients: Map<Socket, number | null>;
  private readonly say: (text: string) => void;
  private readonly directory: string;
  private readonly mark: string | null;
  private isLost = false;
  private lookedMs: number;
  private endLooking: () => void;

  constructor(options: AgentOptions, state: AgentState, socket: string, lock: AgentLock) {
    this.state = state;
    this.lock = lock;
    this.socket = socket;
    this.clients = new Map();
    this.say = options.say;
    this.directory = options.directory;
    this.mark = folderMark(options.directory);
    this.children = new Children(state, join(options.directory, 'output'), (child) =>
      this.tellAll({ event: 'exit', child }),
    );
    this.brain = new Brain({
      ...options.brain,
      config: { ...BRAIN_CONFIG_DEFAULT, ...options.config },
      directory: options.directory,
      agent: state.agent,
      socket,
      output: options.brainOutput ?? 'file',
      say: options.say,
      ended: (code) => {
        this.close();
        options.ended(code);
      },
    });
    this.server = createServer((client) => this.welcome(client));
    this.lookedMs = monotonicMs();
    this.endLooking = () => undefined;
  }

  async listen(): Promise<void> {
    // The file of an agent that is gone; somebody who listens was found out before.
    rmSync(this.socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.socket, resolve);
    });
    this.server.on('error', (error) => this.say(`a client could not be let in: ${String(error)}`));
    chmodSync(this.socket, 0o600);
  }

  begin(): void {
    this.children.adopt(BRAIN);
    this.brain.begin();
    this.endLooking = every(LOOK_MS, () => this.look());
  }

  stop(): void {
    this.brain.stop();
  }

  close(): void {
    this.endLooking();
    this.state.flush();
    this.server.close();
    for (const client of this.clients.keys()) client.destroy();
    this.brain.close();
    this.lock.release();
  }

  private look(): void {
    const nowMs = monotonicMs();
    const isLate = nowMs - this.lookedMs > 4 * LOOK_MS;
    this.lookedMs = nowMs;
    if (!this.isLost && folderMark(this.directory) !== this.mark) this.lose();
    this.children.look();
    this.brain.look(isLate);
  }

  /** Nobody finds it any more, and what lies there now is somebody else's. */
  private lose(): void {
    this.isLost = true;
    const pids = this.children.list().flatMap(({ pid, exit }) => (pid && !exit ? [pid] : []));
    const left = pids.length === 0 ? 'no process is' : `these processes are: ${pids.join(' ')}`;
    this.say(`${this.directory} was removed; the agent ends, and ${left} left, kept by nobody.`);
    this.brain.stop();
  }

  private welcome(client: Socket): void {
    if (this.clients.size >= CLIENTS_MAX) {
      client.destroy();
      return;
    }
    this.clients.set(client, null);
    const reader = new LineReader();
    client.on('error', () => client.destroy());
    client.on('close', () => this.clients.delete(client));
    client.on('data', (piece) => {
      try {
        for (const message of reader.take(piece)) void this.serve(client, message);
      } catch (error) {
        // After garbage nothing that follows can be understood.
        client.end(lineOf({ id: -1, failure: failureOf(error) }));
      }
    });
  }

  private async serve(client: Socket, message: unknown): Promise<void> {
    const { id } = message as { id?: unknown };
    let response: Response;
    try {
      const ok = (await this.perform(client, requestOf(message))) ?? null;
      response = { id: id as number, ok };
    } catch (error) {
      response = { id: id as number, failure: failureOf(error) };
    }
    if (Number.isSafeInteger(id)) this.tell(client, response);
  }

  private perform(client: Socket, request: Request): unknown {
    switch (request.do) {
      case 'hello':
        this.clients.set(client, request.pid);
        return { isBrain: this.brain.hello(request.pid, request.heapLimitBytes) };
      case 'beat': {
        // Not of anybody else, and not what the brain before this one has left in its socket.
        const pid = this.clients.get(client) ?? null;
        if (pid !== null && this.brain.owns(pid)) this.brain.beat(request.events);
        return undefined;
      }
      case 'start':
        this.state.pass(request.epoch);
        return this.children.start(request.child, request.spec);
      case 'signal':
        this.state.pass(request.epoch);
        return this.children.signal(request.child, request.signal);
      case 'forget':
        this.state.pass(request.epoch);
        return this.children.forget(request.child);
      case 'list':
        return this.children.list();
      case 'status':
        return { pid: process.pid, epoch: this.state.epoch, brain: this.brain.report() };
      case 'restart-brain':
        return this.brain.restart();
    }
  }

  private tellAll(response: Response): void {
    for (const client of this.clients.keys()) this.tell(client, response);
  }

  private tell(client: Socket, response: Response): void {
    if (client.writableLength > UNREAD_BYTES_MAX) client.destroy();
    if (!client.destroyed) client.write(lineOf(response));
  }
}

/** @throws RM_AGENT_RUNNING when somebody answers there */
function expectNobody(socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = createConnection(socket);
    call.once('connect', () => {
      call.destroy();
      reject(
        agentError('RM_AGENT_RUNNING', `an agent listens at ${socket}; use it, or end it first.`),
      );
    });
    call.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve();
      // Its socket would be removed: only that of an agent that is surely gone may be.
      else reject(agentError('RM_AGENT_RUNNING', `${socket}: ${error.message}.`, {}, error));
    });
  });
}
