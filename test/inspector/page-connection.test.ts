/** The page's connection against a world that is made up: tickets, sockets, time. */
import { beforeEach, describe, expect, test } from 'vitest';
import { backoffMs } from '../../src/inspector/page/connection/backoff.ts';
import { Connection } from '../../src/inspector/page/connection/connection.ts';
import type {
  Ports,
  SocketEvents,
  TicketAnswer,
} from '../../src/inspector/page/connection/ports.ts';
import { Subscriptions } from '../../src/inspector/page/connection/subscriptions.ts';
import { Table } from '../../src/inspector/page/tables/table.ts';

type Asked = { readonly id: number; readonly method: string; readonly params: unknown };

/** A server and a browser in one. */
class World {
  nowMs = 0;
  ticket: TicketAnswer | null = { status: 200, ticket: 'once' };
  readonly sockets: { readonly events: SocketEvents; readonly said: Asked[]; isClosed: boolean }[] =
    [];
  private timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  readonly ports: Ports = {
    ticketFor: () =>
      this.ticket === null ? Promise.reject(new Error()) : Promise.resolve(this.ticket),
    openSocket: (_protocols, events) => {
      const socket = { events, said: [] as Asked[], isClosed: false };
      this.sockets.push(socket);
      return {
        send: (text) => void socket.said.push(JSON.parse(text)),
        close: () => {
          socket.isClosed = true;
        },
      };
    },
    saveRecording: () => Promise.resolve(404),
    after: (ms, callback) => {
      const timer = { atMs: this.nowMs + ms, callback };
      this.timers.push(timer);
      return () => {
        this.timers = this.timers.filter((one) => one !== timer);
      };
    },
    nowMs: () => this.nowMs,
    epochMsOf: Date.parse,
    chance: () => 1,
  };

  /** Time goes on. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    const due = this.timers.filter(({ atMs }) => atMs <= this.nowMs);
    this.timers = this.timers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { callback } of due) callback();
    await settled();
  }

  /** The last socket. */
  get socket() {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('nobody has opened a socket');
    return socket;
  }

  /** What was asked last of a method. */
  asked(method: string): Asked | undefined {
    return this.socket.said.findLast((one) => one.method === method);
  }

  async answer(method: string, answer: object): Promise<void> {
    this.socket.events.text(JSON.stringify({ id: this.asked(method)?.id, ...answer }));
    await settled();
  }

  async greet(epoch = 'e1'): Promise<void> {
    await settled();
    this.socket.events.opened();
    await settled();
    const nowIso = '2026-01-01T00:00:10.000Z';
    const methods = ['System.hello', 'System.figures'];
    const result = {
      protocol: { major: 1, minor: 0 },
      epoch,
      role: 'viewer',
      nowMs: 500,
      nowIso,
      methods,
    };
    await this.answer('System.hello', { result });
  }

  async tell(change: object): Promise<void> {
    const event = {
      method: 'Topics.changed',
      params: { set: {}, gone: [] },
      sub: 7,
      frame: 1,
      ...change,
    };
    this.socket.events.text(JSON.stringify({ isFirst: true, isLast: true, ...event }));
    await settled();
  }
}

/** All promises that are under way have gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let world: World;
let table: Table<unknown>;
let subscriptions: Subscriptions;
let connection: Connection;
let kept: string | null;

beforeEach(() => {
  world = new World();
  table = new Table();
  kept = 'token';
  subscriptions = new Subscriptions(world.ports, () => table);
  connect();
});

function connect(): void {
  const keptToken = {
    read: () => kept,
    write: (token: string | null) => {
      kept = token;
    },
  };
  connection = new Connection(world.ports, keptToken, subscriptions);
}

describe('connection', () => {
  test('connection - a kept token opens it, and tells what may be asked', async () => {
    await world.greet();
    expect(connection.state).toEqual({ kind: 'open' });
    expect([connection.may('System.figures'), connection.may('Actors.stop')]).toEqual([
      true,
      false,
    ]);
    expect(connection.peopleMs(1500)).toBe(Date.parse('2026-01-01T00:00:11.000Z'));
  });

  test('connection - a token that nobody knows is forgotten', async () => {
    world.ticket = { status: 401 };
    connection.signIn('wrong');
    await settled();
    expect(connection.state).toMatchObject({ kind: 'signed-out', because: expect.any(String) });
    expect(kept).toBeNull();
  });

  test('connection - a server that is away is tried again, later and later', async () => {
    world.ticket = null;
    connection.connect();
    await settled();
    const waits: number[] = [];
    for (let time = 0; time < 8; time++) {
      const { state } = connection;
      if (state.kind !== 'waiting') throw new Error(`it is ${state.kind}`);
      waits.push(state.untilMs - world.nowMs);
      await world.pass(state.untilMs - world.nowMs);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(backoffMs(3, 0)).toBe(1000);
    world.ticket = { status: 200, ticket: 'once' };
    await world.pass(10_000);
    await world.greet();
    expect(connection.state.kind).toBe('open');
  });

  test('connection - another major version is told, and not tried again', async () => {
    await settled();
    world.socket.events.opened();
    await settled();
    const error = { name: 'version', message: 'the client speaks 1.0, the server 2.0' };
    await world.answer('System.hello', { error });
    expect(connection.state).toEqual({ kind: 'mismatch', because: error.message });
    const tries = world.sockets.length;
    await world.pass(60_000);
    expect(world.sockets).toHaveLength(tries);
  });

  test('connection - questions fail with the connection, or with what the server says', async () => {
    await world.greet();
    const refused = connection.ask('System.figures', {}).catch((error) => error.reason);
    await world.answer('System.figures', { error: { name: 'busy', message: 'wait' } });
    expect(await refused).toBe('busy');
    const lost = connection.ask('System.figures', {}).catch((error) => error.reason);
    world.socket.events.closed(1006, '');
    expect(await lost).toBe('lost');
    expect(await connection.ask('System.figures', {}).catch((error) => error.reason)).toBe('lost');
  });

  test('connection - events of a trace go to who listens, unknown ones to nobody', async () => {
    await world.greet();
    const told: unknown[] = [];
    connection.traceListeners.add((event) => told.push(event.trace));
    await world.tell({ method: 'Trace.messages', trace: 3 });
    await world.tell({ method: 'Sun.rose' });
    expect(told).toEqual([3]);
    expect(connection.state.kind).toBe('open');
  });

  test('connection - whoever signs out of a recording and in again sees the server', async () => {
    await world.greet();
    const replaying = { knows: () => true, peopleMs: () => 7, serverMs: () => 7 };
    connection.replay(replaying);
    expect([connection.knows('Actors.stop'), connection.serverMs()]).toEqual([true, 7]);
    connection.signOut();
    connection.signIn('token');
    await world.greet();
    expect(connection.state).toEqual({ kind: 'open' });
    expect([connection.knows('Actors.stop'), connection.serverMs()]).toEqual([false, 500]);
  });

  test('connection - what comes late from an earlier try is nobody’s', async () => {
    await world.greet();
    connection.signOut();
    expect(world.socket.isClosed).toBe(true);
    await world.pass(60_000);
    expect(connection.state).toEqual({ kind: 'signed-out', because: null });
  });
});

describe('subscriptions', () => {
  const subscribed = (): Promise<void> =>
    world.answer('Topics.subscribe', { result: { sub: 7, hz: 4 } });
  const asked = (): unknown => world.asked('Topics.subscribe')?.params;

  test('subscriptions - frames are taken in, and acknowledged', async () => {
    subscriptions.hold('system');
    await world.greet();
    expect(asked()).toEqual({ topic: 'system', hz: 4 });
    await subscribed();
    await world.tell({ from: 0, to: 3, params: { set: { now: { actors: 5 } }, gone: [] } });
    expect(table.rows.get('now')).toEqual({ actors: 5 });
    expect(world.asked('Topics.acknowledge')?.params).toEqual({ sub: 7, frame: 1 });
  });

  test('subscriptions - a frame that comes before its answer is not lost', async () => {
    subscriptions.hold('system');
    await world.greet();
    await world.tell({ from: 0, to: 3, params: { set: { now: 1 }, gone: [] } });
    await subscribed();
    expect(table.rows.size).toBe(1);
    expect(world.asked('Topics.acknowledge')?.params).toEqual({ sub: 7, frame: 1 });
  });

  test('subscriptions - a new connection goes on where the old one was', async () => {
    subscriptions.hold('system');
    await world.greet();
    await subscribed();
    await world.tell({ from: 0, to: 3 });
    world.socket.events.closed(1001, 'the inspector ends');
    await world.pass(250);
    await world.greet();
    expect(asked()).toEqual({ topic: 'system', hz: 4, resume: { epoch: 'e1', at: 3 } });
  });

  test('subscriptions - another run of the server is asked for everything', async () => {
    subscriptions.hold('system');
    await world.greet();
    await subscribed();
    await world.tell({ from: 0, to: 3 });
    world.socket.events.closed(1001, '');
    await world.pass(250);
    await world.greet('e2');
    expect(asked()).toEqual({ topic: 'system', hz: 4 });
  });

  test('subscriptions - nor does another run go on where a topic was that nobody held', async () => {
    const release = subscriptions.hold('system');
    await world.greet();
    await subscribed();
    await world.tell({ from: 0, to: 3 });
    release();
    await world.pass(10_000);
    world.socket.events.closed(1001, '');
    await world.pass(250);
    await world.greet('e2');
    subscriptions.hold('system');
    expect(asked()).toEqual({ topic: 'system', hz: 4 });
  });

  test('subscriptions - after a gap everything is asked for anew', async () => {
    subscriptions.hold('system');
    await world.greet();
    await subscribed();
    await world.tell({ from: 0, to: 3 });
    await world.tell({ from: 5, to: 6, frame: 2 });
    expect(world.asked('Topics.unsubscribe')?.params).toEqual({ sub: 7 });
    expect(asked()).toEqual({ topic: 'system', hz: 4 });
  });

  test('subscriptions - a topic goes on for a while after the last view has let go of it', async () => {
    const release = subscriptions.hold('system');
    await world.greet();
    await subscribed();
    release();
    await world.pass(5000);
    const again = subscriptions.hold('system');
    await world.pass(60_000);
    expect(world.asked('Topics.unsubscribe')).toBeUndefined();
    again();
    await world.pass(10_000);
    expect(world.asked('Topics.unsubscribe')?.params).toEqual({ sub: 7 });
  });

  test('subscriptions - a topic that the server has not is told to be so', async () => {
    subscriptions.hold('system');
    await world.greet();
    await world.answer('Topics.subscribe', { error: { name: 'unsupported', message: 'no fleet' } });
    expect(table.state).toBe('unsupported');
  });
});
