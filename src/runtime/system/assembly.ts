/**
 * Puts a system together: the host of the calling thread, the crew of the others, placement,
 * directory. Called by `start` with Node's clock and threads and by the simulator with its own;
 * decides nothing else.
 */

import type { RingOptions } from '../../hotpath/index.ts';
import type { AnyDefinition } from '../actor/definition.ts';
import { runtimeError } from '../errors.ts';
import { Host } from '../host/host.ts';
import { SeatMemory } from '../host/seat-memory.ts';
import { seededRandom } from '../ports/random.ts';
import { systemSeed } from '../ports/system-seed.ts';
import type { MakeRemote, Placement } from '../supervision/placement.ts';
import { Crew } from '../threads/crew.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import type { World } from '../threads/world.ts';
import { PeriodicTimer } from '../timers/periodic.ts';
import { NO_LINKS } from '../transport/link-set.ts';
import type { Links } from '../transport/links.ts';
import { Directory } from './directory.ts';
import { Placer } from './placer.ts';
import type { StartSettings } from './start-options.ts';
import type { SystemParts } from './system.ts';

/** Milliseconds after which a thread that was told to end and has not is given up and fenced. */
const FENCE_MS = 500;
/** Looks for hung threads in each `hangAfter`. */
const LOOKS_PER_HANG = 4;

/** Runs functions elsewhere. */
export type Offloads = {
  run(url: string, name: string, argument: unknown): Promise<unknown>;
  close(): Promise<void>;
};

/** What a system is put together from. */
export type Parts = {
  readonly world: World;
  readonly offloader: Offloads;
  /** For tests: rings of another size than usual. */
  readonly ring?: RingOptions;
};

/** The parts of a system of the calling thread alone. */
export function assembleAlone(settings: StartSettings, { world, offloader }: Parts): SystemParts {
  const directory = new Directory(() => host);
  const host: Host = makeHost(settings, world, directory, offloader, NO_LINKS);
  return {
    host,
    directory,
    threads: 0,
    seats: () => [{ seat: 0, memory: host.memory }],
    retired: () => null,
    rings: () => [],
    stop: (ref) => host.stop(ref),
    kill: (seat) => {
      throw runtimeError(
        'RM_SYSTEM_OPTION',
        `thread is ${seat}; this system has none besides main.`,
      );
    },
    offload: (url, name, argument) => offloader.run(url, name, argument),
    closeThreads: () => offloader.close(),
  };
}

/** The parts of a system with threads of `pool`. Resolves when they are ready. */
export async function assemble(
  settings: StartSettings,
  { world, offloader, ring }: Parts,
  pool: ThreadPool,
): Promise<SystemParts> {
  const links = world.links();
  const directory = new Directory(() => host);
  const host: Host = makeHost(settings, world, directory, offloader, links);
  links.attach(host, settings.maySpin);
  const placer = new Placer(host, links, settings.threads, (seat) => crew.seated(seat));
  const { threads, actorsMax, isDevelopment, spare, maySpin } = settings;
  const crew: Crew = new Crew(
    host,
    links,
    pool,
    {
      threads,
      actorsMax,
      isDevelopment,
      seed: host.random.nextU32(),
      spare,
      maySpin,
      fenceAfterMs: FENCE_MS,
      ...(ring === undefined ? {} : { ring }),
    },
    {
      reserved: (seat) => placer.addresses(seat),
      lost: (seat) => {
        directory.forgetSeat(seat);
        host.traces.lost(seat);
        placer.lost(seat);
      },
      sits: (seat, memory) => directory.sits(seat, memory),
    },
  );
  links.calls.serve('named', ([path, index, generation]: [string, number, number], from) =>
    directory.named(path, from.incoming.seat, index, generation),
  );
  links.calls.serve('unnamed', ([path]: [string], from) =>
    directory.unnamed(path, from.incoming.seat),
  );
  links.calls.serve('lookup', ([path]: [string]) => directory.find(path));
  links.calls.serve('offload', ([url, name, argument]: [string, string, unknown]) =>
    offloader.run(url, name, argument),
  );
  host.placement = (placement, path, definition) =>
    place(placer, crew, placement, path, definition);
  await crew.open();
  const { hangAfterMs } = settings;
  const monitor =
    hangAfterMs < Number.POSITIVE_INFINITY ? watchOver(host, crew, hangAfterMs) : null;
  return {
    host,
    directory,
    threads,
    seats: () => [{ seat: 0, memory: host.memory }, ...crew.memories()],
    retired: () => crew.retired,
    rings: () => crew.fills(),
    // Who was nobody's child is gone with its thread.
    stop: (ref) => placer.stop(ref) ?? host.stop(ref).catch(goneWithItsThread),
    kill: (seat) => crew.kill(seat),
    offload: (url, name, argument) => offloader.run(url, name, argument),
    closeThreads: async (deadlineMs) => {
      monitor?.cancel();
      await crew.close(deadlineMs);
      await offloader.close();
    },
  };
}

function goneWithItsThread(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'RM_THREAD_LOST') throw error;
}

function place(
  placer: Placer,
  crew: Crew,
  placement: Placement | undefined,
  path: string,
  definition: AnyDefinition,
): MakeRemote | null {
  const remote = placer.place(placement, path, definition);
  if (remote !== null) crew.preload(definition.url, definition.name);
  return remote;
}

function makeHost(
  settings: StartSettings,
  world: World,
  directory: Directory,
  offloader: Offloads,
  links: Links | typeof NO_LINKS,
): Host {
  const host = new Host(
    {
      seat: 0,
      epoch: 0,
      clock: world.clock,
      turnClock: world.turnClock,
      loop: world.loop,
      alarm: world.alarm(),
      random: seededRandom(settings.seed ?? systemSeed()),
      memory: SeatMemory.create(settings.actorsMax),
      isDevelopment: settings.isDevelopment,
      services: {
        named: (path, cell) => directory.named(path, 0, cell.index, cell.generation),
        unnamed: (path) => directory.unnamed(path, 0),
        lookup: (path) => Promise.resolve(directory.find(path)),
        offload: (url, name, argument) => offloader.run(url, name, argument),
      },
    },
    links,
  );
  world.hosted?.(host);
  if (settings.onEvent !== null) host.events.listen(settings.onEvent);
  return host;
}

/**
 * A look that comes late itself says nothing about the threads: then all of them get another
 * chance.
 */
function watchOver(host: Host, crew: Crew, hangAfterMs: number): PeriodicTimer {
  const periodMs = hangAfterMs / LOOKS_PER_HANG;
  let lastMs = host.clock.monotonicMs();
  const monitor = new PeriodicTimer(host.timers, (_tick, missed, nowMs) => {
    crew.watchOver(hangAfterMs, missed > 0 || nowMs - lastMs > 2 * periodMs);
    lastMs = nowMs;
  });
  monitor.start(lastMs, periodMs);
  return monitor;
}
