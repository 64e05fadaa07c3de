/**
 * The system that is looked at, as a process of its own: `load-child ACTORS [calm]`. One actor thread that is
 * busy all the time, unless it is to be calm, and of the many actors on it 5,000 are touched each 100 ms.
 * Lines in are orders, each is answered by one line: `open` and `close` an inspector, `run MS` (messages
 * handled in that time), `crash N` (the moment of the throw, in microseconds of the wall), `memory` (resident
 * bytes), `quit`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type AnyRef, start } from 'ringmaster';
import { type Inspector, inspect } from 'ringmaster/inspector';
import { Driver, Touched } from './busy-actors.ts';

/** Touches of the many, and how often. */
const TOUCHES = 5000;
const TOUCH_MS = 100;

const actors = Number(process.argv[2]);
const system = await start({ threads: 1, ...(actors > 200_000 ? { actorsMax: 2 ** 21 } : {}) });
const placement = { thread: 1 } as const;
const driver = (await system.spawn(Driver, { id: 'driver', placement })) as AnyRef;
const many: AnyRef[] = [];
for (let i = 0; i < actors; i += 1000) {
  const batch = Array.from({ length: Math.min(1000, actors - i) }, (_, j) =>
    system.spawn(Touched, { id: `many/${i + j}`, placement }),
  );
  many.push(...((await Promise.all(batch)) as AnyRef[]));
}
// In parts: a million refs are more than a message may take.
for (let i = 0; i < actors; i += 100_000) {
  await driver.ask('more', many.slice(i, i + 100_000) as never);
}
driver.tell('run', process.argv[3] !== 'calm');
setInterval(() => driver.tell('touch', TOUCHES), TOUCH_MS);

const directory = mkdtempSync(join(tmpdir(), 'ringmaster-inspector-cost-'));
let inspector: Inspector | null = null;
const handled = (): number => system.figures().total.handled;
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function obey(order: string): Promise<unknown> {
  const [word, argument] = order.split(' ');
  if (word === 'open') {
    inspector = await inspect(system, { directory });
    const token = readFileSync(inspector.tokenFile('viewer'), 'utf8').trim();
    return { url: inspector.url, token, port: inspector.port };
  }
  if (word === 'close') {
    await inspector?.close();
    inspector = null;
    return null;
  }
  if (word === 'run') {
    const [before, fromMs] = [handled(), performance.now()];
    await later(Number(argument));
    return ((handled() - before) / (performance.now() - fromMs)) * 1000;
  }
  if (word === 'crash') {
    (many[Number(argument)] as AnyRef).tell('crash', undefined);
    return Math.round((performance.timeOrigin + performance.now()) * 1000);
  }
  if (word === 'memory') return process.memoryUsage().rss;
  await inspector?.close();
  await system.close();
  rmSync(directory, { recursive: true });
  return null;
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(line))}\n`);
  if (line === 'quit') process.exit(0);
}
// Whoever gave orders is gone.
process.exit(1);
