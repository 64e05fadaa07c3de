/**
 * Begins a write transaction on the store in the directory that it is given, says `locked`, and stops
 * itself inside, as a process that is stopped in the middle of a commit. Ends when it goes on.
 */
import { writeSync } from 'node:fs';
import { open } from 'lmdb';

const [, , path] = process.argv;
const root = open({ path, noSubdir: false, overlappingSync: false, mapSize: 64 * 1024 ** 3 });
root.transactionSync(() => {
  writeSync(1, 'locked\n');
  process.kill(process.pid, 'SIGSTOP');
});
await root.close();
