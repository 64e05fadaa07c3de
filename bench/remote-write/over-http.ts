/**
 * Remote write by HTTP to a server in a process of its own, counted in the server's processor time: what
 * the sender takes, which is this process, is not in it. Times go on from call to call, as they would.
 */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compress } from 'snappyjs';
import { Pool } from 'undici';
import type { BenchContender } from '../harness/row.ts';
import { labelsOf, REQUEST_SERIES, WriteRequest } from './bodies.ts';

export type ServerKind = 'ours' | 'victoria-metrics' | 'prometheus';

/** Of the kernel's clock, in which it counts processor time. */
const TICK_NS = 10_000_000;
const SERIES = 20_000;
/** All series so often in a call: the server's time has to be many ticks. */
const MOMENTS = 20;
const LANES = 4;

/** A request whose time and values can be written over: encoded once. */
class Patched {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly valueAt: number[] = [];

  constructor(first: number, count: number, time: number) {
    const timeseries = Array.from({ length: count }, (_, i) => ({
      labels: labelsOf(first + i),
      samples: [{ value: 1e9, timestamp: time }],
    }));
    this.bytes = WriteRequest.encode({ timeseries }).finish().slice();
    this.view = new DataView(this.bytes.buffer);
    // Before each time, of six bytes, stands a value of eight; both behind their tags.
    for (let at = this.bytes.indexOf(0x12); at >= 0; at = this.bytes.indexOf(0x12, at + 1)) {
      const isSample = this.bytes[at + 1] === 16 && this.bytes[at + 2] === 9;
      if (isSample && this.view.getFloat64(at + 3, true) === 1e9) this.valueAt.push(at + 3);
    }
    if (this.valueAt.length !== count)
      throw new Error(`${this.valueAt.length} samples of ${count}`);
  }

  body(time: number, value: number): Uint8Array {
    const ms = time.toString(2).padStart(42, '0');
    for (const at of this.valueAt) {
      this.view.setFloat64(at, value, true);
      for (let i = 0; i < 6; i += 1) {
        const bits = Number.parseInt(ms.slice(35 - 7 * i, 42 - 7 * i), 2);
        this.bytes[at + 9 + i] = i < 5 ? bits | 0x80 : bits;
      }
    }
    return compress(this.bytes);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

type Server = { readonly child: ChildProcess; readonly port: number; readonly folder: string };

async function started(kind: ServerKind): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-b18-'));
  if (kind === 'ours') {
    const child = fork(fileURLToPath(new URL('./receiver-process.js', import.meta.url)));
    const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
    return { child, port, folder };
  }
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, 'global: {}\n');
  const args =
    kind === 'victoria-metrics'
      ? [`-storageDataPath=${join(folder, 'data')}`, `-httpListenAddr=127.0.0.1:${port}`]
      : [
          `--config.file=${config}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--web.enable-remote-write-receiver',
        ];
  const child = spawn(kind, args, { stdio: 'ignore' });
  const path = kind === 'prometheus' ? '/-/ready' : '/health';
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    if (answer?.ok === true) return { child, port, folder };
    if (child.exitCode !== null) throw new Error(`${kind} has ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function processorNs({ pid }: ChildProcess): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_NS;
}

/** Samples that a server takes in a second of its processor time. */
export function overHttp(kind: ServerKind): BenchContender {
  const contender: BenchContender = {
    prepare: async ({ quick }) => {
      const server = await started(kind);
      const series = quick ? REQUEST_SERIES : SERIES;
      const moments = quick ? 2 : MOMENTS;
      let time = Date.now() - 3_600_000;
      const requests: Patched[] = [];
      for (let first = 0; first < series; first += REQUEST_SERIES) {
        requests.push(new Patched(first, REQUEST_SERIES, time));
      }
      const pool = new Pool(`http://127.0.0.1:${server.port}`, { connections: LANES });
      const send = async (body: Uint8Array): Promise<number> => {
        const { statusCode, body: rest } = await pool.request({
          path: '/api/v1/write',
          method: 'POST',
          headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
          body,
        });
        await rest.dump();
        if (statusCode !== 204) throw new Error(`${kind} has answered ${statusCode}`);
        return REQUEST_SERIES;
      };
      let own = 0;
      const samples = series * moments;
      return {
        opsPerCall: samples,
        call: async () => {
          const beforeNs = processorNs(server.child);
          let sent = 0;
          for (let i = 0; i < moments; i += 1) {
            time += 1000;
            const bodies = requests.map((one) => one.body(time, time % 1e6));
            for (let at = 0; at < bodies.length; at += LANES) {
              const counts = await Promise.all(bodies.slice(at, at + LANES).map(send));
              sent += counts.reduce((a, b) => a + b, 0);
            }
          }
          own = Math.max(1, (processorNs(server.child) - beforeNs) / samples);
          return sent;
        },
        own: () => own,
        close: async () => {
          await pool.destroy();
          if (kind === 'ours') server.child.disconnect();
          else server.child.kill('SIGKILL');
          await once(server.child, 'exit');
          rmSync(server.folder, { recursive: true });
        },
      };
    },
  };
  if (kind === 'ours') return contender;
  const isThere = () => spawnSync('sh', ['-c', `command -v ${kind}`]).status === 0;
  return {
    ...contender,
    skip: () => (isThere() ? null : `not installed; apt-get install ${kind}`),
  };
}
