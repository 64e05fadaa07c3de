/**
 * A fleet with requests on it, all the time, while it is changed and while parts of it are killed: what is
 * planned fails no request, and neither does the loss of the brain. Guards: A17.
 */
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pidsWith } from '../drivers/processes.ts';
import { CommandRig, webService } from './command-rig.ts';

const WEB = 28_390;
const CACHE = 28_391;
const KEYS = 500;

let rig: CommandRig;

/** Requests one after the other, in several rows, until it is ended. */
class Load {
  ok = 0;
  readonly failed: string[] = [];
  private isOn = true;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 8 });
  private readonly rows: Promise<void>[];

  constructor(port: number) {
    this.rows = Array.from({ length: 8 }, (_, row) => this.row(port, row));
  }

  async end(): Promise<{ readonly ok: number; readonly failed: readonly string[] }> {
    this.isOn = false;
    await Promise.all(this.rows);
    this.agent.destroy();
    return { ok: this.ok, failed: this.failed };
  }

  private async row(port: number, row: number): Promise<void> {
    for (let i = row; this.isOn; i += 7) await this.one(port, `/key-${i % KEYS}`);
  }

  private one(port: number, path: string): Promise<void> {
    return new Promise((resolve) => {
      const failed = (why: string): void => {
        this.failed.push(why);
        resolve();
      };
      const request = get({ port, path, host: '127.0.0.1', agent: this.agent }, (answer) => {
        const { statusCode, headers } = answer;
        answer.on('error', (error) => failed(String(error)));
        answer.on('end', () => {
          if (statusCode !== 200) return failed(`${statusCode} ${headers['x-ringmaster-error']}`);
          this.ok++;
          resolve();
        });
        answer.resume();
      });
      request.on('error', (error) => failed(String(error)));
    });
  }
}

const services = (version: string) => {
  const http = { http: '/', period: '200ms', timeout: '150ms' };
  const web = webService({ version, instances: 3, route: { port: WEB } });
  const cache = {
    kind: 'sharded',
    shards: 2,
    version,
    command: ['node', 'instance.mjs'],
    cwd: 'app',
    health: { readiness: http },
    rollout: {
      strategy: 'zones',
      minReady: '200ms',
      soak: '200ms',
      comparison: { enabled: false },
    },
    route: { port: CACHE, key: { segment: 0 } },
  };
  return { web, cache };
};
const healthy = () => rig.run('status', '--for', 'healthy', '--timeout', '50s');
const loads = () => [new Load(WEB), new Load(CACHE)];
const ends = (all: readonly Load[]) => Promise.all(all.map((one) => one.end()));

beforeAll(async () => {
  rig = new CommandRig();
  rig.write(services('v1'));
  await rig.run('up', '-f', 'fleet.yaml', '-d');
  expect(await healthy()).toMatchObject({ code: 0 });
});
afterAll(() => rig.end());

test('under load - a new version of a stateless and of a sharded service fails no request', async () => {
  const all = loads();
  rig.write(services('v2'));
  await rig.run('apply');
  (await rig.watch(/cache +healthy +v2/, 'get', '-w')).end();
  (await rig.watch(/web +healthy +v2/, 'get', '-w')).end();
  for (const { ok, failed } of await ends(all)) {
    expect(failed).toEqual([]);
    expect(ok).toBeGreaterThan(100);
  }
});

test('under load - the loss of the brain fails no request, and the next one takes nothing away', async () => {
  const before = await rig.run('get', 'cache', '-o', 'name');
  const all = loads();
  const pid = brainOf(rig.folder);
  process.kill(pid, 'SIGKILL');
  // The next one answers, and finds everything as it was.
  for (;;) if ((await rig.run('status', '--for', 'healthy', '--timeout', '20s')).code === 0) break;
  expect(brainOf(rig.folder)).not.toBe(pid);
  for (const { ok, failed } of await ends(all)) {
    expect(failed).toEqual([]);
    expect(ok).toBeGreaterThan(100);
  }
  expect((await rig.run('get', 'cache', '-o', 'name')).out).toBe(before.out);
});

test('under load - one that is killed costs at most what it had under way, and is replaced', async () => {
  const all = [new Load(WEB)];
  const [victim = 0] = instancesOf(rig.folder, 'web');
  process.kill(victim, 'SIGKILL');
  (await rig.watch(/web +progressing|web +healthy +v2 +3\/3/, 'get', '-w')).end();
  await healthy();
  const [{ ok, failed } = { ok: 0, failed: [] }] = await ends(all);
  expect(ok).toBeGreaterThan(100);
  // GET is asked again elsewhere; what was half answered is not.
  expect(failed.length).toBeLessThanOrEqual(8);
  expect(instancesOf(rig.folder, 'web').length).toBe(3);
});

function brainOf(folder: string): number {
  const agents = pidsWith(folder, 'agent/main.js');
  return pidsWith(folder, 'host-main.js').find((pid) => !agents.includes(pid)) ?? 0;
}

/** By what the agent has on disk. */
function instancesOf(folder: string, service: string): number[] {
  const text = readFileSync(join(folder, '.ringmaster', 'agent', 'agent.json'), 'utf8');
  const { children } = JSON.parse(text) as {
    children: { pid: number; exit: unknown; labels?: { service?: string } }[];
  };
  return children
    .filter(({ exit, labels }) => exit === null && labels?.service === service)
    .map(({ pid }) => pid);
}
