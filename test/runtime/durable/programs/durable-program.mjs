/**
 * A program that owns its signals: durable actors on two threads and writers of its own, all of them
 * always in the middle of something. SIGTERM ends it in order, the second one at once. Tells what was
 * acknowledged, and how each lane has ended, as lines of JSON. Arguments: directory of the store;
 * `stuck`: with an actor that does not end.
 */
import { actor, start } from 'ringmaster';
import { keepStore, openLmdbStore } from 'ringmaster/store';
import { Account } from '../definitions.mjs';

const LANES = 6;
const [, , directory, mood] = process.argv;
const say = (...line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const Stuck = actor(import.meta.url, {
  name: 'Stuck',
  setup: () => ({ wait: () => new Promise(() => undefined) }),
});

const store = await openLmdbStore(directory);
const system = await start({ threads: 2, spare: false });
await keepStore(system, store);

let isEnding = false;
process.on('SIGTERM', async () => {
  if (isEnding) process.exit(1);
  isEnding = true;
  say('ending');
  await system.close({ deadline: mood === 'stuck' ? '10m' : 300 });
  await store.close();
  await Promise.all(lanes);
  say('ended');
});

/** Counts up until it is refused. */
async function lane(name, write) {
  for (let next = 1; ; next++) {
    try {
      await write(next);
    } catch (error) {
      say('refused', name, next, error.code);
      return;
    }
    say('ack', name, next);
  }
}

const bytes = (number) => new TextEncoder().encode(String(number));
const put = (key, number) =>
  store.transact({ success: [{ kind: 'put', key, value: bytes(number) }] });
const accounts = [];
for (let i = 0; i < LANES; i++) {
  const options = { id: `a${i}`, placement: { thread: 1 + (i % 2) }, args: { key: `a${i}` } };
  accounts.push(await system.spawn(Account, options));
}
if (mood === 'stuck') {
  const stuck = await system.spawn(Stuck, { placement: 'same', stopDeadline: '10m' });
  stuck.ask('wait', undefined, { timeout: '10m' }).catch(() => undefined);
}
const lanes = [
  ...accounts.map((account, i) => lane(`a${i}`, () => account.ask('add', 1))),
  ...accounts.map((_, i) => lane(`w${i}`, (number) => put(`w${i}`, number))),
];
