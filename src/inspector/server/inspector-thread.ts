/**
 * Entry of the inspector's thread: sockets, JSON and secrets stay here, off the threads where actors run.
 * Started by inspect.ts; refuses to run anywhere else.
 */
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { AuditLog } from '../access/audit-log.ts';
import { Tickets } from '../access/tickets.ts';
import { Tokens } from '../access/tokens.ts';
import { inspectorError } from '../errors.ts';
import { FlightRecorder, type RecorderLimits } from '../recorder/flight-recorder.ts';
import { after, every, monotonicMs, secretText, wallIso } from '../system-time.ts';
import { Board } from '../topics/board.ts';
import { actorList } from './actor-list.ts';
import { answersOf } from './answers.ts';
import { connections } from './connection.ts';
import { Feeds } from './feeds.ts';
import { FLEET_LOOK_MS, FleetFeed } from './fleet-feed.ts';
import { type FrontOptions, HttpFront } from './http-front.ts';
import { readPage } from './page-files.ts';
import { RemoteSource } from './remote-source.ts';
import { PING_MS, Sockets } from './sockets.ts';
import type { Source, ToInspector, ToMain } from './source.ts';
import { TraceDesk } from './trace-desk.ts';

/** What the thread is started with. */
export type ThreadData = {
  readonly front: FrontOptions;
  readonly tokens: string;
  readonly audit: string;
  /** Null: nothing is recorded. */
  readonly recorder: RecorderLimits | null;
  readonly hasFleet: boolean;
  /** Traces may tell what messages carry. */
  readonly payloads: boolean;
};

/** Milliseconds between two looks what is due: a bit below those of the fastest client. */
const TICK_MS = 30;
const SECOND_MS = 1000;

if (isMainThread || parentPort === null) {
  throw inspectorError(
    'RM_INSPECT_START',
    'inspector-thread.js is started by inspect() as a thread.',
  );
}
const main: MessagePort = parentPort;
const post = (message: ToMain): void => main.postMessage(message);

function failed(error: unknown): void {
  const { message, code = '' } = error as { readonly message: string; readonly code?: string };
  post({ kind: 'failed', message, code });
}

/** What is known of the system and its fleet, kept up to date. */
function known(source: Source, epoch: string, { hasFleet, recorder: limits }: ThreadData) {
  const board = new Board({
    epoch,
    hasFleet,
    nowMs: monotonicMs,
    soon: (callback) => void after(0, callback),
    wanted: (name, isWanted) => {
      fleet.wanted(name, isWanted);
      if (name !== 'actors') return;
      // What came late for those before is not what there is now.
      board.topics.actors.forget();
      post({ kind: 'names-wanted', isWanted });
    },
  });
  const feeds = new Feeds(board, source);
  const fleet = new FleetFeed(board, source);
  const recorder =
    limits === null
      ? null
      : new FlightRecorder({
          board,
          limits,
          nowIso: wallIso,
          actors: () => feeds.actors,
          decisionsMs: () => fleet.decisionsMs(),
        });
  return { board, feeds, fleet, recorder };
}

async function serve(data: ThreadData): Promise<void> {
  const { front: options, tokens: directory, audit: file, hasFleet, payloads } = data;
  const tokens = new Tokens({ directory, secretText });
  const audit = new AuditLog(file);
  const remote = new RemoteSource(post);
  const sockets = new Sockets();
  const epoch = secretText().slice(0, 16);
  const { board, feeds, fleet, recorder } = known(remote.source, epoch, data);
  const answerers = answersOf({
    source: remote.source,
    audit,
    actors: actorList(board),
    findings: () => feeds.findings(),
    now: wallIso,
    nowMs: monotonicMs,
  });
  const desk = new TraceDesk(remote.source, payloads);
  const connect = connections({
    board,
    desk,
    answerers,
    epoch,
    hasFleet,
    failed: (method, error) => post({ kind: 'trouble', method, message: String(error) }),
  });
  const front = new HttpFront({
    options,
    tokens,
    tickets: new Tickets(secretText),
    page: readPage(),
    nowMs: monotonicMs,
    recording: () => recorder?.file() ?? null,
    trouble: (message) => post({ kind: 'trouble', method: 'server', message }),
    welcome: (request, socket, head, role) =>
      sockets.take(request, socket, head, (client) =>
        connect(client, { role, from: request.socket.remoteAddress ?? '' }),
      ),
  });
  const ends = [
    every(PING_MS, () => sockets.ping()),
    every(TICK_MS, () => board.tick(monotonicMs())),
    every(SECOND_MS, () => {
      feeds.second();
      recorder?.second(monotonicMs());
    }),
    every(FLEET_LOOK_MS, () => fleet.look()),
  ];
  main.on('message', (message: ToInspector) => {
    if (message.kind === 'answer' || message.kind === 'trouble') remote.answered(message);
    else if (message.kind === 'traced') desk.news(message.trace, message.report);
    else if (message.kind !== 'close') feeds.heard(message);
    if (message.kind !== 'close') return;
    for (const end of ends) end();
    sockets.close();
    front.close();
    audit.close();
    post({ kind: 'closed' });
    main.close();
  });
  post({ kind: 'listening', port: await front.listen() });
}

serve(workerData as ThreadData).catch(failed);
