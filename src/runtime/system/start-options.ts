/** What `start` takes, with defaults and limits. Read once. */
import { availableParallelism } from 'node:os';
import { runtimeError } from '../errors.ts';
import type { EventListener } from '../host/events.ts';
import { ACTORS_MAX_DEFAULT, ACTORS_MAX_LIMIT } from '../host/seat-layout.ts';
import { type Duration, durationMs } from '../timers/duration.ts';

/** Options of a system. */
export type StartOptions = {
  /**
   * Actor threads besides the calling one. `auto`: one fewer than there are cores, at least 1. 0: everything on the
   * calling thread. Default `auto`; at most 64.
   */
  readonly threads?: number | 'auto';
  /** Actors that each thread may have; a power of two up to 4,194,304. Default 262,144. */
  readonly actorsMax?: number;
  /** Copies and freezes payloads that stay on a thread, as if they had travelled. Default false. */
  readonly development?: boolean;
  /** A thread that shows no sign of life for this long is replaced. Default 5 s. */
  readonly hangAfter?: Duration;
  /** Keeps one more thread ready, which takes over at once. Default true. */
  readonly spare?: boolean;
  /** Seed of all `ctx.random`. Default: another one each time. */
  readonly seed?: number;
  /** Heap of each actor thread in MiB, beyond which it ends (and is replaced). Default: Node's. */
  readonly threadHeapMb?: number;
  /** Told what happens; the same as `system.events`, from the very start. */
  readonly onEvent?: EventListener;
};

/** The same, complete. */
export type StartSettings = {
  readonly threads: number;
  readonly actorsMax: number;
  readonly isDevelopment: boolean;
  readonly hangAfterMs: number;
  readonly spare: boolean;
  readonly seed: number | null;
  readonly threadHeapMb: number | null;
  readonly onEvent: EventListener | null;
  /** Whether every thread, main included, finds a core to spin on. */
  readonly maySpin: boolean;
};

const THREADS_MAX = 64;
const HANG_MS_DEFAULT = 5000;
const HANG_MS_MIN = 10;

/** @throws RM_SYSTEM_OPTION, RM_TIMER_OPTION */
export function readStartOptions(options: StartOptions = {}): StartSettings {
  const cores = availableParallelism();
  const { threads: wanted = 'auto', actorsMax = ACTORS_MAX_DEFAULT } = options;
  const threads = wanted === 'auto' ? Math.max(1, cores - 1) : wanted;
  if (!Number.isInteger(threads) || threads < 0 || threads > THREADS_MAX) {
    throw bad('threads', wanted, `'auto' or an integer from 0 to ${THREADS_MAX}`);
  }
  const isPower = Number.isInteger(actorsMax) && (actorsMax & (actorsMax - 1)) === 0;
  if (!isPower || actorsMax < 2 || actorsMax > ACTORS_MAX_LIMIT) {
    throw bad('actorsMax', actorsMax, `a power of two from 2 to ${ACTORS_MAX_LIMIT}`);
  }
  const hangAfterMs = durationMs(options.hangAfter ?? HANG_MS_DEFAULT, 'hangAfter');
  if (hangAfterMs < HANG_MS_MIN) throw bad('hangAfter', hangAfterMs, `at least ${HANG_MS_MIN} ms`);
  const { seed = null, threadHeapMb = null } = options;
  if (seed !== null && !Number.isSafeInteger(seed)) throw bad('seed', seed, 'an integer');
  if (threadHeapMb !== null && !(threadHeapMb >= 8))
    throw bad('threadHeapMb', threadHeapMb, '8 or more');
  return {
    threads,
    actorsMax,
    isDevelopment: options.development ?? false,
    hangAfterMs,
    spare: options.spare ?? true,
    seed,
    threadHeapMb,
    onEvent: options.onEvent ?? null,
    maySpin: threads + 1 <= cores,
  };
}

function bad(name: string, got: unknown, expected: string): Error {
  return runtimeError('RM_SYSTEM_OPTION', `${name} is ${String(got)}; expected ${expected}.`, {
    name,
  });
}
