/**
 * `npm run attack -- [--save]`: a host that takes remote write in, attacked in every way that its limits are
 * for, while a normal sender goes on. Answers: is every sample of the normal sender taken, what is answered
 * to the others, and how much memory does the host take at most? Does not answer: a network.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machineBlock } from '../harness/machine.ts';
import { body, bomb, greatest, labels, lie, sample, series } from './attack-bodies.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const BODY_MAX = 4 * 2 ** 20;
const REQUEST_MAX = 16 * 2 ** 20;
const NORMAL_SERIES = 500;
const NORMAL_EVERY_MS = 250;
const HEAD = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' };

const { values } = parseArgs({ options: { save: { type: 'boolean', default: false } } });
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const directory = mkdtempSync(join(tmpdir(), 'rm-attack-'));
const port = await freePort();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: found } = server.address() as { readonly port: number };
  server.close();
  return found;
}

type Answer = { readonly status: number | string; readonly text: string };

/** One request of its own connection, or of an agent's. */
function ask(path: string, bytes: Uint8Array | null, more: Record<string, unknown> = {}) {
  return new Promise<Answer>((resolve) => {
    const method = bytes === null ? 'GET' : 'POST';
    const options = { port, host: '127.0.0.1', path, method, headers: HEAD, ...more };
    const asked = request(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        text += piece;
      });
      answer.on('close', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on('error', () => resolve({ status: 'hung up', text: '' }));
    asked.end(bytes ?? undefined);
  });
}
const write = (bytes: Uint8Array, tenant?: string) =>
  ask('/api/v1/write', bytes, {
    headers: { ...HEAD, ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }) },
  });

/** Sends on: the same again when it is told so, as Prometheus does. */
class NormalSender {
  readonly agent: Agent = new Agent({ keepAlive: true, maxSockets: 1 });
  sent = 0;
  again = 0;
  refused = 0;
  slowestMs = 0;
  isOver = false;
  private readonly names: readonly Uint8Array[] = Array.from({ length: NORMAL_SERIES }, (_, i) =>
    labels([
      ['__name__', 'normal_total'],
      ['pod', `pod-${i}`],
    ]),
  );

  async run(): Promise<void> {
    while (!this.isOver) {
      const time = Date.now();
      const bytes = body(...this.names.map((name) => series(name, sample(time, this.sent))));
      const fromMs = performance.now();
      for (;;) {
        const { status } = await ask('/api/v1/write', bytes, { agent: this.agent });
        if (status === 204) break;
        if (typeof status === 'number' && status < 500) this.refused += 1;
        this.again += 1;
        await wait(50);
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - fromMs);
      this.sent += 1;
      await wait(NORMAL_EVERY_MS);
    }
  }
}

const up = spawn(
  process.execPath,
  [CLI, '--directory', directory, 'up', '--remote-write', String(port)],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
process.once('exit', () => up.kill('SIGTERM'));
while ((await ask('/', null)).status !== 404) await wait(100);

/** The process of the host: the one of this directory that listens. */
function hostPid(): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const [, main = ''] = line.split('\0');
      if (main.endsWith('host-main.js') && line.includes(directory)) return Number(name);
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error('there is no host');
}
const pid = hostPid();
function memory(name: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
}

type Phase = {
  readonly name: string;
  readonly answers: Readonly<Record<string, number>>;
  /** Of the host when it was over, and at most until then. */
  readonly memoryMiB: number;
  readonly peakMiB: number;
  readonly normal: { readonly sent: number; readonly again: number; readonly slowestMs: number };
};
const phases: Phase[] = [];
const normal = new NormalSender();

async function phase(name: string, act: (note: (answer: Answer) => void) => Promise<void>) {
  const answers: Record<string, number> = {};
  const [sent, again] = [normal.sent, normal.again];
  normal.slowestMs = 0;
  // The sender goes on in it at least twice.
  await act(({ status, text }) => {
    const says = (text.split(/[;,.]/)[0] ?? '').replace(/\d+/g, 'N').trim();
    const key = `${status} ${says}`.trim();
    answers[key] = (answers[key] ?? 0) + 1;
  });
  while (normal.sent < sent + 2) await wait(50);
  const done = {
    ...{ name, answers, memoryMiB: memory('VmRSS'), peakMiB: memory('VmHWM') },
    normal: {
      sent: normal.sent - sent,
      again: normal.again - again,
      slowestMs: Math.round(normal.slowestMs),
    },
  };
  phases.push(done);
  process.stdout.write(`${JSON.stringify(done)}\n`);
}

/** Some at once, all of it in the end. */
async function many(count: number, atOnce: number, send: (i: number) => Promise<void>) {
  let next = 0;
  const lanes = Array.from({ length: atOnce }, async () => {
    while (next < count) await send(next++);
  });
  await Promise.all(lanes);
}

void normal.run();
await phase('nobody attacks', () => wait(3000));
await phase('blocks that say 4 GiB', (note) =>
  many(500, 16, async () => note(await write(lie(0xffff_ffff)))),
);
const zeros = bomb(REQUEST_MAX - 64);
await phase('blocks of 768 KiB that become 16 MiB', (note) =>
  many(200, 16, async () => note(await write(zeros))),
);
await phase('bodies above the limit, with and without their length', async (note) => {
  const large = Buffer.alloc(BODY_MAX + 1);
  const chunked = { headers: { ...HEAD, 'transfer-encoding': 'chunked' } };
  await many(40, 8, async (i) => {
    note(i % 2 === 0 ? await write(large) : await ask('/api/v1/write', large, chunked));
  });
});
const million = labels(Array.from({ length: 1_000_000 }, () => ['', ''] as const));
await phase('10^6 labels in one series', async (note) => {
  const bytes = body(series(million));
  await many(20, 4, async () => note(await write(bytes)));
});
await phase('10^6 labels over 20,000 new series', async (note) => {
  const rest = labels(Array.from({ length: 48 }, (_, i) => [`l${i}`, 'v'] as const));
  for (let from = 0; from < 60_000; from += 20_000) {
    const list = Array.from({ length: 20_000 }, (_, i) => {
      const own = labels([
        ['__name__', 'wide'],
        ['id', `${from + i}`],
      ]);
      return series(Buffer.concat([own, rest]), sample(1000, 1));
    });
    note(await write(body(...list)));
  }
});
await phase('250,000 samples again and again, newest first', async (note) => {
  const list = Array.from({ length: 250_000 }, (_, i) => sample(1_000_000 - (i >> 1), i));
  const bytes = body(series(labels([['__name__', 'late']]), Buffer.concat(list)));
  await many(20, 4, async () => note(await write(bytes)));
});
await phase('256 connections that send a byte a second', async (note) => {
  const slow: Socket[] = [];
  const open = (): void => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => note({ status: 'hung up', text: '' }));
    socket.write('POST /api/v1/write HTTP/1.1\r\nhost: a\r\ncontent-encoding: snappy\r\n');
    slow.push(socket);
  };
  for (let i = 0; i < 256; i++) open();
  await wait(200);
  // Whoever has lost its connection comes back; so does the sender, whose connection is closed here.
  normal.agent.destroy();
  for (let second = 0; second < 12; second++) {
    for (const socket of slow) if (socket.writable) socket.write('x');
    for (let i = slow.filter(({ destroyed }) => !destroyed).length; i < 256; i++) open();
    await wait(1000);
  }
  for (const socket of slow) socket.destroy();
  await wait(100);
});
const largest = greatest(BODY_MAX, 'greatest');
await phase('64 bodies of 4 MiB at once, three times', async (note) => {
  for (let i = 0; i < 3; i++) await many(64, 64, async () => note(await write(largest)));
});
await phase('1,200,000 new series of 300 bytes, of 20 metrics and 4 tenants', async (note) => {
  const rest = labels(
    Array.from({ length: 8 }, (_, i) => [`label_${i}`, `value of ${i}`] as const),
  );
  for (let from = 0; from < 1_200_000; from += 40_000) {
    const list = Array.from({ length: 40_000 }, (_, i) => {
      const own = labels([
        ['__name__', `churn_${(from / 40_000) % 20}`],
        ['id', `${from + i}`],
      ]);
      return series(Buffer.concat([own, rest]), sample(1000, 1));
    });
    note(await write(body(...list), `tenant-${(from / 40_000) % 4}`));
  }
});
await phase('new series whose labels have 16 KiB, 60,000 of them', async (note) => {
  const long = 'y'.repeat(16_000);
  for (let from = 0; from < 60_000; from += 1000) {
    const list = Array.from({ length: 1000 }, (_, i) => {
      const own = labels([
        ['__name__', 'long'],
        ['id', `${from + i} ${long}`],
      ]);
      return series(own, sample(1000, 1));
    });
    note(await write(body(...list), `tenant-${from % 3}`));
  }
});
await phase('all sums are asked for', async (note) => {
  for (let i = 0; i < 3; i++) {
    const { status, text } = await ask('/metrics/aggregated', null);
    note({ status, text: status === 200 ? 'text' : text });
  }
});
normal.isOver = true;
await wait(1000);
const { text } = await ask('/metrics/aggregated?metric=normal_total', null);
const sums = [...text.matchAll(/^normal_total\{pod="[^"]*"\} (\d+)$/gm)].map(([, sum]) =>
  Number(sum),
);
// Each of its counters has grown by one a request, from the first one on.
const isWhole = sums.length === NORMAL_SERIES && sums.every((sum) => sum === normal.sent - 1);
const result = {
  takenAt: new Date().toISOString(),
  machine: machineBlock(),
  peakMiB: memory('VmHWM'),
  normal: {
    sent: normal.sent * NORMAL_SERIES,
    taken: isWhole ? normal.sent * NORMAL_SERIES : sums.reduce((a, b) => a + b + 1, 0),
    refused: normal.refused,
    verdict: isWhole && normal.refused === 0 ? 'met' : 'missed',
  },
  phases,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (values.save) {
  const path = fileURLToPath(new URL('../../../bench/results/attack.json', import.meta.url));
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
}
up.kill('SIGTERM');
await once(up, 'exit');
rmSync(directory, { recursive: true, force: true });
process.exit(result.normal.verdict === 'met' ? 0 : 1);
