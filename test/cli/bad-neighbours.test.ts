/**
 * Applications that behave badly, each in its own way, beside one that does not: every one has the outcome
 * that is written here, and the good one answers all the time.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pidsWith } from '../drivers/processes.ts';
import { CommandRig, webService } from './command-rig.ts';

const PORT = 28_397;
const ELSEWHERE = 28_398;
/** Bytes of a child's output that the agent keeps, with room for the piece that it is written in. */
const OUTPUT_MAX = 9 * 2 ** 20;

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.end());

const json = async (...args: readonly string[]) =>
  JSON.parse((await rig.run(...args, '-o', 'json')).out);
const until = async (is: () => Promise<boolean>): Promise<void> => {
  while (!(await is()));
};
const stateOf = async (service: string): Promise<string> =>
  (await json('get')).items.find((one: { service: string }) => one.service === service)?.state;

test('bad neighbours - a key that ends whoever works on it ends two, and goes to nobody then', async () => {
  const route = { port: PORT, key: { segment: 0 } };
  rig.write({ shop: webService({ instances: 3, env: { POISON: '/poison' }, route }) });
  expect(await rig.run('up', '-d', '-f', 'fleet.yaml')).toMatchObject({ code: 0 });
  await until(async () => (await stateOf('shop')) === 'healthy');
  const ask = (path: string) => fetch(`http://127.0.0.1:${PORT}${path}`);
  // Asked again at another one, which is lost as well: so much has to be seen.
  expect((await ask('/poison')).status).toBe(502);
  await until(async () => (await json('describe', 'shop')).summary.attention.length > 0);
  const { failures, summary } = await json('describe', 'shop');
  expect(failures).toMatchObject([
    { signature: 'exit 7', key: 'poison' },
    { signature: 'exit 7', key: 'poison' },
  ]);
  expect(summary.attention.join()).toContain('poison');
  // Every table is acknowledged.
  await until(async () => {
    const detail = await json('describe', 'shop');
    return detail.summary.ready === 3 && detail.operations === 0;
  });
  const answer = await ask('/poison');
  expect([answer.status, answer.headers.get('x-ringmaster-error')]).toEqual([503, 'quarantined']);
  expect((await json('describe', 'shop')).failures).toHaveLength(2);
  expect((await ask('/other')).status).toBe(200);
  // Its cause is mended: it is answered again, here by its end.
  expect(await rig.run('release', 'shop', '--key', 'posion')).toMatchObject({
    err: expect.stringContaining('there are: "poison"'),
    code: 2,
  });
  expect(await rig.run('release', 'shop', '--key', 'poison')).toMatchObject({ code: 0 });
  await until(async () => (await json('describe', 'shop')).summary.attention.length === 0);
  await until(async () => (await ask('/poison')).status === 502);
}, 120_000);

test('bad neighbours - each has its outcome, and nothing else is disturbed', async () => {
  const quick = { strategy: 'rolling', progressDeadline: '3s' };
  const one = (env: Readonly<Record<string, string>>, more = {}) =>
    webService({ instances: 1, env, stopGrace: '1s', rollout: quick, ...more });
  const endless = { readiness: { http: '/endless', period: '200ms', timeout: '150ms' } };
  const services = {
    good: webService({ route: { port: PORT } }),
    deaf: one({ IGNORE_TERM: 'yes' }),
    forks: one({ FORK: 'left-behind' }),
    floods: one({ FLOOD: String(64 * 2 ** 20) }),
    exits: one({ EXIT: '3' }),
    endless: one({}, { health: endless }),
    elsewhere: one({ ELSEWHERE: String(ELSEWHERE) }),
  };
  rig.write(services);
  expect(await rig.run('up', '-d', '-f', 'fleet.yaml')).toMatchObject({ code: 0 });
  await until(async () => (await stateOf('good')) === 'healthy');
  let isOver = false;
  const statuses = new Map<number, number>();
  const load = (async () => {
    while (!isOver) {
      const { status } = await fetch(`http://127.0.0.1:${PORT}/`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  })();

  // Nothing of these three keeps them from serving.
  for (const name of ['deaf', 'forks', 'floods']) {
    await until(async () => (await stateOf(name)) === 'healthy');
  }
  const outputs = join(rig.folder, '.ringmaster', 'agent', 'output');
  for (const name of readdirSync(outputs)) {
    expect(statSync(join(outputs, name)).size).toBeLessThan(OUTPUT_MAX);
  }
  // These never serve: said, with how they end, and tried again ever more rarely.
  await until(async () => (await json('describe', 'exits')).failures.length >= 2);
  expect((await json('describe', 'exits')).failures[0].signature).toBe('exit 3');
  for (const name of ['endless', 'elsewhere']) {
    const { summary } = await json('describe', name);
    expect(summary).toMatchObject({ ready: 0, wanted: 1 });
  }
  // Whoever ignores the signal, and whatever was left behind, is gone when its service is.
  expect(pidsWith('left-behind')).toHaveLength(1);
  const { deaf: _, forks: __, ...rest } = services;
  rig.write(rest);
  expect(await rig.run('apply', '--remove', 'deaf', 'forks')).toMatchObject({ code: 0 });
  await until(async () => (await json('get')).items.length === 5);
  expect(pidsWith('left-behind')).toEqual([]);

  isOver = true;
  await load;
  expect([...statuses.keys()]).toEqual([200]);
  expect(await stateOf('good')).toBe('healthy');
}, 120_000);
