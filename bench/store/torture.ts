/**
 * `npm run store-torture -- [--rounds N] [--seed N] [--save]`: a process that writes to a store is
 * killed (SIGKILL) at a random acknowledgement, or while it opens, again and again; each time the
 * next one must find every write that was acknowledged, whole transactions only, a revision that
 * never went back (P1). Does not answer: what a loss of power does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from 'ringmaster/testkit';
import { machineBlock } from '../harness/machine.ts';

const WRITER = fileURLToPath(new URL('./torture-writer.js', import.meta.url));
/** Acknowledgements before a kill, at most. More: longer rounds, fewer kills in the same time. */
const ACKS_MAX = 600;
/** One of so many rounds is killed before it has opened. */
const EARLY_ONE_OF = 8;
/** Numbers of two rounds never meet. */
const NUMBERS_A_ROUND = 10_000_000;

type Totals = {
  rounds: number;
  acknowledged: number;
  killedWhileOpening: number;
  lost: number;
  torn: number;
  revision: number;
  /** From starting the process to its first answer, in ms, of each round that opened. */
  readonly openMs: number[];
};

/** What the parent knows to be durable: the last acknowledged number of each key. */
type Known = Map<string, number>;

async function round(
  directory: string,
  totals: Totals,
  known: Known,
  killAfter: number,
): Promise<void> {
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [WRITER, directory, String(totals.rounds * NUMBERS_A_ROUND)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  const found: Known = new Map();
  let acks = 0;
  if (killAfter === 0) {
    child.kill('SIGKILL');
    totals.killedWhileOpening++;
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, key = '', number = '', revision = ''] = line.split(' ');
    if (what === 'have') found.set(key, Number(number));
    else if (what === 'ready') {
      totals.openMs.push(performance.now() - startedMs);
      compare(found, known, totals);
      if (Number(key) < totals.revision)
        throw new Error(`revision ${key} after ${totals.revision}`);
    } else if (line.endsWith(revision) && revision !== '') {
      // What was in the pipe at the kill counts, too: it was acknowledged.
      known.set(key, Number(number));
      known.set(`twin/${key}`, Number(number));
      totals.revision = Math.max(totals.revision, Number(revision));
      totals.acknowledged++;
      if (++acks === killAfter) child.kill('SIGKILL');
    }
  }
  await ended;
  expectKilled(child);
}

function compare(found: Known, known: Known, totals: Totals): void {
  for (const [key, number] of known) if ((found.get(key) ?? -1) < number) totals.lost++;
  for (const [key, number] of found) {
    if (!key.startsWith('twin/') && found.get(`twin/${key}`) !== number) totals.torn++;
  }
}

function expectKilled(child: ChildProcess): void {
  if (child.signalCode !== 'SIGKILL') {
    throw new Error(`the writer ended by itself: code ${child.exitCode}, ${child.signalCode}.`);
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      save: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const random = seededRandom(Number(values.seed));
  const directory = mkdtempSync(join(tmpdir(), 'ringmaster-torture-'));
  const totals: Totals = {
    rounds: 0,
    acknowledged: 0,
    killedWhileOpening: 0,
    lost: 0,
    torn: 0,
    revision: 0,
    openMs: [],
  };
  const known: Known = new Map();
  for (; totals.rounds < rounds; totals.rounds++) {
    const early = random.below(EARLY_ONE_OF) === 0;
    await round(directory, totals, known, early ? 0 : 1 + random.below(ACKS_MAX));
  }
  rmSync(directory, { recursive: true });
  const openMs = totals.openMs.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(openMs[Math.min(openMs.length - 1, Math.floor(openMs.length * share))] ?? 0);
  const report = { ...totals, seed: Number(values.seed), openMs: { p50: at(0.5), p99: at(0.99) } };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (values.save) {
    const folder = new URL('../../../bench/results/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    const saved = { takenAt: new Date().toISOString(), machine: machineBlock(), ...report };
    writeFileSync(new URL('store-torture.json', folder), `${JSON.stringify(saved, null, 2)}\n`);
  }
  return totals.lost + totals.torn === 0 ? 0 : 1;
}

process.exitCode = await main();
