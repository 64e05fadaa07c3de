/**
 * `npm run process-loss -- [--rounds N] [--actors N] [--seed N] [--save]`: the brain is killed with
 * SIGKILL at random moments while it writes; the agent starts it again. Answers: is every
 * acknowledged write there, and how long until all actors serve with their state (S5, P1)? Does not
 * answer: a loss of power, or another disk.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from 'ringmaster';
import { startAgent } from 'ringmaster/agent';
import { machineBlock } from '../harness/machine.ts';
import { quantile } from '../harness/statistics.ts';

const BRAIN = fileURLToPath(new URL('./brain.js', import.meta.url));
/** Milliseconds within which all of it serves again (semantics S5). */
const RECOVERY_P99_MS = 1500;
/** A brain lives for so long after it serves, at most, in milliseconds. */
const LIFE_MS = 600;
const SAY_EVERY_MS = 2000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    actors: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '7' },
    save: { type: 'boolean', default: false },
  },
});
const rounds = wholeNumber('rounds', values.rounds);
const actors = wholeNumber('actors', values.actors);
const random = seededRandom(wholeNumber('seed', values.seed));

type Serving = {
  readonly pid: number;
  readonly counts: readonly number[];
  readonly openMs: number;
  readonly spawnMs: number;
};

/** The highest acknowledged count of each actor. */
const acked = new Int32Array(actors);
const recoveryMs: number[] = [];
const openMs: number[] = [];
const spawnMs: number[] = [];
let acknowledged = 0;
let lost = 0;
let killedMs = 0;
let saidMs = performance.now();
let done: () => void = () => undefined;
const finished = new Promise<void>((resolve) => {
  done = resolve;
});

const directory = mkdtempSync(join(tmpdir(), 'rm-loss-'));
const control = join(directory, 'control.sock');
const server = createServer((socket: Socket) => {
  socket.on('error', () => undefined);
  createInterface({ input: socket }).on('line', (line) => hear(JSON.parse(line)));
});
await new Promise<void>((resolve) => server.listen(control, resolve));
const agent = await startAgent({
  directory: join(directory, 'agent'),
  brain: {
    command: process.execPath,
    args: [BRAIN, join(directory, 'store'), control, String(actors)],
  },
  // Killing again and again is what this run does.
  config: { restartsMax: rounds + 1, healthyMs: 0 },
  say: () => undefined,
  ended: () => undefined,
});
await finished;
agent.stop();
server.close();

const p99 = quantile(recoveryMs, 0.99);
const isSound = lost === 0;
const report = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  rounds,
  actors,
  acknowledged,
  lost,
  isSound,
  recoveryMs: {
    p50: quantile(recoveryMs, 0.5),
    p99,
    max: Math.max(...recoveryMs),
    wanted: RECOVERY_P99_MS,
    isMet: p99 <= RECOVERY_P99_MS,
  },
  openMsP50: quantile(openMs, 0.5),
  spawnMsP50: quantile(spawnMs, 0.5),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
if (values.save) {
  const path = new URL('../../../bench/results/process-loss.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}
rmSync(directory, { recursive: true, force: true });
process.exit(isSound ? 0 : 1);

function hear(message: Serving | readonly [number, number]): void {
  if ('counts' in message) serving(message);
  else {
    const [i, count] = message;
    acknowledged++;
    if (count > (acked[i] as number)) acked[i] = count;
  }
}

/** A brain serves: checks what it found, and ends it some time later. */
function serving(found: Serving): void {
  if (killedMs > 0) {
    recoveryMs.push(performance.now() - killedMs);
    openMs.push(found.openMs);
    spawnMs.push(found.spawnMs);
  }
  found.counts.forEach((count, i) => {
    if (count < (acked[i] as number)) lost++;
  });
  if (performance.now() - saidMs > SAY_EVERY_MS) {
    saidMs = performance.now();
    process.stdout.write(
      `${recoveryMs.length} rounds, ${acknowledged} acknowledged, ${lost} lost\n`,
    );
  }
  if (recoveryMs.length >= rounds) {
    done();
    return;
  }
  setTimeout(() => kill(found.pid), random.below(LIFE_MS));
}

function kill(pid: number): void {
  killedMs = performance.now();
  process.kill(pid, 'SIGKILL');
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${name} is ${text}; expected an integer from 1.`);
}
