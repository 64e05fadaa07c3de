/** A router among clients and instances that mean harm: each costs itself, and nobody else. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Brain, get, RouterRig, tableOf } from './router-rig.ts';

let rig: RouterRig;
let brain: Brain;
beforeEach(async () => {
  rig = new RouterRig();
  await rig.start({
    limits: { headersTimeout: 300, requestTimeout: 600, keepAliveTimeout: 60_000 },
  });
  brain = await rig.brain();
});
afterEach(() => rig.end());

const HTTP = 'HTTP/1.1\r\nhost: x\r\n';

/** All that comes back for what is sent, until the connection is closed. */
async function said(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = createConnection(rig.port, '127.0.0.1');
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  for (const piece of pieces) socket.write(piece);
  await once(socket, 'close');
  return text;
}

async function isWell(): Promise<void> {
  expect(await get({ port: rig.port, path: '/well' })).toMatchObject({ status: 200 });
}

describe('clients', () => {
  let asked: string[] = [];
  beforeEach(async () => {
    asked = [];
    const one = await rig.instance((request, answer) => {
      asked.push(request.url ?? '');
      request.resume();
      request.on('end', () => answer.end('x'));
    });
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
  });

  test.each([
    ['a head that never ends', ['GET / HTTP/1.1\r\nhost: x\r\n'], /^HTTP\/1.1 408 /],
    [
      'a body that never comes',
      ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx'],
      /408/,
    ],
    ['garbage', ['\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'], /^HTTP\/1.1 400 /],
    ['100,000 headers', [`GET / HTTP/1.1\r\n${'a:\r\n'.repeat(100_000)}\r\n`], /^HTTP\/1.1 431 /],
    ['a header too long', [`GET / HTTP/1.1\r\na: ${'b'.repeat(70_000)}\r\n\r\n`], / 431 /],
    ['an address too long', [`GET /${'b'.repeat(70_000)} HTTP/1.1\r\n\r\n`], / 431 /],
    [
      'two lengths',
      ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx'],
      / 400 /,
    ],
    [
      'a length and pieces',
      [`POST /a ${HTTP}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /b`],
      / 400 /,
    ],
    ['no host', ['GET / HTTP/1.1\r\n\r\n'], / 400 /],
    ['another method', ['DANCE / HTTP/1.1\r\nhost: x\r\n\r\n'], / 400 /],
    ['CONNECT', ['CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n'], /^$/],
    [
      'an upgrade with a body',
      [`POST / ${HTTP}connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 2\r\n\r\nhi`],
      / 400 /,
    ],
  ])(
    'router - %s is answered or cut off, and no instance hears of it',
    async (_, pieces, wanted) => {
      expect(await said(...pieces)).toMatch(wanted);
      expect(asked).toEqual([]);
      await isWell();
    },
  );

  test('router - an upgrade that is not offered is a request like others, and the last', async () => {
    const head = 'GET /h2 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n';
    const text = await said(head, 'GET /past HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(asked).toEqual(['/h2']);
    await isWell();
  });

  test('router - many that hold connections open do not keep others out', async () => {
    const slow = Array.from({ length: 200 }, () => said('GET / HTTP/1.1\r\nx'));
    await isWell();
    for (const text of await Promise.all(slow)) expect(text).toMatch(/ 408 /);
    await isWell();
  });

  test('router - an address that cannot be passed on is refused', async () => {
    const got = await said(
      'GET http://x/%zz?a=%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    );
    expect(got).toMatch(/^HTTP\/1.1 200 /);
    expect(asked).toEqual(['/%zz?a=%00']);
    const star = await said('OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(star).toMatch(/^HTTP\/1.1 (200|400) /);
  });
});

describe('instances', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';

  async function answered(text: string, how: 'stay' | 'end' | 'reset') {
    const one = await rig.tcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (how === 'stay') socket.write(text);
        else if (how === 'end') socket.end(text);
        else socket.write(text, () => socket.resetAndDestroy());
      });
    });
    const config = { timeout: 400 };
    brain.say(tableOf(rig.port, [one], { config }));
    await brain.knows('shop', 1);
    return one;
  }

  test.each([
    ['never answers', '', 'stay', 504, 'timeout'],
    ['closes without a word', '', 'end', 502, 'cut'],
    ['resets', '', 'reset', 502, 'cut'],
    ['says no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'stay', 502, 'bad-answer'],
    ['says half a head', 'HTTP/1.1 200 OK\r\nconte', 'stay', 504, 'timeout'],
    [
      'says a head too long',
      `HTTP/1.1 200 OK\r\na: ${'b'.repeat(80_000)}\r\n\r\n`,
      'stay',
      502,
      'bad-answer',
    ],
    [
      'has two lengths',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
      'stay',
      502,
      'cut',
    ],
    [
      'says 101 unasked',
      'HTTP/1.1 101 Yes\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'stay',
      502,
      'cut',
    ],
  ] as const)('router - one that %s is said with a word', async (_, text, how, status, word) => {
    await answered(text, how);
    const got = await get({ port: rig.port, method: 'POST', body: 'x' });
    expect(got.headers['x-ringmaster-error']).toBe(word);
    expect(got.status).toBe(status);
    const window = await brain.heard('window', ({ columns }) => columns.some((one) => one.errors));
    expect(Buffer.from(window.columns[0]?.errors ?? '', 'base64')).toEqual(Buffer.from([1]));
  });

  test.each(['end', 'reset', 'stay'] as const)(
    'router - half an answer, then %s: the client is cut off, not told that it is whole',
    async (how) => {
      await answered(`${HEAD}half`, how);
      await expect(get({ port: rig.port })).rejects.toThrow(/aborted|socket hang up|terminated/);
      const window = await brain.heard('window', ({ columns }) =>
        columns.some((one) => one.errors),
      );
      expect(Buffer.from(window.columns[0]?.errors ?? '', 'base64')).toEqual(Buffer.from([1]));
    },
  );

  test('router - a header with a forged line does not reach the client as one', async () => {
    await answered('HTTP/1.1 200 OK\r\na: b\rx-forged: 1\r\ncontent-length: 0\r\n\r\n', 'stay');
    const got = await get({ port: rig.port });
    expect(got.headers).not.toHaveProperty('x-forged');
  });

  test('router - one that answers before it has read is passed on', async () => {
    const one = await rig.instance((_, answer) => answer.writeHead(413).end('too much'));
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const got = await get({ port: rig.port, method: 'POST', body: Buffer.alloc(200_000) });
    expect(got).toMatchObject({ status: 413, body: 'too much' });
  });

  test('router - whose connections fail is left out, and never the last', async () => {
    const one = await rig.instance((_, answer) => answer.end('x'));
    let tries = 0;
    const lost = await rig.tcp((socket) => {
      socket.on('error', () => undefined);
      tries += 1;
      socket.resetAndDestroy();
    });
    const config = { retries: { budget: 1, max: 1 } };
    brain.say(tableOf(rig.port, [one, lost], { config }));
    await brain.knows('shop', 1);
    for (let i = 0; i < 100; i++) {
      expect((await get({ port: rig.port })).status).toBe(200);
      if (tries >= 5) break;
    }
    const before = tries;
    const begunMs = performance.now();
    for (let i = 0; i < 30; i++) await get({ port: rig.port });
    // Unless the machine stood still for the second that it is out.
    if (performance.now() - begunMs < 900) expect(tries).toBe(before);
    brain.say(tableOf(rig.port, [lost], { config, number: 2 }));
    await brain.knows('shop', 2);
    const last = tries;
    expect((await get({ port: rig.port, method: 'POST', body: 'x' })).status).toBe(502);
    expect(tries).toBeGreaterThan(last);
  });
});
