/**
 * `npm run chaos -- [--seconds N] [--seed N] [--save]`: numbered messages between actors of several
 * threads while a thread is killed each second. Answers: is anything lost, doubled or reordered
 * beyond what semantics D1 to D3 allow? Does not answer: how fast. The seed fixes who is killed;
 * the machine's scheduling is what it is.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AnyRef, seededRandom, start } from 'ringmaster';
import { machineBlock } from '../harness/machine.ts';
import { Collector, Receiver, Sender } from './actors.ts';

const THREADS = 2;
const PAIRS_PER_THREAD = 3;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '42' },
    save: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const random = seededRandom(Number(values.seed));
if (!(seconds >= 1)) throw new Error(`--seconds is ${values.seconds}; expected 1 or more.`);

const events: Record<string, number> = {};
const system = await start({
  threads: THREADS,
  hangAfter: '2s',
  onEvent: ({ kind, ...rest }) => {
    if (kind === 'ring-corrupt' || kind === 'actor-crashed')
      process.stdout.write(`${kind} ${(rest as { error?: Error }).error?.stack}\n`);
    events[kind] = (events[kind] ?? 0) + 1;
  },
});
const intensity = { restarts: Number.POSITIVE_INFINITY };
const backoff = { initial: 1, max: 20 };
const fleet = system.supervisor({ name: 'chaos', intensity, backoff });
const collector = await fleet.spawn(Collector, { placement: 'same' });
const receivers: AnyRef[] = [];
for (let thread = 0; thread <= THREADS; thread++) {
  for (let i = 0; i < PAIRS_PER_THREAD; i++) {
    const args = { collector: collector as unknown as AnyRef };
    const receiver = await fleet.spawn(Receiver, { placement: { thread }, args });
    receivers.push(receiver as unknown as AnyRef);
  }
}
for (let thread = 0; thread <= THREADS; thread++) {
  for (let i = 0; i < PAIRS_PER_THREAD; i++) {
    const args = { name: `sender-${thread}-${i}`, receivers };
    await fleet.spawn(Sender, { placement: { thread }, args });
  }
}

let kills = 0;
for (let second = 1; second <= seconds; second++) {
  await pause(1000);
  system.killThread(1 + random.below(THREADS));
  kills++;
  if (second % 10 === 0) {
    const { total, lost, deadLetters } = system.figures();
    process.stdout.write(
      `${second} s: ${kills} kills, ${total.handled} handled, ${lost} lost, ${deadLetters} dead letters\n`,
    );
  }
}
await pause(1500);
for (const child of fleet.list()) {
  if (child.ref !== null && child.path.includes('/Sender')) await system.stop(child.ref);
}
const isQuiet = await system.quiet('10s');
const { found, checked } = (await collector.ask('report')) as unknown as {
  found: unknown[];
  checked: number;
};
const figures = system.figures();
await system.close();
const report = {
  seconds,
  seed: Number(values.seed),
  kills,
  checked,
  violations: found,
  isQuiet,
  inFlight: figures.inFlight,
  lost: figures.lost,
  sent: figures.sent,
  deadLetters: figures.deadLetters,
  total: figures.total,
  events,
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
if (values.save) {
  const file = new URL('../../../bench/results/chaos.json', import.meta.url);
  const saved = { takenAt: new Date().toISOString(), machine: machineBlock(), ...report };
  writeFileSync(file, `${JSON.stringify(saved, null, 2)}\n`);
}
const isSound = isQuiet && figures.inFlight === 0 && found.length === 0 && checked > 0;
process.stdout.write(isSound ? 'sound\n' : 'NOT SOUND\n');
process.exit(isSound ? 0 : 1);
