/** A client of the protocol for tests: asks, subscribes, keeps what a topic tells, acknowledges. */
import { readFileSync } from 'node:fs';
import type { Changed, Inspector, ResultOf, Role } from 'ringmaster/inspector';
import { WebSocket } from 'ws';
import { type ActorFrame, decodeColumns } from '../../src/inspector/protocol/columns.ts';

/** What a trace tells. */
type TraceEvent = {
  readonly method: 'Trace.messages';
  readonly trace: number;
  readonly params: {
    readonly messages: readonly {
      readonly name: string;
      readonly outcome: string;
      readonly error: string | null;
      readonly payload: string | null;
    }[];
    readonly skipped: number;
    readonly end: string | null;
  };
};

type Answer = { readonly id: number; readonly result?: unknown; readonly error?: { name: string } };

/** An actor as the frames tell it. */
export type SeenActor = {
  path: string;
  thread: number;
  handled: number;
  depth: number;
  restarts: number;
  waitUs: number;
};

/** What one subscription knows. */
export class Seen {
  readonly rows: Map<string, unknown> = new Map();
  readonly actors: Map<number, SeenActor> = new Map();
  /** Ranges that are complete. */
  ranges: (readonly [number, number])[] = [];
  frames = 0;
  at = 0;

  take(frame: Changed | ActorFrame): void {
    this.frames++;
    if (frame.from !== this.at && frame.from !== 0)
      throw new Error(`a gap: ${frame.from}, not ${this.at}`);
    if (frame.isFirst && frame.from === 0) {
      this.rows.clear();
      this.actors.clear();
    }
    if ('params' in frame) {
      for (const key of frame.params.gone) this.rows.delete(key);
      for (const [key, row] of Object.entries(frame.params.set)) this.rows.set(key, row);
    } else this.takeColumns(frame);
    if (!frame.isLast) return;
    this.at = frame.to;
    this.ranges.push([frame.from, frame.to]);
  }

  private takeColumns({ gone, named, changed }: ActorFrame): void {
    for (const row of gone) this.actors.delete(row);
    let begin = 0;
    named.row.forEach((row, i) => {
      const end = named.end[i] as number;
      const path = named.paths.slice(begin, end);
      begin = end;
      const thread = named.thread[i] as number;
      this.actors.set(row, { path, thread, handled: 0, depth: 0, restarts: 0, waitUs: Number.NaN });
    });
    changed.row.forEach((row, i) => {
      const actor = this.actors.get(row) as SeenActor;
      actor.handled = changed.handled[i] as number;
      actor.depth = changed.depth[i] as number;
      actor.restarts = changed.restarts[i] as number;
      actor.waitUs = changed.waitUs[i] as number;
    });
  }

  /** The actor of that path. */
  actor(path: string): SeenActor | undefined {
    return [...this.actors.values()].find((one) => one.path === path);
  }
}

export class Client {
  readonly socket: WebSocket;
  /** Settles when it is hung up, with the close code. */
  readonly closed: Promise<number>;
  hello: ResultOf<'System.hello'> | null = null;
  private readonly open: Map<number, (answer: Answer) => void> = new Map();
  private readonly seen: Map<number, Seen> = new Map();
  private looks: (() => void)[] = [];
  private ids = 0;
  readonly traced: TraceEvent[] = [];
  /** Frames are taken in and not acknowledged. */
  isSilent = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    socket.on('message', (data, isBinary) => this.heard(data as ArrayBuffer, isBinary));
  }

  static async connect(inspector: Inspector, role: Role): Promise<Client> {
    const token = readFileSync(inspector.tokenFile(role), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}` };
    const client = new Client(new WebSocket(inspector.url, 'ringmaster.inspect.v1', { headers }));
    await new Promise<void>((resolve, reject) => {
      client.socket.once('open', () => resolve());
      client.socket.once('error', reject);
    });
    const params = { protocol: { major: 1, minor: 0 } };
    client.hello = (await client.ask('System.hello', params)) as ResultOf<'System.hello'>;
    return client;
  }

  /** @throws (rejects) with the name of the error */
  async ask(method: string, params: unknown = {}): Promise<unknown> {
    const answer = await this.answer(method, params);
    if (answer.error !== undefined) throw new Error(answer.error.name);
    return answer.result;
  }

  answer(method: string, params: unknown = {}): Promise<Answer> {
    const id = ++this.ids;
    const answered = new Promise<Answer>((resolve) => this.open.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }

  async subscribe(topic: string, more: object = {}, seen: Seen = new Seen()): Promise<Seen> {
    // Frames may come before the answer is looked at: numbers count up from 1 in each connection.
    this.seen.set(this.seen.size + 1, seen);
    await this.ask('Topics.subscribe', { topic, ...more });
    return seen;
  }

  /** Resolves when what was seen is so. Rejects when the connection ends before. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (isSo()) resolve();
        else this.looks.push(look);
      };
      look();
      void this.closed.then((code) => reject(new Error(`it was hung up: ${code}`)));
    });
  }

  close(): Promise<number> {
    this.socket.close();
    return this.closed;
  }

  private heard(data: ArrayBuffer, isBinary: boolean): void {
    if (isBinary) this.take(decodeColumns(data));
    else {
      const message = JSON.parse(Buffer.from(data).toString()) as Answer | Changed | TraceEvent;
      if ('trace' in message) this.traced.push(message);
      else if ('method' in message) this.take(message);
      else {
        this.open.get(message.id)?.(message);
        this.open.delete(message.id);
      }
    }
    const looks = this.looks;
    this.looks = [];
    for (const look of looks) look();
  }

  private take(frame: Changed | ActorFrame): void {
    this.seen.get(frame.sub)?.take(frame);
    const { sub, frame: number } = frame;
    if (!this.isSilent) void this.answer('Topics.acknowledge', { sub, frame: number });
  }
}
