/** A whole application in one module, as a bundle has it: definition and main part together. */
import { actor, start } from 'ringmaster';

export const Adder = actor(import.meta.url, {
  name: 'Adder',
  setup(args, ctx) {
    let sum = args.from;
    return { add: (x) => (sum += x), thread: () => ctx.thread };
  },
});

const system = await start({ threads: 1 });
const adder = await system.spawn(Adder, { args: { from: 40 } });
process.stdout.write(`${await adder.ask('add', 2)} on thread ${await adder.ask('thread')}\n`);
await system.close();
