/**
 * A process that reads a store which another one writes: says `watching`, then for each item of its
 * watch when it saw it, in nanoseconds of the clock that all processes share, until it is killed.
 */
import { openLmdbStore } from 'ringmaster/store';

const [directory = '', poll = ''] = process.argv.slice(2);
const store = await openLmdbStore(directory, { role: 'reader', poll: Number(poll) });
const watch = store.watch('');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say('watching');
for await (const item of watch) {
  const seen = process.hrtime.bigint();
  say(`${item.revision} ${seen}`);
}
