/** Somebody's program around a system: tells what the system changed in the process, and ends by itself. */
import { start } from 'ringmaster';
import { Echo } from './echo.mjs';

const NAMES = [
  'SIGTERM',
  'SIGINT',
  'uncaughtException',
  'unhandledRejection',
  'exit',
  'beforeExit',
];
const count = () => NAMES.map((name) => process.listenerCount(name));

const before = count();
const system = await start({ threads: 1 });
const echo = await system.spawn(Echo);
const answers = await Promise.all([1, 2, 3].map((x) => echo.ask('echo', x)));
async function shopping() {
  return await echo.ask('fail');
}
const stack = await shopping().catch((error) => error.stack);
const during = count();
await system.close();
await system.close();
const late = await system.spawn(Echo).catch((error) => error.code);
process.stdout.write(
  `${JSON.stringify({ before, during, after: count(), answers, late, stack })}\n`,
);
