/**
 * A router host, whole: tables from the brain or from the disk, listeners, exchanges, measurements. It
 * decides nothing about who serves; it goes on by its last tables when nobody tells it anything. Started
 * by router-main.ts as a process of its own, and by tests.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { seededRandom } from '../../runtime/index.ts';
import { chanceSeed, every, monotonicMs } from '../system-time.ts';
import { type ControlConnection, ControlSocket } from './control-socket.ts';
import { Exchange, type ExchangeParts } from './exchange.ts';
import { KeptTables } from './kept-tables.ts';
import { CLIENT_LIMITS_DEFAULT, type ClientLimits, Listeners } from './listeners.ts';
import { refusalOf, refuse } from './refusal.ts';
import { RoutedService } from './routed-service.ts';
import type { BrainMessage, RouterMessage, TableMessage, UnderWay } from './router-protocol.ts';
import { ServiceIndex } from './service-index.ts';
import { headText, Tunnel } from './tunnel.ts';
import { WindowRecorder } from './window-recorder.ts';

/** How to be one. */
export type RouterOptions = {
  /** Its own: socket, tables. */
  readonly directory: string;
  readonly name: string;
  /** Its own; members there are asked first. Default: none. */
  readonly zone?: string;
  /** Where it listens for requests. Default: only on this machine. */
  readonly host?: string;
  readonly limits?: Partial<ClientLimits>;
};

/** Between two windows. Longer: fewer messages, older figures. Milliseconds. */
const WINDOW_MS = 500;
/** For requests under way when it is to end. Milliseconds. */
const END_MS = 30_000;

/** Where the brain finds the router of a directory. */
export function routerSocket(directory: string): string {
  return join(directory, 'router.sock');
}

/** @throws (rejects) RM_ROUTER_START, and what the file system says */
export async function startRouter(options: RouterOptions): Promise<RouterHost> {
  const host = new RouterHost(options);
  await host.begin();
  return host;
}

/** Thread rule: one thread. */
export class RouterHost {
  private readonly options: RouterOptions;
  private readonly kept: KeptTables;
  private readonly recorder: WindowRecorder = new WindowRecorder();
  private readonly services: Map<string, RoutedService> = new Map();
  private readonly known: Set<string> = new Set();
  private readonly listeners: Listeners;
  private readonly parts: ExchangeParts;
  private index: ServiceIndex<RoutedService> = new ServiceIndex([]);
  private control: ControlSocket | null = null;
  private reader: ControlConnection | null = null;
  private epoch: number;
  private readonly starts: number;
  private isEnding = false;
  private stopWindows: () => void = () => undefined;

  /** Call `startRouter`. */
  constructor(options: RouterOptions) {
    this.options = options;
    this.kept = new KeptTables(options.directory);
    const { epoch, starts } = this.kept.state();
    this.epoch = epoch;
    this.starts = starts + 1;
    const random = seededRandom(chanceSeed());
    this.parts = { recorder: this.recorder, random, isEnding: () => this.isEnding };
    const limits = { ...CLIENT_LIMITS_DEFAULT, ...options.limits };
    this.listeners = new Listeners(options.host ?? '127.0.0.1', limits, {
      request: (port, request, response) => this.request(port, request, response),
      upgrade: (port, request, socket, head) => this.upgrade(port, request, socket, head),
      trouble: (what) => this.say({ event: 'trouble', what }),
      deafness: () => this.say(this.deaf()),
    });
  }

  /** Once, by `startRouter`. */
  async begin(): Promise<void> {
    const path = routerSocket(this.options.directory);
    await ControlSocket.check(path);
    await this.kept.keepState({ epoch: this.epoch, starts: this.starts });
    for (const table of this.kept.tables()) {
      if (this.use(table)) this.known.add(table.service);
    }
    // Whoever calls finds a router that routes.
    await this.place();
    this.control = await ControlSocket.open(path, {
      heard: (message, by) => this.heard(message, by),
      left: (who) => {
        if (this.reader === who) this.reader = null;
      },
    });
    this.stopWindows = every(WINDOW_MS, () => this.window());
  }

  /** Takes nothing new, finishes what is under way, says the last window, ends. */
  async end(graceMs: number = END_MS): Promise<void> {
    this.isEnding = true;
    await this.listeners.end(graceMs);
    this.stopWindows();
    this.window();
    await this.control?.close();
    for (const service of this.services.values()) service.end(monotonicMs());
  }

  private request(port: number, request: IncomingMessage, response: ServerResponse): void {
    const service = this.index.find(port, request.headers.host, request.url ?? '/');
    if (service === null) refuse(response, 'no-service', null);
    else new Exchange(this.parts, service, { request, response }).begin();
  }

  private upgrade(port: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const service = this.index.find(port, request.headers.host, request.url ?? '/');
    if (service !== null) {
      new Tunnel(this.parts, service, { request, socket, head }).begin();
      return;
    }
    const refusal = refusalOf('no-service', null, true);
    const text = headText(refusal.status, '', refusal.head);
    socket.end(Buffer.concat([Buffer.from(text), refusal.body]));
  }

  private heard(message: BrainMessage, by: ControlConnection): void {
    if (message.epoch < this.epoch) {
      by.say({ event: 'refused', epoch: this.epoch });
      if (message.do === 'hello') by.end();
      return;
    }
    if (message.epoch > this.epoch) {
      this.epoch = message.epoch;
      this.onDisk(this.kept.keepState({ epoch: this.epoch, starts: this.starts }));
    }
    switch (message.do) {
      case 'hello':
        this.reader = by;
        this.welcome(by);
        break;
      case 'table':
        if (this.use(message)) void this.settle(message.service);
        break;
      case 'remove':
        void this.remove(message.service);
    }
  }

  private welcome(by: ControlConnection): void {
    const { name } = this.options;
    const services = [...this.services.keys()];
    by.say({ event: 'welcome', name, incarnation: this.starts, services });
    by.say(this.deaf());
    for (const service of this.known) {
      const said = this.services.get(service);
      if (said !== undefined) by.say(knows(said));
    }
    this.flush();
  }

  /** @returns whether requests go by it from now on */
  private use(table: TableMessage): boolean {
    const nowMs = monotonicMs();
    try {
      const known = this.services.get(table.service);
      if (known === undefined) {
        const { zone = null } = this.options;
        this.services.set(table.service, new RoutedService(table, zone, nowMs));
      } else known.take(table, nowMs);
    } catch (error) {
      this.say({ event: 'trouble', what: `no table of ${table.service}: ${String(error)}` });
      return false;
    }
    this.index = new ServiceIndex(this.services.values());
    this.known.delete(table.service);
    return true;
  }

  /** Says so when it listens, the table is on disk, and nobody is asked by an earlier one. */
  private async settle(name: string): Promise<void> {
    const service = this.services.get(name);
    if (service === undefined) return;
    const { use } = service;
    const isKept = this.onDisk(this.kept.keep(use.message));
    await Promise.all([this.place(), isKept, service.alone()]);
    if (service.use !== use || this.services.get(name) !== service) return;
    this.known.add(name);
    this.say(knows(service));
  }

  private async remove(name: string): Promise<void> {
    const service = this.services.get(name);
    this.services.delete(name);
    this.known.delete(name);
    if (service !== undefined) {
      this.index = new ServiceIndex(this.services.values());
      service.end(monotonicMs());
      await Promise.all([this.onDisk(this.kept.drop(name)), this.place(), service.alone()]);
    }
    if (!this.services.has(name)) this.say({ event: 'removed', service: name });
  }

  private place(): Promise<void> {
    return this.isEnding ? Promise.resolve() : this.listeners.listen(this.index.ports());
  }

  private onDisk(write: Promise<void>): Promise<void> {
    return write.catch((error) => {
      this.say({ event: 'trouble', what: `not on disk: ${String(error)}` });
    });
  }

  private window(): void {
    const all = [...this.services.values()].flatMap(({ targets }) => [...targets.all()]);
    this.recorder.close(all);
    this.flush();
  }

  private flush(): void {
    while (this.reader?.isReading) {
      const window = this.recorder.take();
      if (window === null) return;
      this.reader.say(window);
    }
  }

  private deaf(): RouterMessage {
    return { event: 'deaf', ports: this.listeners.deaf() };
  }

  private say(message: RouterMessage): void {
    this.control?.sayAll(message);
  }
}

function knows(service: RoutedService): RouterMessage {
  const { message, second } = service.use;
  const { ring, routes } = message;
  const underWay: UnderWay = [...service.targets.all()]
    .filter((target) => target.underWay > 0)
    .map((target) => [target.instance, target.underWay]);
  const generation = ring?.generation ?? 0;
  return {
    event: 'knows',
    service: service.name,
    generation,
    routes: routes.number,
    prepared: second === null ? 0 : (message.second?.ring.generation ?? 0),
    underWay,
  };
}
