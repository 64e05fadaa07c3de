/**
 * Ends a process that exits while a commit waits for its JavaScript to run. At exit Node waits for its
 * thread pool, lmdb's writing thread there waits for this thread to call back, and neither ever goes on.
 * Nothing is lost that was acknowledged: a process that is killed leaves the last commit behind, whole.
 */
import { isMainThread } from 'node:worker_threads';

let waiting = 0;
let isListening = false;

/** A commit will call back. @returns to be called when it does, or never will; once counts */
export function awaitsCallback(): () => void {
  if (!isListening && isMainThread) {
    isListening = true;
    process.on('exit', () => {
      if (waiting > 0) process.kill(process.pid, 'SIGKILL');
    });
  }
  waiting += 1;
  let isDone = false;
  return () => {
    if (!isDone) waiting -= 1;
    isDone = true;
  };
}
