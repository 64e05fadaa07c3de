/**
 * The other end of the agent's socket, for the brain and for tools. Calls again when the agent was
 * replaced; an act is then repeated by whoever ordered it, which is harmless: acts are idempotent.
 */
import { createConnection, type Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import { agentError } from './errors.ts';
import {
  type Act,
  type BrainReport,
  type ChildReport,
  type ChildSpec,
  errorOf,
  LineReader,
  lineOf,
  type Response,
} from './protocol.ts';
import { after, every } from './system-time.ts';

/** Milliseconds between two signs of life, and between two attempts to call. */
const BEAT_MS = 250;
const CALL_AGAIN_MS = 100;
/** Milliseconds that an act may take. */
const ACT_MS = 10_000;
/** Events between two signs of life; of more the oldest are dropped. */
const EVENTS_MAX = 64;
/** Of one event, as JSON: so many of the longest fit into one message. */
const EVENT_CHARS_MAX = 4096;

type Waiting = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
};

/** What the agent says of itself. */
export type AgentStatus = {
  readonly pid: number;
  readonly epoch: number;
  readonly brain: BrainReport;
};

/** How to be a client. */
export type ClientOptions = {
  readonly socket: string;
  /** A child has ended. Not for those that ended while there was no connection: see `list`. */
  readonly onExit?: (child: ChildReport) => void;
  /** Connected again: what was ordered meanwhile may not have arrived. */
  readonly onReconnect?: () => void;
};

/** @throws (rejects) RM_AGENT_GONE when nobody answers */
export async function connectAgent(options: ClientOptions): Promise<AgentClient> {
  const client = new AgentClient(options);
  await client.open();
  return client;
}

/** Thread rule: the thread that made it. */
export class AgentClient {
  private readonly options: ClientOptions;
  private readonly waiting: Map<number, Waiting>;
  private socket: Socket | null;
  private numbers: number;
  private isClosed: boolean;
  private endBeating: () => void;
  private cancelCall: () => void;
  private events: unknown[];

  constructor(options: ClientOptions) {
    this.options = options;
    this.waiting = new Map();
    this.socket = null;
    this.numbers = 0;
    this.isClosed = false;
    this.endBeating = () => undefined;
    this.cancelCall = () => undefined;
    this.events = [];
  }

  /** Calls the agent. Once, by `connectAgent`. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.options.socket);
      socket.once('connect', () => {
        this.connected(socket);
        resolve();
      });
      socket.once('error', (error) => {
        const message = `no agent answers at ${this.options.socket}; start one.`;
        reject(agentError('RM_AGENT_GONE', message, {}, error));
      });
    });
  }

  /**
   * Says who this process is and from then on that its main thread lives. @returns whether the
   * agent takes it for its brain
   */
  async beat(): Promise<boolean> {
    const isBrain = await this.hello();
    this.endBeating();
    this.endBeating = every(BEAT_MS, () => {
      const events = this.events;
      this.events = [];
      this.cast({ do: 'beat', events });
    });
    return isBrain;
  }

  /**
   * Notes an event for the crash report, should there be one: plain data, small.
   * @throws RM_AGENT_MESSAGE for what JSON cannot hold, or that is longer than EVENT_CHARS_MAX
   */
  note(event: unknown): void {
    const plain = plainEvent(event);
    if (this.events.length >= EVENTS_MAX) this.events.shift();
    this.events.push(plain);
  }

  /** @throws (rejects) RM_AGENT_FENCED, RM_AGENT_CHILD, RM_AGENT_BUSY, RM_AGENT_GONE, RM_AGENT_TIMEOUT */
  start(epoch: number, child: string, spec: ChildSpec): Promise<ChildReport> {
    return this.call({ do: 'start', epoch, child, spec }) as Promise<ChildReport>;
  }

  /** @returns whether it was running; rejects as `start` */
  signal(epoch: number, child: string, signal: string): Promise<boolean> {
    return this.call({ do: 'signal', epoch, child, signal }) as Promise<boolean>;
  }

  /** Drops the record of one that has ended; rejects as `start`. */
  async forget(epoch: number, child: string): Promise<void> {
    await this.call({ do: 'forget', epoch, child });
  }

  list(): Promise<readonly ChildReport[]> {
    return this.call({ do: 'list' }) as Promise<readonly ChildReport[]>;
  }

  status(): Promise<AgentStatus> {
    return this.call({ do: 'status' }) as Promise<AgentStatus>;
  }

  /** Starts the brain again after a crash loop. */
  async restartBrain(): Promise<void> {
    await this.call({ do: 'restart-brain' });
  }

  close(): void {
    this.isClosed = true;
    this.endBeating();
    this.cancelCall();
    this.socket?.destroy();
    this.failAll();
  }

  private async hello(): Promise<boolean> {
    const heapLimitBytes = getHeapStatistics().heap_size_limit;
    const answer = await this.call({ do: 'hello', pid: process.pid, heapLimitBytes });
    return (answer as { isBrain: boolean }).isBrain;
  }

  private connected(socket: Socket): void {
    if (this.isClosed) {
      socket.destroy();
      return;
    }
    const reader = new LineReader();
    this.socket = socket;
    socket.removeAllListeners('error');
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece) => {
      try {
        for (const message of reader.take(piece)) this.hear(message as Response);
      } catch {
        socket.destroy();
      }
    });
    socket.on('close', () => this.lost());
  }

  private hear(response: Response): void {
    if ('event' in response) {
      this.options.onExit?.(response.child);
      return;
    }
    const waiting = this.waiting.get(response.id);
    if (waiting === undefined) return;
    this.waiting.delete(response.id);
    waiting.cancel();
    if ('failure' in response) waiting.reject(errorOf(response.failure));
    else waiting.resolve(response.ok);
  }

  private lost(): void {
    this.socket = null;
    this.failAll();
    this.callAgain();
  }

  private callAgain(): void {
    if (this.isClosed) return;
    this.cancelCall = after(CALL_AGAIN_MS, () => {
      this.open().then(
        () => {
          void this.hello().catch(() => undefined);
          this.options.onReconnect?.();
        },
        () => this.callAgain(),
      );
    });
  }

  private failAll(): void {
    for (const { reject, cancel } of this.waiting.values()) {
      cancel();
      reject(agentError('RM_AGENT_GONE', 'the agent went away before it answered; ask again.'));
    }
    this.waiting.clear();
  }

  private call(act: Act): Promise<unknown> {
    const { socket } = this;
    if (socket === null) {
      const message = 'no agent is connected now; wait for onReconnect and ask again.';
      return Promise.reject(agentError('RM_AGENT_GONE', message));
    }
    const id = ++this.numbers;
    return new Promise((resolve, reject) => {
      const cancel = after(ACT_MS, () => {
        this.waiting.delete(id);
        const message = `${act.do} got no answer within ${ACT_MS} ms; it may have been done.`;
        reject(agentError('RM_AGENT_TIMEOUT', message));
      });
      this.waiting.set(id, { resolve, reject, cancel });
      socket.write(lineOf({ ...act, id }));
    });
  }

  private cast(act: Act): void {
    this.socket?.write(lineOf(act));
  }
}

/** The event as it is now; here and not in a beat, where nobody could catch what goes wrong. */
function plainEvent(event: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(event);
  } catch (error) {
    throw agentError('RM_AGENT_MESSAGE', 'an event is no plain data; note plain data.', {}, error);
  }
  if (text !== undefined && text.length <= EVENT_CHARS_MAX) return JSON.parse(text);
  const got = text === undefined ? typeof event : `${text.length} characters`;
  const message = `an event is ${got}; note plain data of at most ${EVENT_CHARS_MAX} characters.`;
  throw agentError('RM_AGENT_MESSAGE', message);
}
