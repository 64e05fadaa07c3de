/** A worker thread that tries to open a store, and tells the code of its refusal. */
import { parentPort, workerData } from 'node:worker_threads';
import { openLmdbStore } from 'ringmaster/store';

openLmdbStore(workerData).then(
  () => parentPort.postMessage('opened'),
  (error) => parentPort.postMessage(error.code),
);
