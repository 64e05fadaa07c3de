/**
 * The worker's side of a seat: waits as a spare until it is told to sit, then runs a host until it
 * is closed. Runs in an actor thread, as one long task of the thread pool.
 *
 *   spare ──sit──▶ seated ──close──▶ closed
 *     └─────────────close──────────────▲
 *
 * No seated → spare: a seat that is given up ends its thread, so that nothing of it is left.
 */
import type { AnyDefinition } from '../actor/definition.ts';
import type { AnyRef } from '../actor/ref.ts';
import { Host } from '../host/host.ts';
import { SeatMemory } from '../host/seat-memory.ts';
import { seededRandom } from '../ports/random.ts';
import { TimerWheel } from '../timers/timer-wheel.ts';
import type { Links } from '../transport/links.ts';
import type { PeerInfo } from '../transport/peer.ts';
import { DefinitionLoader } from './definition-loader.ts';
import { Guests } from './guests.ts';
import type { Port, SeatOrder, SeatReport, SeatTask } from './orders.ts';
import type { World } from './world.ts';

type Known = { readonly info: PeerInfo; readonly port: Port | null };
type Sit = Extract<SeatOrder, { readonly o: 'sit' }>;

/** One seat's worker. Thread rule: its thread. */
export class SeatWorker {
  private readonly task: SeatTask;
  private readonly world: World;
  private readonly done: () => void;
  private readonly known = new Map<number, Known>();
  private readonly seats = new Map<number, number>();
  private readonly loader: DefinitionLoader;
  private host: Host | null = null;
  private links: Links | null = null;

  /** `done` is called when it has closed. */
  constructor(task: SeatTask, world: World, done: () => void) {
    this.task = task;
    this.world = world;
    this.done = done;
    const wheel = new TimerWheel(world.clock, world.alarm());
    this.loader = new DefinitionLoader(wheel, () => world.clock.monotonicMs());
  }

  obey(order: SeatOrder): void {
    if (order === 0) {
      this.host?.dispatcher.wake();
      return;
    }
    switch (order.o) {
      case 'peer':
        this.meet(order);
        return;
      case 'sit':
        this.sit(order);
        return;
      case 'moved':
        this.seats.set(order.peer, order.seat);
        this.links?.sit(order.peer, order.seat);
        return;
      case 'lost':
        this.forget(order.peer);
        return;
      case 'preload':
        void this.preload(order.url, order.name);
        return;
      default:
        void this.close(order.deadlineMs);
    }
  }

  private meet(known: Known): void {
    this.known.set(known.info.peer, known);
    known.port?.on('message', () => this.host?.dispatcher.wake());
    if (this.links !== null) this.connect(known);
  }

  private connect({ info, port }: Known): void {
    const bell = port ?? this.task.port;
    const seat = this.seats.get(info.peer) ?? info.seat;
    this.links?.add({ ...info, seat }, { ring: () => bell.postMessage(0) });
  }

  private forget(peer: number): void {
    this.links?.lose(peer);
    this.known.get(peer)?.port?.close();
    this.known.delete(peer);
    this.seats.delete(peer);
  }

  private sit({ seat, epoch, maySpin, reserved }: Sit): void {
    const { memory: buffer, actorsMax, isDevelopment, seed, peer } = this.task;
    const memory = new SeatMemory(buffer, actorsMax);
    const { clock, turnClock, loop } = this.world;
    const links = this.world.links();
    links.ownPeer = peer;
    this.links = links;
    const host = new Host(
      {
        seat,
        epoch,
        clock,
        turnClock,
        loop,
        alarm: this.world.alarm(),
        random: seededRandom(seed),
        memory,
        isDevelopment,
        services: {
          named: (path, cell) => this.castMain('named', [path, cell.index, cell.generation]),
          unnamed: (path) => this.castMain('unnamed', [path]),
          lookup: async (path) => (await this.askMain('lookup', [path])) as AnyRef | null,
          offload: (url, name, argument) => this.askMain('offload', [url, name, argument]),
        },
      },
      links,
    );
    // Their gates were written by main, before anybody could look.
    for (const [index, generation] of reserved) host.table.reserve(index, generation);
    this.world.hosted?.(host);
    this.host = host;
    links.attach(host, maySpin);
    new Guests(host, links, this.loader);
    for (const known of this.known.values()) this.connect(known);
    this.task.port.postMessage({ o: 'seated' } satisfies SeatReport);
  }

  private castMain(what: string, args: unknown): void {
    const main = this.links?.at(0);
    if (main !== undefined && main !== null) this.links?.calls.cast(main, what, args);
  }

  private askMain(what: string, args: unknown): Promise<unknown> {
    const main = this.links?.at(0);
    if (main === undefined || main === null || this.links === null) return Promise.resolve();
    return this.links.calls.call(main, what, args);
  }

  private async preload(url: string, name: string): Promise<AnyDefinition | null> {
    try {
      return await this.loader.load(url, name);
    } catch {
      // Whoever spawns it is told why it cannot be loaded.
      return null;
    }
  }

  private async close(deadlineMs: number): Promise<void> {
    await this.host?.close(deadlineMs);
    for (const { port } of this.known.values()) port?.close();
    this.task.port.postMessage({ o: 'closed' } satisfies SeatReport);
    this.task.port.close();
    this.done();
  }
}
