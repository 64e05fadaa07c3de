/**
 * Waits for LMDB's lock without taking it. A process that is stopped inside a commit holds the lock, and
 * whoever asks for it waits with its whole thread; so another process asks, and its end says that
 * the lock could be had. Called by a follower before it opens the file for writing. It promises
 * nothing for the moment after: a writer that goes on and is stopped again inside its next commit,
 * before the follower has opened the file, holds the follower up. A follower that is killed leaves the
 * process behind until the lock is free.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import { CallbackTimer, type TimerWheel } from '../timers/timer-wheel.ts';
import { lockProgram } from './lmdb-environment.ts';

/**
 * Milliseconds that the lock may take before it is said that somebody sits on it. Range: 10 to
 * 60,000. Lower: a commit on a slow disk is taken for one that was stopped.
 */
const PATIENCE_MS = 1000;

/** What a wait needs. */
export type LockWaitParts = {
  readonly directory: string;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** The lock does not come; called once a wait, which goes on. */
  readonly held: () => void;
};

/** Thread rule: the store's thread. One wait at a time. */
export class LockWait {
  private readonly parts: LockWaitParts;
  private asking: ChildProcess | null;

  constructor(parts: LockWaitParts) {
    this.parts = parts;
    this.asking = null;
  }

  /** @returns whether the lock could be had, or nobody can tell; false: the wait was ended. */
  async free(): Promise<boolean> {
    const { directory, clock, wheel, held } = this.parts;
    const patience = new CallbackTimer(held);
    const asking = begin(directory);
    if (asking === null) return true;
    this.asking = asking;
    // From here on it asks; before it only started, however long that takes on a busy machine.
    asking.stdout?.once('data', () => {
      if (this.asking === asking) wheel.start(patience, clock.monotonicMs() + PATIENCE_MS);
    });
    const isFree = await new Promise<boolean>((resolve) => {
      asking.once('error', () => resolve(true));
      asking.once('exit', (_code, signal) => resolve(signal === null));
    });
    this.asking = null;
    wheel.cancel(patience);
    return isFree;
  }

  /** Waits no longer. */
  end(): void {
    this.asking?.kill('SIGKILL');
  }
}

/** Null: it cannot be started, for want of a package in a bundle or of processes. */
function begin(directory: string): ChildProcess | null {
  // A program with Node inside would start itself once more.
  if (!basename(process.execPath).startsWith('node')) return null;
  try {
    // What preloads are in the environment is for the program, not for this.
    const env = { ...process.env, NODE_OPTIONS: '' };
    return spawn(process.execPath, [...lockProgram(directory)], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}
