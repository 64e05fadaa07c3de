/**
 * `npm run inspector-cost -- [--rounds N] [--save]` (B22, the server's part): what being looked at costs. A
 * process with 100,000 actors and a busy actor thread; blocks of a second with no inspector, one that nobody
 * is connected to, one client at 10 frames a second, ten clients that read nothing, one that measures the
 * actor that all messages of the thread are for; in turns and in another order each round, so each block has
 * a neighbour without. Answers: throughput against none, memory of a
 * stalled client, milliseconds of a snapshot, and from a throw to its news. Does not answer: what the page
 * does with it (`npm run inspector-page`).
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineBlock } from '../harness/machine.ts';
import { median, medianInterval, quantile } from '../harness/statistics.ts';
import { Looker, type Where } from './looker.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    actors: { type: 'string', default: '100000' },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const actors = Number(values.actors);
const BLOCK_MS = 1000;
const SETTLE_MS = 1000;
const SNAPSHOTS = 50;
const CRASHES = 100;
const STALLED = 10;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const rounded = (value: number, digits = 3): number => Number(value.toFixed(digits));

/** The process that is looked at. */
class Child {
  private readonly process = spawn(
    process.execPath,
    [fileURLToPath(new URL('./load-child.js', import.meta.url)), values.actors],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  private readonly lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();

  async line(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('the process that is looked at has ended');
    return value;
  }

  async order<T>(text: string): Promise<T> {
    this.process.stdin.write(`${text}\n`);
    return JSON.parse(await this.line()) as T;
  }
}

const ARMS = ['none', 'nobody', 'client', 'stalled', 'measured'] as const;
type Arm = (typeof ARMS)[number];

const child = new Child();
say(`${values.actors} actors are spawned`);
await child.line();

/** Messages a second in one block. */
async function block(arm: Arm): Promise<number> {
  if (arm === 'none') {
    await later(SETTLE_MS);
    return child.order<number>(`run ${BLOCK_MS}`);
  }
  const where = await child.order<Where>('open');
  const lookers: Looker[] = [];
  if (arm === 'client') {
    lookers.push(await Looker.connect(where));
    await lookers[0]?.look(10, actors);
  }
  if (arm === 'measured') {
    const looker = await Looker.connect(where);
    looker.measure('/user/driver');
    lookers.push(looker);
  }
  for (let i = 0; arm === 'stalled' && i < STALLED; i++) {
    const looker = await Looker.connect(where);
    looker.stall();
    lookers.push(looker);
  }
  await later(SETTLE_MS);
  const rate = await child.order<number>(`run ${BLOCK_MS}`);
  for (const looker of lookers) await looker.close();
  await child.order('close');
  return rate;
}

const rates: Record<Arm, number[]> = {
  none: [],
  nobody: [],
  client: [],
  stalled: [],
  measured: [],
};
for (let round = 0; round < rounds; round++) {
  const order = ARMS.map((_, i) => ARMS[(i + round) % ARMS.length] as Arm);
  if (round % 2 === 1) order.reverse();
  for (const arm of order) rates[arm].push(await block(arm));
  say(`round ${round + 1} of ${rounds}`);
}
/** What a block costs, in percent of one without an inspector in its round. */
const cost = (arm: Arm) => {
  const parts = rates[arm].map((rate, i) => 100 * (1 - rate / (rates.none[i] as number)));
  return {
    percent: rounded(median(parts), 2),
    interval95: medianInterval(parts).map((part) => rounded(part, 2)),
  };
};

const more = rates.measured.map((rate, i) => 1e9 / rate - 1e9 / (rates.none[i] as number));

const where = await child.order<Where>('open');
const snapshots: number[] = [];
for (let i = 0; i < SNAPSHOTS + 1; i++) {
  const looker = await Looker.connect(where);
  const fromMs = performance.now();
  await looker.look(10, actors);
  // The first one is for whoever comes when nobody has looked yet: names are told then.
  snapshots.push(performance.now() - fromMs);
  await looker.close();
}
const [first = Number.NaN, ...others] = snapshots;
say('snapshots are measured');

const listener = await Looker.connect(where);
const seen: { readonly atUs: number; readonly path: string }[] = [];
let look = (): void => undefined;
listener.hear('events', (text) => {
  const atUs = (performance.timeOrigin + performance.now()) * 1000;
  for (const [, path] of text.matchAll(/"path":"([^"]+)"/g)) seen.push({ atUs, path: path ?? '' });
  look();
});
const news: number[] = [];
for (let i = 0; i < CRASHES; i++) {
  const thrownUs = await child.order<number>(`crash ${i}`);
  const path = `/user/many/${i}`;
  await new Promise<void>((resolve) => {
    look = () => {
      if (seen.some((one) => one.path === path)) resolve();
    };
    look();
  });
  const { atUs = Number.NaN } = seen.find((one) => one.path === path) ?? {};
  news.push((atUs - thrownUs) / 1000);
  await later(10 + ((i * 7) % 40));
}
await listener.close();
say('crashes are measured');

const before = await child.order<number>('memory');
const stalled: Looker[] = [];
for (let i = 0; i < STALLED; i++) {
  const looker = await Looker.connect(where);
  looker.stall();
  stalled.push(looker);
}
await later(5000);
const grown = ((await child.order<number>('memory')) - before) / STALLED / 2 ** 20;
for (const looker of stalled) await looker.close();
await child.order('quit');

const result = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  actors,
  rounds,
  handledPerSecond: Math.round(median(rates.none)),
  costOfThroughput: {
    nobody: cost('nobody'),
    client: cost('client'),
    stalled: cost('stalled'),
  },
  measuredNs: {
    median: rounded(median(more), 1),
    interval95: medianInterval(more).map((ns) => rounded(ns, 1)),
  },
  snapshotMs: {
    first: rounded(first, 1),
    median: rounded(median(others), 1),
    p95: rounded(quantile(others, 0.95), 1),
  },
  crashToNewsMs: { median: rounded(median(news), 1), p99: rounded(quantile(news, 0.99), 1) },
  stalledClientMiB: rounded(grown, 2),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (values.save) {
  const file = fileURLToPath(
    new URL('../../../bench/results/inspector-cost.json', import.meta.url),
  );
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}
