/** A router between real sockets: who is asked, how bodies pass, what is asked again, what is measured. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort, get, RouterRig, ringOf, tableOf } from './router-rig.ts';

let rig: RouterRig;
beforeEach(() => {
  rig = new RouterRig();
});
afterEach(() => rig.end());

const says = (text: string) => (_: unknown, response: { end(text: string): void }) =>
  response.end(text);

describe('choice', () => {
  test('router - hosts and paths divide one port, and an unknown one is 404', async () => {
    await rig.start();
    const brain = await rig.brain();
    const shop = await rig.instance(says('shop'));
    const cart = await rig.instance(says('cart'));
    const api = await rig.instance(says('api'));
    brain.say(tableOf(rig.port, [shop], { config: { path: '/shop' } }));
    brain.say(tableOf(rig.port, [cart], { service: 'cart', config: { path: '/shop/cart' } }));
    brain.say(tableOf(rig.port, [api], { service: 'api', config: { host: 'api.test' } }));
    await brain.knows('api', 1);
    const bodyOf = async (path: string, host = 'x.test') =>
      (await get({ port: rig.port, path, headers: { host } })).body;
    expect(await bodyOf('/shop/1')).toBe('shop');
    expect(await bodyOf('/shop/cart?x=1')).toBe('cart');
    expect(await bodyOf('/shop/carts')).toBe('shop');
    expect(await bodyOf('/shop', 'API.test:80')).toBe('api');
    const lost = await get({ port: rig.port, path: '/shopping' });
    expect(lost).toMatchObject({ status: 404, headers: { 'x-ringmaster-error': 'no-service' } });
    expect(JSON.parse(lost.body)).toMatchObject({ error: 'no-service' });
  });

  test('router - a service that nobody serves is 503, and so is a shard without members', async () => {
    await rig.start();
    const brain = await rig.brain();
    brain.say(tableOf(rig.port, []));
    await brain.knows('shop', 1);
    const empty = await get({ port: rig.port });
    expect(empty).toMatchObject({
      status: 503,
      headers: { 'x-ringmaster-error': 'no-instance', 'retry-after': '1' },
    });
    const one = await rig.instance(says('x'), { slot: 'shop/eu/a/0' });
    const ring = ringOf(['shop/eu/a/7']);
    const config = {
      kind: 'sharded' as const,
      key: { header: 'x-key' },
      ring: { algorithm: 'ketama' as const, sections: 10 },
    };
    brain.say(tableOf(rig.port, [one], { number: 2, ring, config }));
    await brain.knows('shop', 2);
    const headers = { 'x-key': 'k' };
    expect((await get({ port: rig.port, headers })).status).toBe(503);
    expect(await get({ port: rig.port })).toMatchObject({
      status: 400,
      headers: { 'x-ringmaster-error': 'no-key' },
    });
  });

  test('router - a key goes to its shard, in the own zone first', async () => {
    await rig.start({ zone: 'b' });
    const brain = await rig.brain();
    const slots = ['a', 'b'].flatMap((zone) => [0, 1, 2].map((n) => `shop/eu/${zone}/${n}`));
    const lines = await Promise.all(
      slots.map((slot) => rig.instance(says(slot), { slot, zone: slot.split('/')[2] ?? '' })),
    );
    const config = {
      kind: 'sharded' as const,
      key: { segment: 1 },
      ring: { algorithm: 'ketama' as const, sections: 100 },
      replicas: 2,
    };
    brain.say(tableOf(rig.port, lines, { ring: ringOf(slots), config }));
    await brain.knows('shop', 1);
    const owners = new Map<string, string>();
    for (let key = 0; key < 40; key++) {
      const { body } = await get({ port: rig.port, path: `/carts/${key}?q=${key}` });
      expect(body).toMatch(/^shop\/eu\/b\//);
      owners.set(String(key), body);
    }
    expect(new Set(owners.values()).size).toBe(3);
    // Without the own zone the same shard answers from the other.
    const others = lines.filter(({ zone }) => zone === 'a');
    brain.say(tableOf(rig.port, others, { ring: ringOf(slots), config, number: 2 }));
    await brain.knows('shop', 2);
    for (const [key, owner] of owners) {
      const { body } = await get({ port: rig.port, path: `/carts/${key}` });
      expect(body).toBe(owner.replace('/b/', '/a/'));
    }
  });
});

describe('bodies', () => {
  test('router - both bodies stream, whole and in order, with and without a length', async () => {
    await rig.start();
    const brain = await rig.brain();
    const echo = await rig.instance((asked, answer) => asked.pipe(answer));
    brain.say(tableOf(rig.port, [echo]));
    await brain.knows('shop', 1);
    const body = randomBytes(5 * 2 ** 20);
    const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    for (const headers of [{ 'content-length': String(body.length) }, {}]) {
      const sent = request({ port: rig.port, method: 'POST', agent: false, headers });
      sent.end(body);
      const [answer] = await once(sent, 'response');
      const pieces: Buffer[] = [];
      for await (const piece of answer) pieces.push(piece as Buffer);
      expect(hash(Buffer.concat(pieces))).toBe(hash(body));
    }
  });

  test('router - an instance of a gigabyte is held back by a client that does not read', async () => {
    await rig.start();
    const brain = await rig.brain();
    let sentBytes = 0;
    let isHeld: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      isHeld = resolve;
    });
    const piece = Buffer.alloc(2 ** 20, 7);
    const big = await rig.instance((_, answer) => {
      const more = (): void => {
        while (sentBytes < 2 ** 30) {
          sentBytes += piece.length;
          if (!answer.write(piece)) {
            if (sentBytes > 2 ** 21) isHeld();
            return void answer.once('drain', more);
          }
        }
        answer.end();
      };
      more();
    });
    brain.say(tableOf(rig.port, [big]));
    await brain.knows('shop', 1);
    const sent = request({ port: rig.port, agent: false });
    sent.end();
    const [answer] = await once(sent, 'response');
    await held;
    // Two more round trips through the router: time for it to have taken far more, if it did.
    for (let i = 0; i < 5; i++) await brain.heard('window');
    expect(sentBytes).toBeLessThan(64 * 2 ** 20);
    let bytes = 0;
    for await (const got of answer) bytes += (got as Buffer).length;
    expect(bytes).toBe(2 ** 30);
  });

  test('router - what is of one connection stays there, and where it came from is added', async () => {
    await rig.start();
    const brain = await rig.brain();
    const one = await rig.instance((asked, answer) => {
      answer.setHeader('keep-alive', 'timeout=9');
      answer.setHeader('set-cookie', ['a=1', 'b=2']);
      answer.end(JSON.stringify(asked.headers));
    });
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const { body, headers } = await get({
      port: rig.port,
      headers: {
        connection: 'close, x-private',
        'x-private': '1',
        te: 'trailers',
        host: 'x.test',
        'x-forwarded-for': '10.0.0.1',
        'x-kept': 'yes',
      },
    });
    const seen = JSON.parse(body);
    expect(seen).toMatchObject({
      host: 'x.test',
      'x-kept': 'yes',
      'x-forwarded-for': '10.0.0.1, 127.0.0.1',
      'x-forwarded-proto': 'http',
      via: '1.1 ringmaster',
    });
    expect(seen).not.toHaveProperty('x-private');
    expect(seen).not.toHaveProperty('te');
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(headers['keep-alive']).not.toBe('timeout=9');
  });

  test('router - a websocket passes both ways, and another answer ends the connection', async () => {
    await rig.start();
    const brain = await rig.brain();
    const one = await rig.instance((_, answer) => answer.writeHead(403).end('no'));
    one.server.on('upgrade', (asked, socket) => {
      if (asked.url === '/no') {
        socket.end('HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno');
        return;
      }
      socket.write('HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
      socket.on('data', (piece: Buffer) => socket.write(piece.toString().toUpperCase()));
    });
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    const asked = request({ port: rig.port, headers, agent: false });
    asked.end();
    const [answer, socket, head] = await once(asked, 'upgrade');
    expect(answer.statusCode).toBe(101);
    const reader = socket[Symbol.asyncIterator]();
    let text = head.toString();
    while (!text.includes('hello')) text += (await reader.next()).value.toString();
    socket.write('ping');
    while (!text.includes('PING')) text += (await reader.next()).value.toString();
    const window = await brain.heard('window', (one) =>
      one.columns.some((it) => it.underWay === 1),
    );
    expect(window.columns[0]?.instance).toBe(one.instance);
    socket.destroy();
    const refused = request({ port: rig.port, path: '/no', headers, agent: false });
    refused.end();
    const [other] = await once(refused, 'response');
    expect(other.statusCode).toBe(403);
    expect(other.headers.connection).toBe('close');
    other.resume();
    await once(other, 'end');
  });
});

describe('again', () => {
  test('router - who takes no connection is not the answer, also for a POST', async () => {
    await rig.start();
    const brain = await rig.brain();
    const gone = rig.line(await freePort());
    const one = await rig.instance((asked, answer) => asked.pipe(answer));
    brain.say(tableOf(rig.port, [gone, one]));
    await brain.knows('shop', 1);
    for (let i = 0; i < 20; i++) {
      const got = await get({ port: rig.port, method: 'POST', body: `body ${i}` });
      expect(got).toMatchObject({ status: 200, body: `body ${i}` });
    }
  });

  test('router - a lost connection is asked again for GET and not for POST', async () => {
    await rig.start();
    const brain = await rig.brain();
    let asked = 0;
    const lost = await rig.tcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        asked += 1;
        socket.resetAndDestroy();
      });
    });
    const one = await rig.instance(says('fine'));
    brain.say(tableOf(rig.port, [lost, one], { weights: [] }));
    await brain.knows('shop', 1);
    while (asked < 3) expect((await get({ port: rig.port })).status).toBe(200);
    brain.say(tableOf(rig.port, [lost], { number: 2 }));
    await brain.knows('shop', 2);
    const before = asked;
    const got = await get({ port: rig.port, method: 'POST', body: 'x' });
    expect(got).toMatchObject({ status: 502, headers: { 'x-ringmaster-error': 'cut' } });
    expect(asked).toBe(before + 1);
  });

  test('router - when all fail, the budget bounds what is asked again', async () => {
    await rig.start();
    const brain = await rig.brain();
    let asked = 0;
    const lost = await rig.tcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        asked += 1;
        socket.resetAndDestroy();
      });
    });
    const config = { retries: { budget: 0.1, max: 3 } };
    brain.say(tableOf(rig.port, [lost], { config }));
    await brain.knows('shop', 1);
    const begunMs = performance.now();
    for (let i = 0; i < 100; i++) expect((await get({ port: rig.port })).status).toBe(502);
    const seconds = (performance.now() - begunMs) / 1000;
    // 100 requests, a tenth of them, the reserve and what has come back of it.
    expect(asked).toBeLessThanOrEqual(100 + 10 + 10 + Math.ceil(seconds));
    expect(asked).toBeGreaterThan(100);
  });

  test('router - 421 goes to the next replica, or waits for the newer table', async () => {
    await rig.start();
    const brain = await rig.brain();
    const config = {
      kind: 'sharded' as const,
      key: { header: 'x-key' },
      ring: { algorithm: 'rendezvous' as const, sections: 100 },
      replicas: 2,
    };
    const headers = { 'x-key': 'k' };
    let said = 0;
    let atSecond: () => void = () => undefined;
    const stale = await rig.instance(
      (_, answer) => {
        said += 1;
        answer.writeHead(421).end('not mine');
        if (said === 2) atSecond();
      },
      { slot: 'shop/eu/a/0', zone: 'a' },
    );
    const other = await rig.instance(says('mine'), { slot: 'shop/eu/b/0', zone: 'b' });
    const ring = ringOf([stale.slot, other.slot]);
    brain.say(tableOf(rig.port, [stale, other], { ring, config }));
    await brain.knows('shop', 1);
    expect(await get({ port: rig.port, headers })).toMatchObject({ status: 200, body: 'mine' });
    expect(said).toBe(1);
    // Nobody else is there; the table that names the owner comes while it waits.
    brain.say(tableOf(rig.port, [stale], { ring, config, number: 2 }));
    await brain.knows('shop', 2);
    atSecond = () => {
      brain.say(tableOf(rig.port, [other], { ring, config, number: 3 }));
    };
    const got = await get({ port: rig.port, headers, method: 'POST', body: 'x' });
    expect(got).toMatchObject({ status: 200, body: 'mine' });
    // And who says it for ever is asked twice at most.
    brain.say(tableOf(rig.port, [stale], { ring, config, number: 4 }));
    await brain.knows('shop', 4);
    said = 2;
    expect(await get({ port: rig.port, headers })).toMatchObject({
      status: 503,
      headers: { 'x-ringmaster-error': 'misdirected' },
    });
    expect(said).toBeLessThanOrEqual(4);
  });
});

describe('measured', () => {
  test('router - each request is in a window, by service, version, instance, with errors', async () => {
    await rig.start();
    const brain = await rig.brain();
    const one = await rig.instance((asked, answer) => {
      answer.writeHead(asked.url === '/bad' ? 500 : asked.url === '/odd' ? 404 : 200).end('x');
    });
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    for (let i = 0; i < 10; i++) await get({ port: rig.port });
    for (let i = 0; i < 3; i++) await get({ port: rig.port, path: '/bad' });
    for (let i = 0; i < 2; i++) await get({ port: rig.port, path: '/odd' });
    let [requests, errors] = [0, 0];
    while (requests < 15) {
      const { columns } = await brain.heard('window');
      for (const { seconds, errors: flags, ...who } of columns) {
        const { slot: _, port: __, server: ___, ...named } = one;
        expect(who).toMatchObject({ service: 'shop', ...named });
        const bytes = Buffer.from(seconds, 'base64');
        for (let at = 0; at < bytes.length; at += 4) {
          expect(bytes.readFloatLE(at)).toBeGreaterThan(0);
          expect(bytes.readFloatLE(at)).toBeLessThan(60);
          requests += 1;
        }
        errors += [...Buffer.from(flags, 'base64')].filter((flag) => flag === 1).length;
      }
    }
    expect([requests, errors]).toEqual([15, 3]);
  });

  test('router - a client that goes away is nobody’s error, and the instance hears of it', async () => {
    await rig.start();
    const brain = await rig.brain();
    let heard: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      heard = resolve;
    });
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const one = await rig.instance((_, answer) => {
      answer.on('close', () => heard());
      isAsked();
    });
    brain.say(tableOf(rig.port, [one]));
    await brain.knows('shop', 1);
    const sent = request({ port: rig.port, agent: false });
    sent.on('error', () => undefined);
    sent.end();
    await asked;
    const busy = await brain.heard('window', ({ columns }) => columns.length > 0);
    expect(busy.columns[0]).toMatchObject({ underWay: 1, seconds: '' });
    sent.destroy();
    await left;
    const calm = await brain.heard('window', ({ aborted }) => aborted === 1);
    expect(calm.columns.every(({ seconds }) => seconds === '')).toBe(true);
  });
});
