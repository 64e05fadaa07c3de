/**
 * `start`: makes an actor system on the calling thread and, if asked, on others. In a thread of
 * ours it does nothing: a module that is imported there for its definitions must not start a second
 * system.
 */
import { isOwnThread, runBundledSeat } from '../threads/own-thread.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import { nodeWorld } from '../threads/world.ts';
import { assemble, assembleAlone } from './assembly.ts';
import { Offloader } from './offloader.ts';
import { readStartOptions, type StartOptions, type StartSettings } from './start-options.ts';
import { System } from './system.ts';

// Here, since a bundle keeps the top level of this module for sure: `start` is what it was bundled for.
runBundledSeat();

/**
 * Starts a system. Resolves when its threads are ready (about 50 ms).
 * @throws (rejects) RM_SYSTEM_OPTION, RM_TIMER_OPTION; never settles in a thread of ours
 */
export async function start(options: StartOptions = {}): Promise<System> {
  if (isOwnThread()) return await new Promise<never>(() => undefined);
  const settings = readStartOptions(options);
  const parts = { world: nodeWorld, offloader: new Offloader() };
  if (settings.threads === 0) return new System(assembleAlone(settings, parts));
  return new System(await assemble(settings, parts, await threadPool(settings)));
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
