/**
 * `npm run inspector-fuzz -- [--fleet] [--messages N] [--seed N] [--save]`: an inspector that is sent what is
 * drawn from its own schema, most of it broken; with `--fleet` that of a fleet that runs, by somebody who
 * may do anything. Answers: does each get exactly one answer of the protocol, does
 * nothing fail inside, does it still serve, and does its memory stay? Does not answer: frames and requests
 * that are none (test/inspector).
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Changed, decodeColumns, describeProtocol, PROTOCOL } from 'ringmaster/inspector';
import { seededRandom } from 'ringmaster/testkit';
import { WebSocket } from 'ws';
import { machineBlock } from '../harness/machine.ts';
import { DrawnMessages } from './drawn-messages.ts';
import { fleetTarget, systemTarget } from './fuzz-target.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    fleet: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});
const wanted = Number(values.messages);
if (!Number.isSafeInteger(wanted) || wanted < 1) {
  process.stderr.write(`--messages is ${values.messages}; expected a whole number from 1 on\n`);
  process.exit(2);
}
/** Messages without an answer at a time; fewer than are refused as too many. */
const WINDOW = 48;

const target = values.fleet ? fleetTarget() : await systemTarget();
const socket = new WebSocket(target.url, PROTOCOL.name, {
  headers: { authorization: `Bearer ${target.token}` },
});
await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));

const description = describeProtocol();
const known = new Set(Object.keys(description.errors));
const drawn = new DrawnMessages(seededRandom(Number(values.seed)), description, target.words);
const sentAs: Record<string, number> = {};
const answeredAs: Record<string, number> = {};
let [sent, answered, strange, frames] = [0, 0, 0, 0];
/** Answers to acknowledgements are no part of the run. */
const ACKNOWLEDGED = 2 ** 40;
const MiB = (): number => Math.round(process.memoryUsage().rss / 2 ** 20);
let peakMiB = MiB();
let shownMs = performance.now();

const hello = { id: 0, method: 'System.hello', params: { protocol: { major: 1, minor: 0 } } };
socket.send(JSON.stringify(hello));
await new Promise((resolve) => socket.once('message', resolve));
const over = new Promise<void>((resolve, reject) => {
  socket.once('close', (code) => reject(new Error(`it was hung up on, with ${code}`)));
  const fill = (): void => {
    while (sent < wanted && sent - answered < WINDOW) {
      const { text, how } = drawn.next(sent);
      sentAs[how] = (sentAs[how] ?? 0) + 1;
      sent++;
      socket.send(text);
    }
    if (answered === wanted) resolve();
  };
  const acknowledge = (sub: number, frame: number): void => {
    frames++;
    const params = { sub, frame };
    socket.send(JSON.stringify({ id: ACKNOWLEDGED, method: 'Topics.acknowledge', params }));
  };
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      const { sub, frame } = decodeColumns(Uint8Array.from(data as Buffer).buffer);
      acknowledge(sub, frame);
      return;
    }
    const answer = JSON.parse(String(data)) as Partial<Changed> & {
      readonly id?: number;
      readonly result?: unknown;
      readonly error?: { readonly name: string };
    };
    if (answer.sub !== undefined && answer.frame !== undefined) {
      acknowledge(answer.sub, answer.frame);
      return;
    }
    if (answer.id === ACKNOWLEDGED) return;
    const { error } = answer;
    const name = error === undefined ? 'result' : error.name;
    answeredAs[name] = (answeredAs[name] ?? 0) + 1;
    if (error === undefined ? answer.result === undefined : !known.has(error.name)) strange++;
    answered++;
    if (answered % 4096 === 0) peakMiB = Math.max(peakMiB, MiB());
    if (performance.now() - shownMs > 2000) {
      shownMs = performance.now();
      process.stderr.write(`${answered} of ${wanted} answered\n`);
    }
    fill();
  });
  fill();
});
const fromMs = performance.now();
const atFirstMiB = MiB();
await over;
const seconds = (performance.now() - fromMs) / 1000;
socket.removeAllListeners('close');
socket.terminate();
const troubles = await target.end();

const failures = (answeredAs.internal ?? 0) + strange + troubles.length;
const result = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  of: values.fleet ? 'a fleet' : 'an actor system',
  seed: Number(values.seed),
  messages: wanted,
  answered,
  perSecond: Math.round(wanted / seconds),
  memoryMiB: { atFirst: atFirstMiB, peak: peakMiB },
  sentAs,
  answeredAs,
  frames,
  troubles: troubles.slice(0, 5),
  verdict: failures === 0 ? 'met' : 'missed',
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (values.save) {
  const name = values.fleet ? 'inspector-fuzz-fleet' : 'inspector-fuzz';
  const file = fileURLToPath(new URL(`../../../bench/results/${name}.json`, import.meta.url));
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit(failures === 0 ? 0 : 1);
