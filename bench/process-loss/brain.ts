/**
 * The brain of the process-loss run: a store on disk, durable actors, and a stream of acknowledged
 * writes. Says over a socket when it serves, with every actor's count, and then each
 * acknowledgement. It is killed at any moment; that is what the run is for.
 */
import { createConnection } from 'node:net';
import { type AnyRef, start } from 'ringmaster';
import { connectAgent, SOCKET_VARIABLE } from 'ringmaster/agent';
import { keepStore, openLmdbStore } from 'ringmaster/store';
import { Counter } from './counter.ts';

/** Writes under way at once. */
const LANES = 64;
/** Actors that are started at once. More: the collector copies all that is under way. */
const WAVE = 100;

const [directory = '', control = '', count = '0'] = process.argv.slice(2);
const agent = await connectAgent({ socket: process.env[SOCKET_VARIABLE] ?? '' });
await agent.beat();
const startedMs = performance.now();
const store = await openLmdbStore(directory, {
  limits: { queuedMax: 100_000 },
});
const openedMs = performance.now();
const system = await start({ threads: 0 });
await keepStore(system, store);
const actors: AnyRef[] = [];
while (actors.length < Number(count)) {
  const first = actors.length;
  const wave = Array.from({ length: Math.min(WAVE, Number(count) - first) }, (_, i) =>
    system.spawn(Counter, { id: `c${first + i}`, args: { key: `c/${first + i}` } }),
  );
  actors.push(...(await Promise.all(wave)));
}
const counts = await Promise.all(actors.map((one) => one.ask('count')));
const spawnedMs = performance.now();

const socket = createConnection(control);
const say = (message: unknown): void => void socket.write(`${JSON.stringify(message)}\n`);
const { pid } = process;
say({ pid, counts, openMs: openedMs - startedMs, spawnMs: spawnedMs - openedMs });
let next = process.pid;
const lane = async (): Promise<void> => {
  for (;;) {
    next = (next * 48_271) % 2_147_483_647;
    const i = next % actors.length;
    const acked = await (actors[i] as AnyRef).ask('add');
    say([i, acked]);
  }
};
await Promise.all(Array.from({ length: LANES }, lane));
