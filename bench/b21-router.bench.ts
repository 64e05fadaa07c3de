/**
 * B21, what a router costs: requests a second through it with 64 under way, and what it adds to one
 * request alone. Instance, proxy and client are three processes on one machine's cores, so requests a
 * second are those of all three together. Answers: are we as fast as a proxy library that measures and
 * decides nothing, and how far from one in C. Does not answer: other machines, large bodies, TLS.
 * Checksum: bytes that came back.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { BenchContender, BenchRow, BenchTask } from './harness/row.ts';
import { median } from './harness/statistics.ts';
import { noNginx, startNginx } from './router/nginx.ts';

const LANES = 64;
const BYTES = 128;

const script = (name: string): string =>
  fileURLToPath(new URL(`./router/${name}.js`, import.meta.url));

async function started(name: string, ...args: readonly string[]) {
  const child = fork(script(name), [...args]);
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
  return { child, port };
}

type Way = {
  /** Through what is measured. */
  readonly pool: Pool;
  /** To the instance itself. */
  readonly direct: Pool;
  close(): Promise<void>;
};

type Kind = 'ours' | 'http-proxy' | 'libraries' | 'nginx' | 'nothing';

/** What our router is made of. */
const LIBRARIES = 'node:http and undici, nothing else';

function proxyOf(kind: Kind, upstream: number) {
  return kind === 'nginx' ? startNginx(upstream) : started('proxy', kind, String(upstream));
}

async function way(kind: Kind): Promise<Way> {
  const children: ChildProcess[] = [];
  const instance = await started('instance');
  children.push(instance.child);
  let { port } = instance;
  if (kind !== 'nothing') {
    const proxy = await proxyOf(kind, port);
    children.push(proxy.child);
    port = proxy.port;
  }
  const poolOf = (to: number): Pool =>
    new Pool(`http://127.0.0.1:${to}`, { connections: LANES, pipelining: 1 });
  const pool = poolOf(port);
  const direct = poolOf(instance.port);
  return {
    pool,
    direct,
    close: async () => {
      await Promise.all([pool.destroy(), direct.destroy()]);
      const ends = children.map((child) => once(child, 'exit'));
      for (const child of children) child.connected ? child.disconnect() : child.kill();
      await Promise.all(ends);
    },
  };
}

async function ask(pool: Pool): Promise<number> {
  const { statusCode, body } = await pool.request({ path: '/cart/17', method: 'GET' });
  const bytes = (await body.arrayBuffer()).byteLength;
  if (statusCode !== 200 || bytes !== BYTES) throw new Error(`${statusCode}, ${bytes} bytes`);
  return bytes;
}

function throughput(kind: Kind): BenchContender {
  return {
    ...(kind === 'nginx' ? { skip: noNginx } : {}),
    prepare: async ({ quick }): Promise<BenchTask> => {
      const { pool, close } = await way(kind);
      const each = quick ? 2 : 50;
      const lane = async (): Promise<number> => {
        let sum = 0;
        for (let i = 0; i < each; i++) sum += await ask(pool);
        return sum;
      };
      return {
        opsPerCall: LANES * each,
        call: async () => {
          const sums = await Promise.all(Array.from({ length: LANES }, lane));
          return sums.reduce((a, b) => a + b, 0);
        },
        close,
      };
    },
  };
}

/** Median with and without, one after the other, so that both see the same machine. */
function added(kind: Kind): BenchContender {
  return {
    ...(kind === 'nginx' ? { skip: noNginx } : {}),
    prepare: async ({ quick }): Promise<BenchTask> => {
      const { pool, direct, close } = await way(kind);
      const count = quick ? 20 : 400;
      let own = 0;
      return {
        opsPerCall: count,
        call: async () => {
          const [through, without]: [number[], number[]] = [[], []];
          let sum = 0;
          for (let i = 0; i < count; i++) {
            const beganMs = performance.now();
            sum += await ask(pool);
            const betweenMs = performance.now();
            sum += await ask(direct);
            through.push(betweenMs - beganMs);
            without.push(performance.now() - betweenMs);
          }
          own = Math.max(1, (median(through) - median(without)) * 1e6);
          return sum;
        },
        own: () => own,
        close,
      };
    },
  };
}

export const rows: readonly BenchRow[] = [
  {
    id: 'B21',
    name: 'requests through a router, 64 under way',
    unit: 'k ops/s',
    ours: throughput('ours'),
    peers: {
      'http-proxy': throughput('http-proxy'),
      [LIBRARIES]: throughput('libraries'),
      nginx: throughput('nginx'),
      'no router': throughput('nothing'),
    },
    target: { ratioAtLeast: { 'http-proxy': 1 } },
    warmupMs: 2000,
    sameWork: true,
  },
  {
    id: 'B21',
    name: 'added to one request alone, median',
    unit: 'µs/op',
    ours: added('ours'),
    peers: {
      'http-proxy': added('http-proxy'),
      [LIBRARIES]: added('libraries'),
      nginx: added('nginx'),
    },
    target: { nsAtMost: 100_000, ratioAtLeast: { 'http-proxy': 1 } },
    warmupMs: 2000,
    sameWork: true,
  },
];
