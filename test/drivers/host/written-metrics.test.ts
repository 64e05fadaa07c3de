/**
 * A fleet that decides by what senders write to its host: it grows when they say so, and while they are
 * silent, late or new it takes nothing away. Real agent, processes and HTTP.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Agent, connectAgent, startAgent } from 'ringmaster/agent';
import { type FleetHost, startFleetHost } from 'ringmaster/drivers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listenLocally } from '../../../src/drivers/local-port.ts';
import { request, snappy, type TestLabels } from '../../hotpath/ingest/write-request.ts';

const APPS = fileURLToPath(new URL('../apps/', import.meta.url));

let directory: string;
let agent: Agent;
let host: FleetHost;

const fetched = (port: number): Promise<number> =>
  fetch(`http://127.0.0.1:${port}/metrics/aggregated`).then(
    ({ status }) => status,
    () => 0,
  );
const begin = async (ingest?: { readonly port: number }): Promise<void> => {
  const ports = { from: 24_000, to: 25_999 };
  const more = ingest === undefined ? {} : { ingest };
  host = await startFleetHost({ directory, agent: agent.socket, machine: 'test', ports, ...more });
};
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rm-written-'));
  agent = await startAgent({
    directory: join(directory, 'agent'),
    brain: {
      command: process.execPath,
      args: ['-e', "require('node:net').createServer().listen(0)"],
    },
    config: { startMs: 600_000, stallAfterMs: 600_000 },
    say: () => undefined,
    ended: () => undefined,
  });
});
afterEach(async () => {
  const client = await connectAgent({ socket: agent.socket });
  const reports = await client.list();
  client.close();
  await host.close();
  for (const { status, pid } of reports) {
    try {
      if (status === 'running' && pid !== null) process.kill(-pid, 'SIGKILL');
    } catch {
      // It was stopped meanwhile.
    }
  }
  agent.stop();
  agent.stop();
  agent.close();
  rmSync(directory, { recursive: true, force: true });
});

const INTERVAL_MS = 600;
const fleetOf = (metric: Readonly<Record<string, unknown>>) => ({
  folder: APPS,
  data: {
    apiVersion: 'ringmaster/v1',
    kind: 'Fleet',
    name: 'shop',
    regions: [{ name: 'eu', zones: ['a', 'b'] }],
    policy: { period: '100ms', answerWithin: '90ms', maxStaleness: '3s' },
    services: {
      web: {
        kind: 'stateless',
        command: ['node', 'instance.mjs'],
        instances: 2,
        health: { readiness: { http: '/', period: '100ms', timeout: '90ms' } },
        autoscale: {
          ...{ min: 1, max: 4, settle: '0s', down: { window: '1s' } },
          metric: { name: 'queue_length', target: 10, window: '1s', ...metric },
        },
        remoteWrite: { match: { queue: 'orders' }, interval: `${INTERVAL_MS}ms` },
      },
    },
  },
});

type Status = Awaited<ReturnType<FleetHost['status']>>;

/** One sample of each, of now. */
async function write(list: readonly (readonly [labels: TestLabels, value: number])[]) {
  const nowMs = Math.round(performance.timeOrigin + performance.now());
  const body = request(
    list.map(([labels, value]) => ({
      labels: [['__name__', 'queue_length'] as const, ...labels],
      samples: [[nowMs, value] as const],
    })),
  );
  const answer = await fetch(`http://127.0.0.1:${host.ingest?.port}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
    body: Buffer.from(snappy(body)),
  });
  expect(answer.status).toBe(204);
}

/** Writes and looks again, until it is so. */
async function until(is: (status: Status) => boolean, say: (status: Status) => Promise<void>) {
  for (;;) {
    const status = await host.status('web');
    if (is(status)) return status;
    await say(status);
  }
}
const readyOf = ({ record }: Status): number =>
  [...record.instances.values()].filter(({ life }) => life.state === 'ready').length;
const nothing = async (): Promise<void> => undefined;
/** Of an exporter beside it, and of another queue. */
const length = (value: number) => () =>
  write([
    [
      [
        ['queue', 'orders'],
        ['instance', 'exporter:9419'],
      ],
      value,
    ],
    [[['queue', 'mails']], 1000],
  ]);

describe('written metrics', () => {
  test('written metrics - it grows when it is written so, and keeps what it has in silence', async () => {
    await begin({ port: 0 });
    await host.apply(fleetOf({ kind: 'valuePerInstance' }));
    await until((status) => readyOf(status) === 2, nothing);
    // What could be a part of it only is no ground for anything: it has to have come for two intervals.
    await until((status) => readyOf(status) === 4, length(40));
    const grown = (await host.why({ service: 'web' })).find(
      ({ intent: { who, act } }) => who === 'autoscaler' && act.kind === 'setDemand',
    );
    expect(grown?.intent.inputs).toMatchObject([
      { name: 'queue_length', value: '20', from: 'remote write' },
    ]);
    const silent = ({ attention }: Status): boolean =>
      attention.some((line) => /^queue_length: last written \d+ s ago/.test(line));
    const { nowMs } = await until(silent, nothing);
    // By then what was said is stale, and the window of what it may shrink by is long over.
    const still = await until((status) => status.nowMs > nowMs + 4000, nothing);
    expect([still.record.goal.demand, readyOf(still)]).toEqual([4, 4]);
    const isOne = ({ record }: Status): boolean =>
      record.goal.demand === 1 && record.instances.size === 1;
    await until(isOne, length(5));
  });

  test('written metrics - of each instance by its label; one that comes counts when it spoke', async () => {
    await begin({ port: 0 });
    await host.apply(fleetOf({}));
    await until((status) => readyOf(status) === 2, nothing);
    const each = (value: number) => (status: Status) =>
      write(
        [...status.record.instances.keys()].map((id) => [
          [
            ['queue', 'orders'],
            ['instance', id],
          ],
          value,
        ]),
      );
    await until((status) => readyOf(status) === 4, each(20));
    await until(({ record }) => record.instances.size === 1, each(2));
  });

  test('written metrics - a host that takes nothing in says so', async () => {
    await begin();
    await host.apply(fleetOf({ kind: 'value' }));
    const { attention } = await until((one) => one.attention.length > 0, nothing);
    expect(attention.join('\n')).toMatch(/queue_length: .*start it with --remote-write/);
  });

  test('written metrics - who leads does without a port that is taken, until it is free', async () => {
    const other = createServer();
    const port = await listenLocally(other, 0);
    await begin({ port });
    expect(host.ingest).toBeNull();
    expect(await host.services()).toEqual([]);
    other.close();
    while (host.ingest === null) await host.services().then(() => fetched(port));
    expect(await fetched(port)).toBe(200);
  });
});
