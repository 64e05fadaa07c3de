/** A system as a source: looked at on its own thread, told as plain data. */
import type { AnyRef, System } from '../../runtime/index.ts';
import { askedOf, type FleetDoor } from './fleet-door.ts';
import type { ActorRow, Source } from './source.ts';

/** Thread rule: the thread that started the system. */
export function sourceOf(system: System, fleet: FleetDoor | null): Source {
  return {
    figures: () => Promise.resolve(figuresOf(system)),
    actors: () => Promise.resolve(system.paths().flatMap((path) => rowOf(system, path))),
    deadLetters: () =>
      Promise.resolve(
        // What they carried may be a secret.
        system.deadLetters
          .last()
          .map(({ to, name, reason }) => ({ path: to, message: name, reason })),
      ),
    stop: async (path, dryRun) => {
      const ref = system.lookup(path);
      if (ref === null) return false;
      if (!dryRun) await system.stop(ref);
      return true;
    },
    fleet: (method, params) => askedOf(fleet, method, params),
  };
}

function figuresOf(system: System): Awaited<ReturnType<Source['figures']>> {
  const { threads, total, inFlight, deadLetters, lost, rings } = system.figures();
  return {
    threads: threads.map(({ thread, counters }) => ({ thread, counters: { ...counters } })),
    total: { ...total },
    inFlight,
    deadLetters,
    lost,
    rings: rings.map(({ from, to, data, control }) => ({ from, to, data, control })),
  };
}

function rowOf(system: System, path: string): readonly ActorRow[] {
  const ref = system.lookup(path);
  const figures = ref === null ? null : system.figuresOf(ref);
  if (figures === null) return [];
  const { handled, depth, restarts, waitUs } = figures;
  return [
    {
      path,
      thread: system.threadOf(ref as AnyRef),
      handled,
      depth,
      restarts,
      waitUs: Number.isNaN(waitUs) ? null : waitUs,
    },
  ];
}
