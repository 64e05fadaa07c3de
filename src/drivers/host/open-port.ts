/**
 * A port of the host's that somebody else may have: a brain that hangs and leads no more, say. Whoever
 * leads does without it for as long, and tries again: what is shown to others keeps nobody from leading.
 */
import { every } from '../system-time.ts';

/** Between two tries. Longer: opened later. Milliseconds. */
const AGAIN_MS = 1000;

/**
 * Opens it, at once or later. `trouble` is told once, when it is not opened at once.
 * @returns to try no more @throws (rejects) what `open` does, but that the port is taken
 */
export async function openPort(
  open: () => Promise<unknown>,
  trouble: (why: string) => void,
): Promise<() => void> {
  if (await isOpened(open)) return () => undefined;
  trouble('the port is taken; it is tried again until it is free.');
  let isBusy = false;
  const stop = every(AGAIN_MS, () => {
    if (isBusy) return;
    isBusy = true;
    isOpened(open).then(
      (is) => {
        isBusy = false;
        if (is) stop();
      },
      (error: Error) => {
        stop();
        trouble(error.message);
      },
    );
  });
  return stop;
}

async function isOpened(open: () => Promise<unknown>): Promise<boolean> {
  try {
    await open();
    return true;
  } catch (error) {
    // Of another thread there is only its sentence.
    if (error instanceof Error && error.message.includes('EADDRINUSE')) return false;
    throw error;
  }
}
