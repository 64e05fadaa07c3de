/**
 * One side of the comparison: prepares B1's or B4's stream of numbers, and for each line on its
 * standard input runs it for so many milliseconds and prints nanoseconds a message and how many
 * messages there were. Between two lines it sleeps, so that the other side has the machine.
 */
import { createInterface } from 'node:readline';
import { flow } from '../flow.ts';

const consumerThread = process.argv[2] === 'B4' ? 1 : 0;
/** Messages of one call: a block ends with a call. */
const MESSAGES = 100_000;

const task = await flow({ consumerThread, kind: 'number', messages: MESSAGES }).prepare({
  quick: false,
});
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const startMs = performance.now();
  let calls = 0;
  do {
    await task.call();
    calls++;
  } while (performance.now() - startMs < Number(line));
  const messages = calls * task.opsPerCall;
  const ns = ((performance.now() - startMs) * 1e6) / messages;
  process.stdout.write(`${ns} ${messages}\n`);
}
process.exit(0);
