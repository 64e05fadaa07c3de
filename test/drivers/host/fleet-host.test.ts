/** A fleet on this machine, with everything that belongs to it: real agent, store, processes, metrics. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Agent, startAgent } from 'ringmaster/agent';
import {
  ControlServer,
  connectHost,
  ExpositionReader,
  type FleetHost,
  HostMethods,
  MetricsServer,
  startFleetHost,
} from 'ringmaster/drivers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const APPS = fileURLToPath(new URL('../apps/', import.meta.url));

let directory: string;
let agent: Agent;
let host: FleetHost;

const begin = async (): Promise<void> => {
  host = await startFleetHost({
    directory,
    agent: agent.socket,
    machine: 'test',
    ports: { from: 26_000, to: 27_999 },
  });
};
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rm-host-'));
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
  await begin();
});
afterEach(async () => {
  const pids = await pidsOf();
  await host.close();
  for (const pid of pids) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It was stopped meanwhile: a fleet that shrinks does not wait for its test.
    }
  }
  agent.stop();
  agent.stop();
  agent.close();
  rmSync(directory, { recursive: true, force: true });
});

const { connectAgent } = await import('ringmaster/agent');
async function pidsOf(): Promise<readonly number[]> {
  const client = await connectAgent({ socket: agent.socket });
  const reports = await client.list();
  client.close();
  return reports.flatMap(({ status, pid }) => (status === 'running' && pid !== null ? [pid] : []));
}

const fleetOf = (services: Readonly<Record<string, unknown>>) => ({
  folder: APPS,
  data: {
    apiVersion: 'ringmaster/v1',
    kind: 'Fleet',
    name: 'shop',
    regions: [{ name: 'eu', zones: ['a', 'b'] }],
    policy: { period: '100ms', answerWithin: '90ms', maxStaleness: '3s' },
    services,
  },
});
const web = (more: Readonly<Record<string, unknown>> = {}) => ({
  kind: 'stateless',
  command: ['node', 'instance.mjs'],
  instances: 2,
  health: { readiness: { http: '/', period: '100ms', timeout: '90ms' } },
  ...more,
});

/** Looks again with each answer of the host, until it is so. */
const until = async (is: (status: Awaited<ReturnType<FleetHost['status']>>) => boolean) => {
  for (;;) {
    const status = await host.status('web');
    if (is(status)) return status;
  }
};
const readyOf = ({ record }: Awaited<ReturnType<FleetHost['status']>>): number =>
  [...record.instances.values()].filter(({ life }) => life.state === 'ready').length;

describe('host', () => {
  test('host - an applied fleet runs; the next host finds it, and nothing is started anew', async () => {
    // Guards: S5.
    const document = fleetOf({ web: web() });
    expect(await host.apply(document, { dryRun: true })).toMatchObject([{ outcome: 'new' }]);
    expect(await host.services()).toEqual([]);
    expect(await host.apply(document)).toMatchObject([{ service: 'web', outcome: 'new' }]);
    await until((status) => readyOf(status) === 2);
    const before = await pidsOf();
    expect(before.length).toBe(2);
    await host.close();
    await begin();
    await until((status) => readyOf(status) === 2);
    expect(await pidsOf()).toEqual(before);
    expect(await host.apply(document)).toMatchObject([{ outcome: 'same' }]);
    expect(host.fleet?.name).toBe('shop');
  });

  test('host - whoever leads is written down, and the next one knows of it', async () => {
    const { token } = host.leader;
    expect(host.region).toBeNull();
    await host.apply(fleetOf({ web: web({ instances: 0 }) }));
    expect(host.region).toBe('eu');
    await host.close();
    await begin();
    const { leaders, count } = host.leaders;
    expect(count).toBe(2);
    expect(leaders.map((one) => one.token)).toEqual([host.leader.token, token]);
    expect(leaders).toMatchObject([
      { machine: 'test', pid: process.pid },
      { machine: 'test', sinceIso: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });

  test('host - what the document has frozen goes on when it no longer says so', async () => {
    const document = fleetOf({ web: web() });
    await host.apply({ ...document, data: { ...document.data, frozen: true } });
    expect(readyOf(await host.status('web'))).toBe(0);
    await host.apply(document);
    await until((status) => readyOf(status) === 2);
    // By hand it stays.
    await host.arbiter().ask('freeze', true);
    await host.apply(fleetOf({ web: web({ instances: 3 }) }));
    const { nowMs: appliedMs } = await host.status('web');
    expect((await until(({ nowMs }) => nowMs > appliedMs + 300)).record.instances.size).toBe(2);
  });

  test('host - of the document and of somebody the last word counts, for the next host, too', async () => {
    const document = fleetOf({ web: web() });
    const frozen = { ...document, data: { ...document.data, frozen: true } };
    await host.apply(frozen);
    await host.close();
    await begin();
    expect((await host.status('web')).isFleetFrozen).toBe(true);
    await host.arbiter().ask('freeze', false);
    await host.close();
    await begin();
    await until((status) => readyOf(status) === 2);
    expect((await host.status('web')).isFleetFrozen).toBe(false);
    await host.apply(frozen);
    expect((await host.status('web')).isFleetFrozen).toBe(true);
    await host.close();
    await begin();
    await host.apply(document);
    expect((await host.status('web')).isFleetFrozen).toBe(false);
  });

  test('host - a process that is killed is replaced, and the log says why', async () => {
    await host.apply(fleetOf({ web: web() }));
    await until((status) => readyOf(status) === 2);
    const [first] = await pidsOf();
    process.kill(first as number, 'SIGKILL');
    const { record } = await until(({ record: { failures } }) => failures.length === 1);
    expect(record.failures[0]).toMatchObject({ signature: 'signal SIGKILL' });
    await until((status) => readyOf(status) === 2 && status.record.instances.size === 2);
    const why = await host.why({ service: 'web' });
    expect(why.some(({ intent }) => /has ended once/.test(intent.why))).toBe(true);
  });

  test('host - what instances expose scales them, up and down', async () => {
    const file = join(directory, 'load');
    writeFileSync(file, '10');
    const metric = { name: 'load', target: 10, window: '1s' };
    const autoscale = { min: 1, max: 4, metric, settle: '0s', down: { window: '1s' } };
    const metrics = { scrape: '/metrics', interval: '300ms' };
    const other = { ...autoscale, metric: { ...metric, name: 'another' } };
    await host.apply(fleetOf({ web: web({ env: { LOAD: file }, autoscale: other, metrics }) }));
    await until((status) => readyOf(status) === 2);
    // Instances that run already are asked for what is decided by from now on.
    await host.apply(fleetOf({ web: web({ env: { LOAD: file }, autoscale, metrics }) }));
    writeFileSync(file, '20');
    await until((status) => readyOf(status) === 4);
    writeFileSync(file, '2');
    // On a busy machine probes are late, and fewer are ready for a moment: that is no end of it.
    const isOne = ({ record }: Awaited<ReturnType<FleetHost['status']>>): boolean =>
      record.goal.demand === 1 && record.instances.size === 1;
    expect(readyOf(await until((status) => isOne(status) && readyOf(status) === 1))).toBe(1);
  });

  test('host - the metrics that it shows over HTTP are the figures of its fleet', async () => {
    await host.apply(fleetOf({ web: web() }));
    const status = await until((one) => readyOf(one) === 2 && one.isSettled);
    const server = new MetricsServer(host);
    const port = await server.listen(0);
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const text = await answer.text();
    server.close();
    const of = (name: string): number => {
      const { metrics, malformed } = new ExpositionReader([name]).read(Buffer.from(text));
      expect(malformed).toBe(0);
      return metrics[0]?.sum ?? Number.NaN;
    };
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; ?version=0\.0\.4/);
    for (const zone of ['a', 'b']) {
      const labels = `service="web",version="${status.record.spec.version}",zone="${zone}"`;
      expect(text).toContain(`\nringmaster_instances{${labels},state="ready"} 1\n`);
    }
    expect(of('ringmaster_instances')).toBe(2);
    expect(of('ringmaster_instances_wanted')).toBe(2);
    expect(of('ringmaster_instances_made_total')).toBe(status.record.made);
    expect(of('ringmaster_decisions_admitted_total')).toBe(status.record.decisions);
    expect(of('ringmaster_settled')).toBe(1);
    expect(of('ringmaster_frozen')).toBe(0);
    expect(of('ringmaster_passes_total')).toBeGreaterThan(0);
    expect(of('ringmaster_pass_duration_seconds_count')).toBe(of('ringmaster_passes_total'));
    expect(of('ringmaster_invariant_violations_total')).toBeNaN();
    const admitted =
      /\nringmaster_verdicts_total{service="web",verdict="admitted",rule="none"} (\d+)\n/;
    expect(Number(admitted.exec(text)?.[1])).toBe(status.record.decisions);
  });

  test('host - a fleet of several regions needs one to be chosen; garbage is refused whole', async () => {
    const two = fleetOf({ web: web() });
    const regions = ['eu', 'us'].map((name) => ({ name, zones: ['a'] }));
    const several = { ...two, data: { ...two.data, regions } };
    await expect(host.apply(several)).rejects.toThrow(/no region was chosen.*eu, us/);
    await expect(host.apply({ folder: APPS, data: { nonsense: 1 } })).rejects.toThrow(/no fleet/);
    await expect(host.apply(fleetOf({ web: web({ cwd: 'nowhere' }) }))).rejects.toThrow(
      /cannot be snapshotted/,
    );
    expect(await host.services()).toEqual([]);
  });
});

describe('socket', () => {
  let server: ControlServer;
  let path: string;
  beforeEach(async () => {
    path = join(directory, 'host.sock');
    server = new ControlServer(path, new HostMethods(host));
    await server.listen();
  });
  afterEach(() => server.close());

  test('socket - questions are answered, whatever came before them on other connections', async () => {
    const garbage = createConnection(path);
    const closed = new Promise((resolve) => garbage.once('close', resolve));
    const said = new Promise<string>((resolve) =>
      garbage.once('data', (piece) => resolve(String(piece))),
    );
    garbage.write('GET / HTTP/1.1\r\n\r\n');
    expect(await said).toMatch(/no JSON object/);
    await closed;
    const client = await connectHost(path);
    await expect(client.ask('Nobody.knows')).rejects.toThrow(/expected one of System\.hello/);
    await expect(client.ask('__proto__')).rejects.toThrow(/expected one of/);
    await expect(client.ask('Service.get', { service: 7 })).rejects.toThrow(/service is 7/);
    await expect(client.ask('Service.verb', { service: 'web', verb: 'x' })).rejects.toThrow();
    expect(await client.ask('System.hello')).toMatchObject({ fleet: null });
    client.close();
    await expect(client.ask('System.hello')).rejects.toThrow(/host is gone/);
  });
});
