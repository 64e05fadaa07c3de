/** A router's tables: when they are in use, who may order them, what outlives whom. Guards: S5 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { routerSocket, startRouter } from 'ringmaster/drivers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RoutedService } from '../../../src/drivers/router/routed-service.ts';
import { Brain, freePort, get, RouterRig, tableOf } from './router-rig.ts';

let rig: RouterRig;
beforeEach(() => {
  rig = new RouterRig();
});
afterEach(() => rig.end());

const says = (text: string) => (_: unknown, response: { end(text: string): void }) =>
  response.end(text);

/** Requests one after the other over kept connections, until told to stop. */
function load(port: number, lanes: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const failed: string[] = [];
  let done = 0;
  let isOver = false;
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const sent = request({ port, agent, host: '127.0.0.1' });
      sent.end();
      try {
        const [answer] = await once(sent, 'response');
        let body = '';
        for await (const piece of answer) body += piece;
        if (answer.statusCode !== 200) failed.push(`${answer.statusCode} ${body}`);
      } catch (error) {
        failed.push(String(error));
      }
      done += 1;
      for (const wake of waiting.splice(0)) wake();
    }
  };
  const waiting: (() => void)[] = [];
  const running = Promise.all(Array.from({ length: lanes }, lane));
  return {
    failed,
    /** So many more. */
    async more(count: number): Promise<void> {
      const end = done + count;
      while (done < end) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    async stop(): Promise<readonly string[]> {
      isOver = true;
      await running;
      agent.destroy();
      return failed;
    },
  };
}

describe('in use', () => {
  test('router - tables change under load: nothing fails, and nobody is asked by an old one', async () => {
    await rig.start();
    const brain = await rig.brain();
    const counts: number[] = [];
    const lines = await Promise.all(
      [0, 1, 2].map((i) => {
        counts.push(0);
        return rig.instance((_, answer) => {
          counts[i] = (counts[i] as number) + 1;
          answer.end('x');
        });
      }),
    );
    brain.say(tableOf(rig.port, lines));
    await brain.knows('shop', 1);
    const traffic = load(rig.port, 16);
    for (let number = 2; number < 40; number++) {
      const out = number % 3;
      const left = lines.filter((_, i) => i !== out);
      brain.say(tableOf(rig.port, left, { number }));
      const { underWay } = await brain.knows('shop', number);
      const instance = lines[out]?.instance;
      const open = underWay.find(([name]) => name === instance)?.[1] ?? 0;
      const before = counts[out] as number;
      await traffic.more(40);
      // What had been given to it is under way, and reaches it; nothing new does.
      expect((counts[out] as number) - before).toBeLessThanOrEqual(open);
    }
    expect(await traffic.stop()).toEqual([]);
  });

  test('router - a table is not known while a request of an earlier one is on its way', async () => {
    const line = rig.line(await freePort());
    const service = new RoutedService(tableOf(1, [line]), null, 0);
    const first = service.use;
    const [one, two] = [first.begin(), first.begin()];
    service.take(tableOf(1, [], { number: 2 }), 0);
    const late = service.use.begin();
    service.take(tableOf(1, [line], { number: 3 }), 0);
    let isAlone = false;
    const alone = service.alone().then(() => {
      isAlone = true;
    });
    one();
    one();
    late();
    await Promise.resolve();
    expect(isAlone).toBe(false);
    two();
    await alone;
    expect(isAlone).toBe(true);
    service.end(0);
    await service.alone();
  });

  test('router - a member that leaves finishes what it has', async () => {
    await rig.start();
    const brain = await rig.brain();
    let answer: () => void = () => undefined;
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const one = await rig.instance((_, response) => {
      answer = () => void response.end('late');
      isAsked();
    });
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const got = get({ port: rig.port });
    await asked;
    brain.say(tableOf(rig.port, [], { number: 2 }));
    const { underWay } = await brain.knows('shop', 2);
    expect(underWay).toEqual([[one.instance, 1]]);
    answer();
    expect(await got).toMatchObject({ status: 200, body: 'late' });
    await brain.heard('window', ({ columns }) => columns.every((column) => column.underWay === 0));
  });

  test('router - a service that is removed is not there, and its port is closed', async () => {
    await rig.start();
    const brain = await rig.brain();
    const [one, two] = [await freePort(), await freePort()];
    const line = await rig.instance(says('x'));
    brain.say(tableOf(one, [line]));
    brain.say(tableOf(two, [line], { service: 'other' }));
    await brain.knows('other', 1);
    brain.say({ do: 'remove', epoch: 1, service: 'shop' });
    brain.say(tableOf(two, [line], { service: 'other', number: 2 }));
    await brain.knows('other', 2);
    await expect(get({ port: one })).rejects.toThrow(/ECONNREFUSED/);
    expect((await get({ port: two })).body).toBe('x');
  });

  test('router - a port that somebody else has is said, and taken when it is free', async () => {
    await rig.start();
    const brain = await rig.brain();
    const other = await rig.instance(says('other'));
    const one = await rig.instance(says('x'));
    brain.say(tableOf(other.port, [one]));
    const { what } = await brain.heard('trouble');
    expect(what).toMatch(/cannot listen at .*EADDRINUSE/);
    other.server.closeAllConnections();
    other.server.close();
    const isOurs = (): Promise<boolean> =>
      get({ port: other.port }).then(
        ({ body }) => body === 'x',
        () => false,
      );
    while (!(await isOurs()));
  });
});

describe('orders', () => {
  test('router - a lower epoch is refused, and a table of a deposed brain changes nothing', async () => {
    await rig.start();
    const old = await rig.brain(4);
    const one = await rig.instance(says('one'));
    const two = await rig.instance(says('two'));
    old.say(tableOf(rig.port, [one], { epoch: 4 }));
    await old.knows('shop', 1);
    const next = await rig.brain(5);
    old.say(tableOf(rig.port, [two], { epoch: 4, number: 9 }));
    expect(await old.heard('refused')).toMatchObject({ epoch: 5 });
    expect((await get({ port: rig.port })).body).toBe('one');
    next.say(tableOf(rig.port, [two], { epoch: 5, number: 2 }));
    await next.knows('shop', 2);
    expect((await get({ port: rig.port })).body).toBe('two');
    // Also one that calls only now, and also after a start.
    await rig.router?.end(0);
    await rig.start();
    const late = await Brain.call(rig.path);
    late.say({ do: 'hello', epoch: 4 });
    expect(await late.heard('refused')).toMatchObject({ epoch: 5 });
    await late.closed();
  });

  test.each([
    ['no JSON', 'garbage\n'],
    ['no order', '{"do":"dance"}\n'],
    ['a prototype', '{"do":"constructor"}\n'],
    ['half a table', '{"do":"table","epoch":1,"service":"shop"}\n'],
    ['a path as a name', `${JSON.stringify({ do: 'remove', epoch: 1, service: '../../x' })}\n`],
    ['zeroes', '\0'.repeat(17 * 2 ** 20)],
  ])('router - %s closes its connection, and nothing else', async (_, text) => {
    await rig.start();
    const brain = await rig.brain();
    const one = await rig.instance(says('x'));
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const bad = createConnection(rig.path);
    bad.on('error', () => undefined);
    bad.write(text);
    await new Promise((resolve) => bad.once('close', resolve));
    expect((await get({ port: rig.port })).body).toBe('x');
    brain.say(tableOf(rig.port, [one], { number: 2 }));
    await brain.knows('shop', 2);
  });

  test('router - a table of which no ring can be made is said, and the former one stays', async () => {
    await rig.start();
    const brain = await rig.brain();
    const one = await rig.instance(says('x'));
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const ring = { generation: 1, members: [one.slot], weights: [0], overrides: [] };
    const config = { ring: { algorithm: 'rendezvous' as const, sections: 1 } };
    brain.say(tableOf(rig.port, [], { ring, config, number: 2 }));
    expect((await brain.heard('trouble')).what).toMatch(/no table of shop/);
    expect((await get({ port: rig.port })).body).toBe('x');
  });

  test("router - its socket is its owner's, and a second router does not start", async () => {
    await rig.start();
    expect(statSync(rig.path).mode & 0o777).toBe(0o600);
    const options = { directory: rig.directory, name: 'r2' };
    await expect(startRouter(options)).rejects.toThrow(/RM_ROUTER_START/);
    const directory = join(rig.directory, 'x'.repeat(100));
    await expect(startRouter({ directory, name: 'r2' })).rejects.toThrow(/RM_ROUTER_START/);
    expect(routerSocket(rig.directory)).toBe(rig.path);
  });
});

describe('without a brain', () => {
  test('router - the brain is killed under load: nothing fails, and windows wait for the next', async () => {
    await rig.start();
    const brain = await rig.brain();
    const one = await rig.instance(says('x'));
    const two = await rig.instance(says('x'));
    brain.say(tableOf(rig.port, [one, two]));
    await brain.knows('shop', 1);
    brain.socket.destroy();
    // A brain as a process of its own: it is the one whom the router tells, and then it is no more.
    const script = `const socket = require('node:net').createConnection(process.argv[1]);
      socket.write('{"do":"hello","epoch":1}\\n');
      socket.once('data', () => process.send('welcome'));`;
    const child = spawn(process.execPath, ['-e', script, rig.path], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    const traffic = load(rig.port, 8);
    await traffic.more(50);
    const killed = once(child, 'exit');
    child.kill('SIGKILL');
    await killed;
    await traffic.more(500);
    const next = await rig.brain(2);
    await next.knows('shop', 1);
    const { number } = await next.heard('window');
    expect(number).toBeGreaterThan(0);
    next.say(tableOf(rig.port, [two], { epoch: 2, number: 2 }));
    await next.knows('shop', 2);
    expect(await traffic.stop()).toEqual([]);
  });

  test('router - one that is killed comes back with its last tables before any brain', async () => {
    const { child, brain } = await rig.spawn();
    const one = await rig.instance(says('x'));
    brain.say(tableOf(rig.port, [one], { number: 7 }));
    await brain.knows('shop', 7);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // What a crash in the middle of a write leaves behind, and what nobody can read.
    writeFileSync(join(rig.directory, 'tables', 'half.json'), '{"do":"table"');
    const second = await rig.spawn();
    expect((await get({ port: rig.port })).body).toBe('x');
    await second.brain.knows('shop', 7);
    const state = JSON.parse(readFileSync(join(rig.directory, 'state.json'), 'utf8'));
    expect(state).toEqual({ epoch: 1, starts: 2 });
  });

  test('router - SIGTERM: no new connection, what is under way ends, then it ends with 0', async () => {
    const { child, brain } = await rig.spawn();
    let answer: () => void = () => undefined;
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const one = await rig.instance((_, response) => {
      answer = () => void response.end('late');
      isAsked();
    });
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const got = get({ port: rig.port });
    await asked;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const isClosed = (): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = createConnection(rig.port, '127.0.0.1');
        socket.once('connect', () => {
          socket.destroy();
          resolve(false);
        });
        socket.once('error', () => resolve(true));
      });
    while (!(await isClosed()));
    answer();
    expect(await got).toMatchObject({ body: 'late', headers: { connection: 'close' } });
    const [code] = await ended;
    expect(code).toBe(0);
    await brain.heard('window', ({ columns }) => columns.some(({ seconds }) => seconds !== ''));
  });
});
