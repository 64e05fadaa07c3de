/** Instances as processes: real ones, with a real agent. Each test awaits what the host says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pidsWith } from '../processes.ts';
import { ProcessRig, specOf } from './process-rig.ts';

const ONE = 'shop/eu/a/0#1';
const HTTP = { period: 100, timeout: 5000, failures: 1, successes: 1 };

let rig: ProcessRig;
beforeEach(async () => {
  rig = new ProcessRig();
  await rig.begin();
});
afterEach(() => rig.end());

const isOf = (instance: string) => (one: { readonly instance: string }) =>
  one.instance === instance;
const running = (instance: string) =>
  rig.said(
    'agent',
    (one: { instance: string; word: string }) =>
      one.instance === instance && one.word === 'running',
  );
const failure = (instance: string) => rig.said('failure', isOf(instance));
const get = async (instance: string, path = '/') => {
  const { port } = rig.book.of(instance) as { port: number };
  return await fetch(`http://127.0.0.1:${port}${path}`);
};
/** Listens when its probe says so. */
const isUp = async (instance: string) => {
  for (;;) if ((await rig.probe(instance, { ...HTTP, http: '/' })) === true) return;
};

describe('start', () => {
  test('process - an instance has its port, names and variables, and secrets of files', async () => {
    const secret = join(rig.directory, 'secret');
    writeFileSync(secret, 'sesame\n');
    const spec = specOf({ version: 'v7', env: { SECRET: { fromFile: secret } } });
    expect(await rig.order(rig.want(ONE, spec))).toBe(true);
    await running(ONE);
    await isUp(ONE);
    expect(await (await get(ONE)).json()).toMatchObject({
      SECRET: 'sesame',
      RINGMASTER_INSTANCE: ONE,
      RINGMASTER_ZONE: 'a',
      RINGMASTER_VERSION: 'v7',
    });
    // Only the process knows it.
    expect(readFileSync(join(rig.directory, 'agent', 'agent.json'), 'utf8')).not.toContain(
      'sesame',
    );
  });

  test('process - the same start twice is one process', async () => {
    const effect = rig.want(ONE, specOf());
    await Promise.all([rig.order(effect), rig.order(effect)]);
    await rig.order(effect);
    await running(ONE);
    expect((await rig.reports()).length).toBe(1);
  });

  test('process - what cannot be started has failed, and says why', async () => {
    await rig.order(rig.want(ONE, specOf({ command: ['no-such-program'] })));
    const { signature } = (await failure(ONE)) as { signature: string };
    expect(signature).toMatch(/cannot be started.*no-such-program|ENOENT/s);
    const two = 'shop/eu/a/1#2';
    await rig.order(rig.want(two, specOf({ env: { KEY: { fromEnv: 'NOT_SET_ANYWHERE' } } })));
    expect(await failure(two)).toMatchObject({
      signature: expect.stringContaining('RM_DRIVER_ENV'),
    });
  });

  test('process - one that ends at once has failed with its code', async () => {
    await rig.order(rig.want(ONE, specOf({ env: { EXIT: '7' } })));
    expect(await failure(ONE)).toMatchObject({ signature: 'exit 7' });
  });

  test('process - a deposed leader is told so, and nothing is started', async () => {
    rig.epoch = 5;
    await rig.order(rig.want(ONE, specOf()));
    rig.epoch = 4;
    expect(await rig.order(rig.want('shop/eu/a/1#2', specOf()))).toBe(false);
    await running(ONE);
    expect((await rig.reports()).length).toBe(1);
  });
});

describe('end', () => {
  test('process - an ordered end is SIGTERM, and it is said', async () => {
    await rig.order(rig.want(ONE, specOf()));
    await isUp(ONE);
    await rig.order({ kind: 'terminate', key: 't', service: 'shop', instance: ONE });
    expect(await failure(ONE)).toMatchObject({ signature: 'signal SIGTERM' });
    expect(rig.book.of(ONE)).toBeUndefined();
  });

  test('process - requests under way come before the signal', async () => {
    await rig.order(rig.want(ONE, specOf({ stopGrace: '1h' })));
    await isUp(ONE);
    rig.underWay.set(ONE, 1);
    await rig.order({ kind: 'terminate', key: 't', service: 'shop', instance: ONE });
    rig.forget();
    // Two looks later it still runs.
    await running(ONE);
    rig.forget();
    await running(ONE);
    rig.underWay.delete(ONE);
    expect(await failure(ONE)).toMatchObject({ signature: 'signal SIGTERM' });
  });

  test('process - one that ignores the signal is killed by the next effect', async () => {
    await rig.order(rig.want(ONE, specOf({ env: { IGNORE_TERM: '1' } })));
    await isUp(ONE);
    await rig.order({ kind: 'terminate', key: 't', service: 'shop', instance: ONE });
    await rig.order({ kind: 'kill', key: 'k', service: 'shop', instance: ONE });
    expect(await failure(ONE)).toMatchObject({ signature: 'signal SIGKILL' });
  });

  test('process - whoever is unknown has ended', async () => {
    await rig.order({ kind: 'terminate', key: 't', service: 'shop', instance: 'shop/eu/a/9#9' });
    const ended = (one: { instance: string; word: string }): boolean => one.word === 'ended';
    expect(await rig.said('agent', ended)).toMatchObject({ instance: 'shop/eu/a/9#9' });
  });

  test('process - what is in the records and not here has ended', async () => {
    rig.desk.wanted.set(ONE, { state: 'ready', revision: 'r' });
    const ended = (one: { instance: string; word: string }): boolean => one.word === 'ended';
    expect(await rig.said('agent', ended)).toMatchObject({ instance: ONE });
  });

  test('process - an instance that nobody wants is ended', async () => {
    await rig.order(rig.want(ONE, specOf()));
    await running(ONE);
    rig.drop(ONE);
    expect(await failure(ONE)).toMatchObject({ signature: 'nobody wants it' });
  });

  test('process - one that takes more memory than it may is ended, and it is said', async () => {
    const spec = specOf({ resources: { memory: '150Mi' }, env: { SWELL: String(200 * 2 ** 20) } });
    await rig.order(rig.want(ONE, spec));
    await isUp(ONE);
    await get(ONE, '/swell').catch(() => undefined);
    expect(await failure(ONE)).toMatchObject({ signature: expect.stringMatching(/more memory/) });
  });
});

describe('brain', () => {
  test('process - the next brain finds who runs, and where; and hears who ended meanwhile', async () => {
    // Guards: S5.
    const two = 'shop/eu/a/1#2';
    await rig.order(rig.want(ONE, specOf()), rig.want(two, specOf()));
    await isUp(ONE);
    const before = rig.book.of(ONE);
    const { pid } = rig.book.of(two) as { pid: number };
    await rig.loseBrain();
    process.kill(pid, 'SIGKILL');
    await rig.beginBrain();
    await running(ONE);
    expect(rig.book.of(ONE)).toEqual(before);
    await failure(two);
    // The same start again is the same process.
    await rig.order(rig.want(ONE, specOf()));
    expect((await rig.reports()).filter(({ status }) => status === 'running').length).toBe(1);
  });
});

describe('drain', () => {
  test('process - 425 is too early, 200 may stop, no answer is no', async () => {
    const health = { drain: { http: '/drain' } };
    await rig.order(rig.want(ONE, specOf({ health, env: { DRAIN_AFTER: '1' } })));
    await isUp(ONE);
    const ask = async () => {
      rig.forget();
      await rig.order({ kind: 'askDrain', key: 'd', service: 'shop', instance: ONE });
      return await rig.said('drain');
    };
    expect(await ask()).toMatchObject({ answer: 'tooEarly' });
    expect(await ask()).toMatchObject({ answer: 'mayStop' });
    const two = 'shop/eu/a/1#2';
    await rig.order(rig.want(two, specOf({ health: { drain: { http: '/bad' } } })));
    await isUp(two);
    rig.forget();
    await rig.order({ kind: 'askDrain', key: 'e', service: 'shop', instance: two });
    expect(await rig.said('drain')).toMatchObject({ instance: two, answer: 'no' });
  });
});

describe('probes', () => {
  test('probe - 2xx and 3xx are well; 5xx, an endless answer and none are not', async () => {
    await rig.order(rig.want(ONE, specOf()));
    await isUp(ONE);
    expect(await rig.probe(ONE, { ...HTTP, http: '/moved' })).toBe(true);
    expect(await rig.probe(ONE, { ...HTTP, http: '/bad' })).toBe(false);
    expect(await rig.probe(ONE, { ...HTTP, http: '/endless' })).toBe(false);
    expect(await rig.probe(ONE, { ...HTTP, timeout: 50, http: '/hang' })).toBe(false);
    expect(await rig.probe('shop/eu/a/9#9', { ...HTTP, http: '/' })).toBe(false);
  });

  test('probe - a port that accepts, and a command that ends with 0 and knows the port', async () => {
    await rig.order(rig.want(ONE, specOf()));
    await isUp(ONE);
    expect(await rig.probe(ONE, { ...HTTP, tcp: true })).toBe(true);
    expect(await rig.probe(ONE, { ...HTTP, port: 1, http: '/' })).toBe(false);
    const exec = (script: string) =>
      rig.probe(ONE, { ...HTTP, exec: [process.execPath, '-e', script] });
    expect(await exec('process.exit(process.env.PORT > 0 ? 0 : 1)')).toBe(true);
    expect(await exec('process.exit(3)')).toBe(false);
    expect(await rig.probe(ONE, { ...HTTP, timeout: 50, exec: ['sleep', '60'] })).toBe(false);
    // What it has started goes with it.
    const length = `61${process.pid}`;
    const shell = ['sh', '-c', `sleep ${length}; true`];
    expect(await rig.probe(ONE, { ...HTTP, timeout: 300, exec: shell })).toBe(false);
    for (;;) if (pidsWith('sleep', length).length === 0) break;
  });

  test('probe - a question that hangs holds no other one up', async () => {
    const two = 'shop/eu/a/1#2';
    await rig.order(rig.want(ONE, specOf()), rig.want(two, specOf()));
    await Promise.all([isUp(ONE), isUp(two)]);
    const order: string[] = [];
    const slow = rig.probe(ONE, { ...HTTP, timeout: 1000, http: '/hang' }).then(() => {
      order.push('slow');
    });
    await rig.probe(two, { ...HTTP, http: '/' });
    order.push('fast');
    await slow;
    expect(order).toEqual(['fast', 'slow']);
  });
});
