/**
 * Starts an inspector beside a system: a thread with a server that shows what the system does, to whoever
 * has a token. The system's own thread answers what the server asks, as plain data, between two messages.
 */
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { System } from '../runtime/index.ts';
import type { Role } from './access/roles.ts';
import { inspectorError } from './errors.ts';
import { type Mount, mountOf } from './mount.ts';
import { RECORDER_DEFAULT, type RecorderLimits } from './recorder/flight-recorder.ts';
import type { FleetDoor } from './server/fleet-door.ts';
import type { ThreadData } from './server/inspector-thread.ts';
import { Meters } from './server/meters.ts';
import { type Redaction, redactedAll, redaction } from './server/redaction.ts';
import type { Source, ToInspector, ToMain } from './server/source.ts';
import { sourceOf } from './server/system-source.ts';
import { SystemWatch } from './server/system-watch.ts';
import { monotonicMs } from './system-time.ts';

/** How to inspect. */
export type InspectOptions = {
  /**
   * For `<role>.token` (64 hexadecimal digits, mode 0600; made when they are absent) and `audit.jsonl`.
   * Made when it is absent.
   */
  readonly directory: string;
  /** 0 to 65,535; 0: any. Default 0. */
  readonly port?: number;
  /** Address to listen at. Default 127.0.0.1; one that others can reach needs `tls`. */
  readonly host?: string;
  /** PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** `host:port` by which it is called besides localhost, such as `ops.example:8443`. */
  readonly names?: readonly string[];
  /** Origins of other pages that may call it, such as `https://panel.example`. */
  readonly origins?: readonly string[];
  /**
   * What the flight recorder keeps in memory. Default: 5 minutes, at most 64 MiB, and actors while there
   * are at most 20,000. `false`: nothing.
   */
  readonly recorder?: Partial<RecorderLimits> | false;
  /**
   * Takes secrets out of texts before they leave the system's thread: of errors and traces, and all that a
   * fleet tells.
   */
  readonly redact?: (text: string) => string;
  /** Traces of an admin may tell what messages carry, after `redact`. Default: nobody's do. */
  readonly payloads?: boolean;
  /** The way to the fleet that runs beside this system; without one, nothing about a fleet is answered. */
  readonly fleet?: FleetDoor | null;
  /** An answer could not be given, or the thread ended by itself. Must not throw. */
  readonly onTrouble?: (message: string) => void;
};

/** A running inspector. */
export interface Inspector {
  readonly port: number;
  /** Of the socket: `ws://…/inspect`. */
  readonly url: string;
  /** The file with the token of a role. */
  tokenFile(role: Role): string;
  /**
   * For a program's own HTTP server, below a path such as `/inspector`. Its `Host` has to be among
   * `names`, and of a page its origin among `origins`.
   * @throws RM_INSPECT_OPTION for a prefix that is none, or with `tls`
   */
  mount(prefix: string): Mount;
  /** Hangs up on everybody; the system goes on. Again: no effect. */
  close(): Promise<void>;
  /** For `await using`: as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Characters of why an answer could not be given. */
const TROUBLE_MAX = 2000;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1']);
/** Every address of the machine: what nobody can be called by. */
const ALL: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const PREFIX = /^(\/[a-z0-9._-]+)+$/i;
const NAME = /^[a-z0-9.-]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/;
const ORIGIN = /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/;

/**
 * Thread rule: the thread that started the system. Resolves when it can be called.
 * @throws (rejects) RM_INSPECT_OPTION, RM_INSPECT_TOKEN, RM_INSPECT_AUDIT, RM_INSPECT_START
 */
export async function inspect(system: System, options: InspectOptions): Promise<Inspector> {
  const data = checked(options);
  const worker = new Worker(new URL('./server/inspector-thread.js', import.meta.url), {
    workerData: data,
    name: 'inspector',
  });
  const running = new RunningInspector(worker, system, data, options);
  await running.started;
  return running;
}

class RunningInspector implements Inspector {
  readonly started: Promise<void>;
  port: number;
  private readonly worker: Worker;
  private readonly source: Source;
  private readonly redact: Redaction;
  private readonly watch: SystemWatch;
  private readonly data: ThreadData;
  private readonly trouble: (message: string) => void;
  private readonly ended: Promise<void>;
  private closing: Promise<void> | null;

  constructor(
    worker: Worker,
    system: System,
    data: ThreadData,
    { onTrouble, fleet = null, redact: taken }: InspectOptions,
  ) {
    this.worker = worker;
    const post = (message: ToInspector): void => this.post(message);
    const redact = redaction(taken ?? ((text) => text));
    // A fleet is asked often: nothing is looked through where nothing is taken out.
    const redactAll = (value: unknown): unknown =>
      taken === undefined ? value : redactedAll(value, redact);
    this.redact = redact;
    const meters = new Meters(system, monotonicMs);
    this.source = sourceOf({ system, fleet, meters, redact, redactAll, post });
    this.watch = new SystemWatch({ system, redact, post });
    this.data = data;
    this.trouble = onTrouble ?? (() => undefined);
    this.port = 0;
    this.closing = null;
    this.ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    void this.ended.then(() => {
      this.watch.close();
      meters.close();
    });
    this.started = new Promise((resolve, reject) => {
      let isOver = false;
      // Told once: to whoever waits for the start, or as trouble.
      const end = (error: Error): void => {
        if (isOver) return;
        isOver = true;
        reject(error);
        if (this.port !== 0 && this.closing === null) this.trouble(error.message);
      };
      worker.on('message', (message: ToMain) => {
        if (message.kind === 'listening') {
          this.port = message.port;
          resolve();
        } else if (message.kind === 'failed') end(startFailed(message));
        else this.heard(message);
      });
      worker.once('error', (error: Error) => end(cannotStart(error.message, error)));
      worker.once('exit', () => end(cannotStart('its thread has ended')));
    });
    // A program whose work is done need not wait for whoever looks at it.
    this.started.then(
      () => worker.unref(),
      () => void worker.terminate(),
    );
  }

  get url(): string {
    const { host } = this.data.front;
    const scheme = this.data.front.tls === null ? 'ws' : 'wss';
    const name = ALL.has(host) ? 'localhost' : host;
    return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${this.port}/inspect`;
  }

  tokenFile(role: Role): string {
    return join(this.data.tokens, `${role}.token`);
  }

  mount(prefix: string): Mount {
    if (!PREFIX.test(prefix)) {
      throw wrong(`prefix is ${JSON.stringify(prefix)}; expected a path such as /inspector.`);
    }
    if (this.data.front.tls !== null) {
      throw wrong(
        'an inspector that is mounted listens without tls; let the server that it is mounted on.',
      );
    }
    return mountOf(this.data.front.host, this.port, prefix);
  }

  close(): Promise<void> {
    if (this.closing === null) {
      this.closing = this.ended;
      // Awaited, so that the program does not end before.
      this.worker.ref();
      this.post({ kind: 'close' });
    }
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private heard(message: Exclude<ToMain, { readonly kind: 'listening' | 'failed' }>): void {
    if (message.kind === 'ask') void this.answer(message);
    else if (message.kind === 'names-wanted') this.watch.wantNames(message.isWanted);
    else if (message.kind === 'trouble') this.trouble(`${message.method}: ${message.message}`);
    else void this.worker.terminate();
  }

  private async answer({
    id,
    what,
    args,
  }: Extract<ToMain, { readonly kind: 'ask' }>): Promise<void> {
    try {
      const look = this.source[what] as (...args: readonly unknown[]) => Promise<unknown>;
      this.post({ kind: 'answer', id, result: await look(...args) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.post({ kind: 'trouble', id, message: this.redact(message, TROUBLE_MAX) });
    }
  }

  private post(message: ToInspector): void {
    this.worker.postMessage(message);
  }
}

/** @throws RM_INSPECT_OPTION */
function checked(options: InspectOptions): ThreadData {
  const { directory, port = 0, host = '127.0.0.1', tls = null, names = [], origins = [] } = options;
  if (typeof directory !== 'string' || directory === '') {
    throw wrong(`directory is ${JSON.stringify(directory)}; expected where its tokens are kept.`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw wrong(`port is ${port}; expected a whole number from 0 to 65,535.`);
  }
  if (!LOOPBACK.has(host) && tls === null) {
    throw wrong(
      `host is ${JSON.stringify(host)}, which others can reach; give tls: { key, cert }, or listen at ` +
        '127.0.0.1.',
    );
  }
  for (const name of names) {
    if (!NAME.test(name))
      throw wrong(`${JSON.stringify(name)} is no name; expected host:port, in lower case.`);
  }
  for (const origin of origins) {
    if (!ORIGIN.test(origin)) {
      throw wrong(
        `${JSON.stringify(origin)} is no origin; expected such as https://panel.example.`,
      );
    }
  }
  const path = resolve(directory);
  return {
    recorder: recorderOf(options),
    front: { host, port, tls, names, origins },
    tokens: path,
    audit: join(path, 'audit.jsonl'),
    hasFleet: (options.fleet ?? null) !== null,
    payloads: options.payloads === true,
  };
}

/** @throws RM_INSPECT_OPTION */
function recorderOf({ recorder = {} }: InspectOptions): RecorderLimits | null {
  if (recorder === false) return null;
  const limits = { ...RECORDER_DEFAULT, ...recorder };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw wrong(`recorder.${name} is ${value}; expected a whole number from 0 on.`);
  }
  return limits;
}

const wrong = (message: string): Error => inspectorError('RM_INSPECT_OPTION', message);

/** With the code that it failed with on its thread. */
function startFailed({ message, code }: Extract<ToMain, { readonly kind: 'failed' }>): Error {
  if (code === 'RM_INSPECT_TOKEN' || code === 'RM_INSPECT_AUDIT')
    return inspectorError(code, message);
  return cannotStart(message);
}

function cannotStart(why: string, cause?: unknown): Error {
  return inspectorError('RM_INSPECT_START', `the inspector cannot start: ${why}.`, {}, cause);
}
