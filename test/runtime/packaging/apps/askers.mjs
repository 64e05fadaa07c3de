/** Awaits what fails, in every way, here and on another thread: prints the stacks that it gets. */
import { start } from 'ringmaster';
import { Busy } from './busy.mjs';

const system = await start({ threads: 1 });
const stacks = {};
for (const [where, placement] of Object.entries({ here: 'same', there: { thread: 1 } })) {
  const busy = await system.spawn(Busy, { placement });
  const gone = await system.spawn(Busy, { placement });
  await system.stop(gone);

  const awaits = {
    async askThrows() {
      await busy.ask('fail');
    },
    async askIsFull() {
      await busy.ask('work');
    },
    async sendIsFull() {
      await busy.send('work');
    },
    async sendIsStopped() {
      await gone.send('work');
    },
    async streamThrows() {
      for await (const item of busy.stream('count')) if (item > 2) return;
    },
    async streamIsRead() {
      const stream = busy.stream('count');
      await stream.next();
      await stream.next();
      // By now it has failed, and nobody waits.
      await busy.ask('name');
      await stream.next();
    },
    async streamIsFull() {
      for await (const item of busy.stream('count')) if (item > 2) return;
    },
  };
  for (const [name, waits] of Object.entries(awaits)) {
    const isFull = name.endsWith('Full');
    if (isFull) while (busy.tell('work') === 'accepted');
    stacks[`${where} ${name}`] = await waits().then(
      () => 'no error',
      (error) => `${error.code} ${error.stack}`,
    );
    // Its mailbox is empty again.
    if (isFull) await system.quiet();
  }
}
await system.close();
process.stdout.write(JSON.stringify(stacks));
