/** A client of the inspector for benchmarks: takes frames of actors in and acknowledges them; or stalls. */
import { decodeColumns } from 'ringmaster/inspector';
import { WebSocket } from 'ws';

/** Where an inspector is. */
export type Where = { readonly url: string; readonly token: string };

/** One client. */
export class Looker {
  readonly socket: WebSocket;
  /** Ranges that were taken in whole, bytes of frames, and changed rows. */
  ranges = 0;
  bytes = 0;
  rows = 0;
  private ids = 0;
  private heard: (data: Buffer, isBinary: boolean) => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => this.heard(data as Buffer, isBinary));
  }

  /** Open and greeted. */
  static async connect({ url, token }: Where): Promise<Looker> {
    const headers = { authorization: `Bearer ${token}` };
    const looker = new Looker(new WebSocket(url, 'ringmaster.inspect.v1', { headers }));
    await new Promise((resolve, reject) =>
      looker.socket.once('open', resolve).once('error', reject),
    );
    const greeted = new Promise<void>((resolve) => {
      looker.heard = () => resolve();
    });
    looker.ask('System.hello', { protocol: { major: 1, minor: 0 } });
    await greeted;
    return looker;
  }

  /** Takes frames in from now on. @returns when at least so many rows have come, in whole ranges */
  look(hz: number, rows: number): Promise<void> {
    return new Promise((resolve) => {
      this.heard = (data, isBinary) => {
        if (!isBinary) return;
        const frame = decodeColumns(Uint8Array.from(data).buffer);
        this.bytes += data.length;
        this.rows += frame.changed.row.length;
        this.ask('Topics.acknowledge', { sub: frame.sub, frame: frame.frame });
        if (!frame.isLast) return;
        this.ranges++;
        if (this.rows >= rows) resolve();
      };
      this.ask('Topics.subscribe', { topic: 'actors', hz });
    });
  }

  /** Told each event of a topic of JSON. */
  hear(topic: string, heard: (text: string) => void): void {
    this.heard = (data) => {
      const text = data.toString();
      if (!text.startsWith('{"method"')) return;
      heard(text);
      const { sub, frame } = JSON.parse(text) as { readonly sub: number; readonly frame: number };
      this.ask('Topics.acknowledge', { sub, frame });
    };
    this.ask('Topics.subscribe', { topic, hz: 30 });
  }

  /** Has an actor measured, for ten seconds. */
  measure(path: string): void {
    this.ask('Actors.measure', { path });
  }

  /** Subscribes, and reads nothing any more. */
  stall(): void {
    this.ask('Topics.subscribe', { topic: 'actors', hz: 30 });
    this.socket.pause();
  }

  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    this.socket.terminate();
    return closed;
  }

  private ask(method: string, params: unknown): void {
    this.socket.send(JSON.stringify({ id: ++this.ids, method, params }));
  }
}
