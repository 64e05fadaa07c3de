/**
 * A process whose wall clock leaps, on real threads: an ask that runs out, messages and timers in
 * order, beats, a crash with backoff. Prints what happened as a line of JSON.
 */
import { start } from 'ringmaster';
import { Timekeeper } from './timekeeper.mjs';

const TIMEOUT_MS = 60;
const ITEMS = 500;

async function collect(stream) {
  const all = [];
  for await (const one of stream) all.push(one);
  return all;
}

async function onThread(system, thread) {
  const group = system.supervisor({ backoff: { initial: 20, max: 40 } });
  const spawn = () => group.spawn(Timekeeper, { placement: { thread }, stopDeadline: 20 });
  const [keeper, mute] = [await spawn(), await spawn()];
  for (let item = 0; item < ITEMS; item++) keeper.tell('item', item);
  const startMs = performance.now();
  const code = await mute.ask('silent', undefined, { timeout: TIMEOUT_MS }).then(
    () => 'answered',
    (error) => error.code,
  );
  const waited = performance.now() - startMs >= TIMEOUT_MS;
  const items = await keeper.ask('items');
  const leaps = (await keeper.ask('wallMoves')) > 3_600_000;
  const order = await collect(keeper.stream('order'));
  const beats = await collect(keeper.stream('beats', 10));
  keeper.tell('boom');
  const incarnation = await keeper.ask('incarnation');
  await group.stop();
  return {
    leaps,
    code,
    waited,
    inOrder: items.every((item, index) => item === index) && items.length === ITEMS,
    order,
    onTime: beats.every((isOnTime) => isOnTime),
    incarnation,
  };
}

const system = await start({ threads: 2 });
const results = [];
for (const thread of [0, 1, 2]) results.push(await onThread(system, thread));
// No thread was taken for hung.
const { lost } = system.figures();
await system.close();
process.stdout.write(`${JSON.stringify({ results, lost })}\n`, () => process.exit(0));
