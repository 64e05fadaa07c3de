/**
 * A process with one map, for what only a fresh process shows: `open` says how long opening took
 * until the first look was answered (without the loading of modules) and the sum of all values;
 * `fill` fills and closes; `kill` fills, says so, and goes on writing the same until it is killed.
 */
import { drawKeys, itemOf, itemsOf } from './durable-map.ts';
import { MAPS, type MapName } from './maps.ts';

/** Writes at a time while it waits to be killed. */
const WAVE = 64;

const [what = '', name = '', directory = '', count = ''] = process.argv.slice(2);
const items = itemsOf(Number(count));
const open = MAPS[name as MapName];
const say = (line: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));

if (what === 'open') {
  const first = drawKeys(1, items);
  const startMs = performance.now();
  const map = await open(directory);
  map.verify?.();
  await map.sumOf(first);
  const ms = performance.now() - startMs;
  await say(JSON.stringify({ ms, sum: await map.sumOf(items.map(({ key }) => key)) }));
} else {
  const map = await open(directory);
  await map.fill(items);
  if (what === 'fill') await map.close();
  await say('filled');
  for (let generation = 1; what === 'kill'; generation++) {
    await map.putAll(Array.from({ length: WAVE }, (_, index) => itemOf(index, generation)));
  }
}
// Node 20 may hang at exit.
process.exit(0);
