/** The examples that the command runs, as they say of themselves. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandRig } from './command-rig.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const PORT = 28_395;

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.end());

/** As it is but for the port, which may be somebody's on the machine that tests. */
const take = (name: string, port: string, change = (text: string) => text): void => {
  cpSync(join(EXAMPLES, name), rig.folder, { recursive: true });
  const text = readFileSync(join(rig.folder, 'fleet.yaml'), 'utf8');
  writeFileSync(join(rig.folder, 'fleet.yaml'), change(text.replaceAll(port, String(PORT))));
};
const begin = async (): Promise<void> => {
  expect(await rig.run('lint')).toMatchObject({ code: 0 });
  await rig.run('up', '-d', '-f', 'fleet.yaml');
  expect(await rig.run('status', '--for', 'healthy', '--timeout', '50s')).toMatchObject({
    code: 0,
  });
};
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${PORT}${path}`, init);
const describe = async (service: string) =>
  JSON.parse((await rig.run('describe', service, '-o', 'json')).out);

test('examples - a fleet of web servers behind one port', async () => {
  take('http-fleet', '8080');
  await begin();
  expect(await (await ask('/')).text()).toMatch(/^v1 of web\/here\/[abc]\/0#\d+\n$/);
});

test('examples - a sharded cache: a shard more moves its part of the keys, and no others', async () => {
  take('sharded-cache', '8085');
  await begin();
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
  const owners = async () =>
    new Map(
      await Promise.all(
        keys.map(async (key) => [key, (await ask(`/${key}`)).headers.get('x-shard')] as const),
      ),
    );
  for (const key of keys) await ask(`/${key}`, { method: 'PUT', body: `of ${key}` });
  expect(await (await ask('/key-7')).text()).toBe('of key-7');
  const before = await owners();
  expect(new Set(before.values()).size).toBe(4);
  await rig.run('scale', 'cache', '5');
  expect((await rig.run('status', '--for', 'healthy')).code).toBe(0);
  const after = await owners();
  const moved = keys.filter((key) => before.get(key) !== after.get(key));
  // A fifth of them, give and take, and all of those to the newcomer.
  expect(moved.length).toBeGreaterThan(10);
  expect(moved.length).toBeLessThan(80);
  expect(new Set(moved.map((key) => after.get(key)))).toEqual(new Set(['4']));
});

test('examples - a canary that fails is taken back, and then a good one is not', async () => {
  const quick = (text: string): string =>
    text.replaceAll('analyze: 30s', 'analyze: 3s').replaceAll('interval: 5s', 'interval: 1s');
  take('canary', '8086', quick);
  await begin();
  let isOver = false;
  const load = (async () => {
    while (!isOver) await (await ask('/')).text();
  })();
  const next = (version: string, errors: string): void => {
    const text = readFileSync(join(rig.folder, 'fleet.yaml'), 'utf8');
    const own = text.replace(/version: v\d/, `version: ${version}`);
    writeFileSync(
      join(rig.folder, 'fleet.yaml'),
      own.replace(/ERRORS: '[^']*'/, `ERRORS: '${errors}'`),
    );
  };
  next('v2', '0.5');
  await rig.run('apply');
  expect((await rig.run('status', '--for', 'aborted', '--timeout', '60s')).code).toBe(0);
  expect((await describe('web')).summary).toMatchObject({ version: 'v1', target: 'v2' });
  next('v3', '0');
  await rig.run('apply');
  expect((await rig.run('status', '--for', 'healthy', '--timeout', '60s')).code).toBe(0);
  expect((await describe('web')).summary).toMatchObject({ version: 'v3', target: null });
  isOver = true;
  await load;
}, 150_000);

test('examples - workers of a queue: more when it is full, fewer when it is empty, no job lost', async () => {
  const quick = (text: string): string =>
    text.replace('window: 15s', 'window: 2s').replace('settle: 5s', 'settle: 1s');
  take('queue-workers', '8087', quick);
  await begin();
  const jobs = 240;
  for (let i = 0; i < jobs; i++) expect((await ask('/jobs', { method: 'POST' })).status).toBe(202);
  let most = 0;
  for (;;) {
    const { summary } = await describe('workers');
    most = Math.max(most, summary.demand);
    const { done } = (await (await ask('/jobs')).json()) as { readonly done: number };
    if (done === jobs && summary.demand === 1) break;
  }
  expect(most).toBeGreaterThan(1);
}, 150_000);
