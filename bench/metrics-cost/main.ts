/**
 * `npm run metrics-cost -- [--pairs N] [--blocks N] [--save]`: what the runtime's figures in shared memory
 * cost of B1 and B4. Two processes at a time, one of a copy that writes no figures, take turns in
 * blocks of some milliseconds (A B, B A, …); each pair of processes gives one ratio, since how an
 * engine lays out its code differs from process to process. And, since 1 % is less than that noise,
 * the same by counting (`isolated.ts`). Answers: is it at most 1 %? Does not answer: what reading
 * the figures costs. An A/A run (`--same`) shows how much is noise.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { machineBlock } from '../harness/machine.ts';
import { median, medianInterval } from '../harness/statistics.ts';
import { copyOf } from './copies.ts';
import { writeCost } from './isolated.ts';

/** Fewer pairs of processes say nothing of how far they differ by themselves. */
const PAIRS_MIN = 10;
/** Most that the figures may cost, as a factor. */
const COST_MAX = 1.01;
const WARMUP_MS = 1500;
const BLOCK_MS = 40;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10' },
    blocks: { type: 'string', default: '60' },
    same: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});
const pairs = Number(values.pairs);
const blocks = Number(values.blocks);
if (!(pairs >= 1 && blocks >= 2))
  throw new Error('expected --pairs 1 or more, --blocks 2 or more.');

const say = (text: string): void => void process.stdout.write(`${text}\n`);

class Side {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  /** What the copy that counts has said last, by thread: turns of actors, and of the thread. */
  readonly counts: Map<string, readonly [number, number]> = new Map();

  constructor(folder: string, id: string) {
    this.child = spawn(process.execPath, [`${folder}build/bench/metrics-cost/child.js`, id]);
    createInterface({ input: this.child.stderr }).on('line', (line) => {
      const [thread = '', turns, shows] = line.split(' ');
      if (shows === undefined) say(line);
      else this.counts.set(thread, [Number(turns), Number(shows)]);
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('a side of the comparison has ended');
    return value;
  }

  async run(ms: number): Promise<{ readonly ns: number; readonly messages: number }> {
    this.child.stdin.write(`${ms}\n`);
    const [ns = 0, messages = 0] = (await this.line()).split(' ').map(Number);
    return { ns, messages };
  }

  close(): void {
    this.child.kill('SIGKILL');
  }
}

type Pair = { readonly ratio: number; readonly withNs: number; readonly withoutNs: number };

async function runPair(id: string, folders: readonly [string, string]): Promise<Pair> {
  const sides = [new Side(folders[0], id), new Side(folders[1], id)] as const;
  try {
    for (const side of sides) await side.line();
    for (const side of sides) await side.run(WARMUP_MS);
    const ns: [number[], number[]] = [[], []];
    for (let block = 0; block < blocks; block++) {
      for (const which of block % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        ns[which].push((await sides[which].run(BLOCK_MS)).ns);
      }
    }
    const ratio = median(ns[0].map((cost, block) => cost / (ns[1][block] as number)));
    return { ratio, withNs: median(ns[0]), withoutNs: median(ns[1]) };
  } finally {
    for (const side of sides) side.close();
  }
}

type Counted = { readonly turns: number; readonly shows: number };

/** Turns of actors and of threads that a message takes, of both threads together. */
async function countedTurns(id: string, folder: string): Promise<Counted> {
  const side = new Side(folder, id);
  try {
    await side.line();
    const { messages } = await side.run(WARMUP_MS);
    const counts = [...side.counts.values()];
    if (counts.length === 0) throw new Error('the copy that counts has said nothing');
    const sum = (which: 0 | 1): number => counts.reduce((all, one) => all + one[which], 0);
    return { turns: sum(0) / messages, shows: sum(1) / messages };
  } finally {
    side.close();
  }
}

const rounded = (figure: number): number => Number(figure.toPrecision(4));

function verdictOf([low, high]: readonly [number, number]): string {
  if (pairs < PAIRS_MIN) return 'inconclusive';
  if (high <= COST_MAX) return 'met';
  return low > COST_MAX ? 'missed' : 'inconclusive';
}

say(JSON.stringify(machineBlock()));
const folders = [copyOf('with'), copyOf(values.same ? 'with' : 'without')] as const;
const counting = copyOf('counting');
const cost = await writeCost(folders[0]);
const rows = [];
for (const id of ['B1', 'B4']) {
  const all: Pair[] = [];
  for (let pair = 0; pair < pairs; pair++) all.push(await runPair(id, folders));
  const ratios = all.map(({ ratio }) => ratio);
  const interval = medianInterval(ratios);
  const withNs = median(all.map(({ withNs }) => withNs));
  const { turns, shows } = await countedTurns(id, counting);
  const countedNs = turns * cost.turnNs + shows * cost.showNs;
  const row = {
    id,
    withNs: rounded(withNs),
    withoutNs: rounded(median(all.map(({ withoutNs }) => withoutNs))),
    ratio: rounded(median(ratios)),
    ratioInterval95: interval.map(rounded),
    ratios: ratios.map(rounded),
    counted: {
      turnNs: rounded(cost.turnNs),
      showNs: rounded(cost.showNs),
      turnsPerMessage: rounded(turns),
      showsPerMessage: rounded(shows),
      nsPerMessage: rounded(countedNs),
      share: rounded(countedNs / withNs),
    },
    verdict: values.same ? 'no target' : verdictOf(interval),
  };
  rows.push(row);
  say(JSON.stringify(row));
}
if (values.save) {
  const file = new URL('../../../bench/results/metrics-cost.json', import.meta.url);
  const saved = { takenAt: new Date().toISOString(), machine: machineBlock(), pairs, blocks, rows };
  writeFileSync(file, `${JSON.stringify(saved, null, 2)}\n`);
}
process.exit(0);
