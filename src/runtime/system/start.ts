/**
 * `start`: makes an actor system on the calling thread and, if asked, on others. In a thread of
 * ours it does nothing: a module that is imported there for its definitions must not start a second
 * system.
 */
import type { AnyDefinition } from '../actor/definition.ts';
import { runtimeError } from '../errors.ts';
import { Host } from '../host/host.ts';
import { SeatMemory } from '../host/seat-memory.ts';
import { seededRandom } from '../ports/random.ts';
import { SystemAlarm } from '../ports/system-alarm.ts';
import { systemClock } from '../ports/system-clock.ts';
import { systemLoop } from '../ports/system-loop.ts';
import { systemSeed } from '../ports/system-seed.ts';
import type { MakeRemote, Placement } from '../supervision/placement.ts';
import { Crew } from '../threads/crew.ts';
import { isOwnThread, runBundledSeat } from '../threads/own-thread.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { PeriodicTimer } from '../timers/periodic.ts';
import { NO_LINKS } from '../transport/link-set.ts';
import { Links } from '../transport/links.ts';
import { Directory } from './directory.ts';
import { Offloader } from './offloader.ts';
import { Placer } from './placer.ts';
import { readStartOptions, type StartOptions, type StartSettings } from './start-options.ts';
import { System } from './system.ts';

/** Milliseconds after which a thread that was told to end and has not is given up and fenced. */
const FENCE_MS = 500;
/** Looks for hung threads in each `hangAfter`. */
const LOOKS_PER_HANG = 4;

// Here, since a bundle keeps the top level of this module for sure: `start` is what it was bundled for.
runBundledSeat();

/**
 * Starts a system. Resolves when its threads are ready (about 50 ms).
 * @throws (rejects) RM_SYSTEM_OPTION, RM_TIMER_OPTION; never settles in a thread of ours
 */
export async function start(options: StartOptions = {}): Promise<System> {
  if (isOwnThread()) return await new Promise<never>(() => undefined);
  const settings = readStartOptions(options);
  return settings.threads === 0 ? startAlone(settings) : await startWithThreads(settings);
}

function startAlone(settings: StartSettings): System {
  const offloader = new Offloader();
  const directory = new Directory(() => host);
  const host: Host = makeHost(settings, directory, offloader, NO_LINKS);
  return new System({
    host,
    directory,
    threads: 0,
    seats: () => [{ seat: 0, memory: host.memory }],
    retired: () => null,
    kill: (seat) => {
      throw runtimeError(
        'RM_SYSTEM_OPTION',
        `thread is ${seat}; this system has none besides main.`,
      );
    },
    offload: (url, name, argument) => offloader.run(url, name, argument),
    closeThreads: () => offloader.close(),
  });
}

async function startWithThreads(settings: StartSettings): Promise<System> {
  const links = new Links();
  const offloader = new Offloader();
  const directory = new Directory(() => host);
  const host: Host = makeHost(settings, directory, offloader, links);
  links.attach(host, settings.maySpin);
  const placer = new Placer(host, links, settings.threads, (seat) => crew.seated(seat));
  const { threads, actorsMax, isDevelopment, spare, maySpin } = settings;
  const crew: Crew = new Crew(
    host,
    links,
    await threadPool(settings),
    {
      threads,
      actorsMax,
      isDevelopment,
      seed: host.random.nextU32(),
      spare,
      maySpin,
      fenceAfterMs: FENCE_MS,
    },
    {
      reserved: (seat) => placer.addresses(seat),
      lost: (seat) => {
        directory.forgetSeat(seat);
        placer.lost(seat);
      },
    },
  );
  links.calls.serve('named', ([path, index, generation]: [string, number, number], from) =>
    directory.named(path, from.incoming.seat, index, generation),
  );
  links.calls.serve('unnamed', ([path]: [string], from) =>
    directory.unnamed(path, from.incoming.seat),
  );
  links.calls.serve('offload', ([url, name, argument]: [string, string, unknown]) =>
    offloader.run(url, name, argument),
  );
  host.placement = (placement, path, definition) =>
    place(placer, crew, placement, path, definition);
  await crew.open();
  const monitor = watchOver(host, crew, settings.hangAfterMs);
  return new System({
    host,
    directory,
    threads,
    seats: () => [{ seat: 0, memory: host.memory }, ...crew.memories()],
    retired: () => crew.retired,
    kill: (seat) => crew.kill(seat),
    offload: (url, name, argument) => offloader.run(url, name, argument),
    closeThreads: async (deadlineMs) => {
      monitor.cancel();
      await crew.close(deadlineMs);
      await offloader.close();
      host.timers.rest();
    },
  });
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
  directory: Directory,
  offloader: Offloader,
  links: Links | typeof NO_LINKS,
): Host {
  const host = new Host(
    {
      seat: 0,
      epoch: 0,
      clock: systemClock,
      loop: systemLoop,
      alarm: new SystemAlarm(),
      random: seededRandom(settings.seed ?? systemSeed()),
      memory: SeatMemory.create(settings.actorsMax),
      isDevelopment: settings.isDevelopment,
      services: {
        named: (path, cell) => directory.named(path, 0, cell.index, cell.generation),
        unnamed: (path) => directory.unnamed(path, 0),
        offload: (url, name, argument) => offloader.run(url, name, argument),
      },
    },
    links,
  );
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

/** Beside the compiled thread entry: piscina. In a bundle there is no such file. */
async function threadPool(settings: StartSettings): Promise<ThreadPool> {
  const { url } = import.meta;
  if (!/\/system\/start\.[jt]s$/.test(url)) {
    const { bundledThreads } = await import('../threads/bundled-threads.ts');
    return bundledThreads(url);
  }
  const { piscinaThreads } = await import('../threads/piscina-threads.ts');
  const { threadHeapMb, threads, spare } = settings;
  return piscinaThreads(
    threads + (spare ? 1 : 0),
    threadHeapMb === null ? {} : { maxOldGenerationSizeMb: threadHeapMb },
  );
}
