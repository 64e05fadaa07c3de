/**
 * A running inspector, attacked: every door, name and frame that is not meant is refused, and it goes on.
 * It is one idea: each attack is on the same server, which has to survive the ones before.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type System, start } from 'ringmaster';
import { type Inspector, inspect, LIMITS, PROTOCOL, type Role } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ROLES } from '../../src/inspector/access/roles.ts';
import { readPage } from '../../src/inspector/server/page-files.ts';
import { routesOf } from '../../src/inspector/server/routes.ts';
import { Keeper } from './programs/keeper.mjs';
import { ask, closeCodeOf, frame, handshake, Raw, statusOf } from './raw.ts';

let directory = '';
let system: System;
let inspector: Inspector;
let port = 0;
const troubles: string[] = [];

/** As npm run build made it; a server that is tested from outside has to have it. */
const PAGE = readPage(new URL('../../dist/inspector/page/', import.meta.url));
const ROUTES = routesOf(PAGE.keys());

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-inspect-'));
  system = await start({ threads: 1 });
  inspector = await inspect(system, {
    directory: join(directory, 'inspector'),
    origins: ['https://panel.example'],
    onTrouble: (message) => troubles.push(message),
  });
  port = inspector.port;
});
afterAll(async () => {
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
  expect(troubles).toEqual([]);
});

const tokenOf = (role: Role): string => readFileSync(inspector.tokenFile(role), 'utf8').trim();
const bearer = (role: Role): string => `Authorization: Bearer ${tokenOf(role)}`;
const host = (): string => `Host: localhost:${port}`;

async function ticketOf(role: Role, origin = `http://localhost:${port}`): Promise<string> {
  const body = tokenOf(role);
  const head = ['POST /ticket HTTP/1.1', host(), `Origin: ${origin}`, 'Content-Length: 64'];
  const text = await ask(port, head, body);
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)).ticket;
}

/** As a page comes, with a ticket. */
const page = (ticket: string, origin = `http://localhost:${port}`): readonly string[] => [
  `Origin: ${origin}`,
  `Sec-WebSocket-Protocol: ${PROTOCOL.name}, ticket.${ticket}`,
];

/** The status of a handshake; what becomes a socket is hung up. */
async function upgrade(more: readonly string[], head = handshake(port, more)): Promise<number> {
  const raw = new Raw(port).send(`${head.join('\r\n')}\r\n\r\n`);
  await raw.until((text) => text.includes('\r\n\r\n'));
  await raw.end();
  return statusOf(raw.text);
}

describe('doors', () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];
  const assets = [...PAGE.keys()].filter((path) => path !== '/');
  const paths = [
    '/',
    ...assets,
    '/assets/',
    '/assets/none.js',
    '/page.json',
    '/ticket',
    '/inspect',
    '/recording',
    '/metrics',
    '/index.html',
    '/ticket/',
    '//ticket',
  ];
  const strange = [
    '/assets/../page.json',
    '/assets/%2e%2e/page.json',
    '/../ticket',
    '/%74icket',
    '/inspect?token=x',
    '/ticket#x',
    '/\\ticket',
    '*',
  ];
  const shows = ['nothing', ...ROLES] as const;

  /** By the table alone. */
  function expected(method: string, path: string, shown: (typeof shows)[number]): number {
    const here = ROUTES.filter((route) => route.path === path);
    if (here.length === 0) return 404;
    const route = here.find((one) => one.method === method);
    if (route === undefined) return 405;
    if (route.needs === 'nothing') return 200;
    if (route.leadsTo === 'socket') return 426;
    return shown === 'nothing' ? 401 : 200;
  }

  test.each([...paths, ...strange])('doors - %s by every method in every role', async (path) => {
    for (const method of methods) {
      for (const shown of shows) {
        const body = shown === 'nothing' ? '' : tokenOf(shown);
        const head = [`${method} ${path} HTTP/1.1`, host(), `Content-Length: ${body.length}`];
        if (shown !== 'nothing') head.push(bearer(shown));
        const text = await ask(port, head, body);
        expect([method, path, shown, statusOf(text)]).toEqual([
          method,
          path,
          shown,
          expected(method, path, shown),
        ]);
        expect(text).toMatch(/content-security-policy: default-src 'self'/);
        expect(text).toMatch(/x-content-type-options: nosniff/);
        if (shown !== 'nothing') expect(text).not.toContain(tokenOf(shown));
      }
    }
  });

  test('doors - the socket opens for a program with a token of any role, and for nobody else', async () => {
    for (const role of ROLES) expect(await upgrade([bearer(role)])).toBe(101);
    expect(await upgrade([])).toBe(401);
    expect(await upgrade([`Authorization: Bearer ${'0'.repeat(64)}`])).toBe(401);
    expect(await upgrade([`Authorization: Basic ${tokenOf('admin')}`])).toBe(401);
    expect(await upgrade([bearer('admin'), bearer('admin')])).toBe(401);
    expect(await upgrade([`Cookie: token=${tokenOf('admin')}`])).toBe(401);
    const inUrl = handshake(port, [], `/inspect?token=${tokenOf('admin')}`);
    expect(await upgrade([], inUrl)).toBe(404);
    expect(await upgrade([], handshake(port, [bearer('admin')], '/ticket'))).toBe(405);
  });

  test('doors - a page trades the token for a ticket, which opens one socket', async () => {
    const ticket = await ticketOf('operator');
    expect(await upgrade(page(ticket))).toBe(101);
    expect(await upgrade(page(ticket))).toBe(401);
    const post = ['POST /ticket HTTP/1.1', host(), 'Content-Length: 64'];
    const other = await ask(port, [...post, 'Origin: https://panel.example'], tokenOf('viewer'));
    expect(other).toMatch(/^access-control-allow-origin: https:\/\/panel\.example\r$/m);
    const same = await ask(port, [...post, `Origin: http://localhost:${port}`], tokenOf('viewer'));
    expect(same).not.toMatch(/access-control/);
    const panel = await ticketOf('viewer', 'https://panel.example');
    expect(await upgrade(page(panel, 'https://panel.example'))).toBe(101);
  });

  test('doors - a ticket without a page, or beside another one, opens nothing', async () => {
    const protocols = (...tickets: string[]): string =>
      `Sec-WebSocket-Protocol: ${[PROTOCOL.name, ...tickets.map((one) => `ticket.${one}`)].join(', ')}`;
    const origin = `Origin: http://localhost:${port}`;
    expect(await upgrade([protocols(await ticketOf('admin'))])).toBe(401);
    const two = [await ticketOf('admin'), await ticketOf('admin')];
    expect(await upgrade([origin, protocols(...two)])).toBe(401);
    const only = `Sec-WebSocket-Protocol: ticket.${await ticketOf('admin')}`;
    expect(await upgrade([origin, only])).toBe(401);
  });
});

describe('the page', () => {
  const get = (path: string, ...more: readonly string[]): Promise<string> =>
    ask(port, [`GET ${path} HTTP/1.1`, host(), ...more]);

  test('the page - its files are as they were built, plain and gzipped', async () => {
    expect(PAGE.size).toBeGreaterThan(3);
    for (const { url, plain, gzipped } of PAGE.values()) {
      const [head = '', body] = (await get(url)).split('\r\n\r\n', 2);
      expect(head).toContain(`content-length: ${plain.length}`);
      expect(body?.slice(0, 100)).toBe(plain.toString('latin1').slice(0, 100));
      const small = await get(url, 'Accept-Encoding: br, gzip');
      expect(small).toContain('content-encoding: gzip');
      expect(small).toContain(`content-length: ${gzipped.length}`);
      expect(await ask(port, [`HEAD ${url} HTTP/1.1`, host()])).toMatch(/\r\n\r\n$/);
    }
  });

  test('the page - what has its content in its name may be kept, the first file never', async () => {
    for (const url of PAGE.keys()) {
      const kept = url === '/' ? 'no-store' : 'public, max-age=31536000, immutable';
      expect(await get(url)).toContain(`cache-control: ${kept}\r\n`);
    }
  });

  test('the page - nothing of it is inline, from elsewhere, or more than 150 kB', () => {
    const index = PAGE.get('/')?.plain.toString() ?? '';
    expect(index).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=|https?:/);
    let bytes = 0;
    for (const { gzipped } of PAGE.values()) bytes += gzipped.length;
    expect(bytes).toBeLessThan(150_000);
  });
});

describe('names', () => {
  const names = ['evil.example', 'localhost6', 'localhost.', '2130706433', '127.1', '0.0.0.0'];

  test.each(names)('names - called %s it answers nobody', async (name) => {
    const wrong = `Host: ${name}:${port}`;
    for (const { method, path } of ROUTES) {
      const length = 'Content-Length: 64';
      const text = await ask(port, [`${method} ${path} HTTP/1.1`, wrong, length], tokenOf('admin'));
      expect(statusOf(text)).toBe(421);
    }
    const head = handshake(port, [bearer('admin')]).map((line) =>
      line.startsWith('Host:') ? wrong : line,
    );
    expect(await upgrade([], head)).toBe(421);
  });

  test.each(['http://evil.example', 'null', 'http://localhost', 'file://'])(
    'names - a page of %s gets nothing, whatever it shows',
    async (origin) => {
      const head = ['POST /ticket HTTP/1.1', host(), `Origin: ${origin}`, 'Content-Length: 64'];
      expect(statusOf(await ask(port, head, tokenOf('admin')))).toBe(403);
      expect(await upgrade([`Origin: ${origin}`, bearer('admin')])).toBe(403);
      expect(await upgrade(page(await ticketOf('admin'), origin))).toBe(403);
    },
  );
});

describe('what is no request', () => {
  test.each([
    ['bytes', '\u0000\u0001\u0002\u0003\r\n\r\n', 400],
    ['no version', 'GET /inspect\r\n\r\n', 421],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', 400],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n', 400],
    ['a zero byte', 'GET / HTTP/1.1\r\nHost: a\u0000b\r\n\r\n', 400],
    ['two lengths', 'POST /ticket HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST /ticket HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a long head', `GET / HTTP/1.1\r\nX: ${'x'.repeat(17 * 1024)}\r\n\r\n`, 400],
    ['many headers', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(5000)}\r\n`, 400],
  ])('what is no request - %s', async (_name, bytes, status) => {
    const raw = new Raw(port).send(bytes);
    await raw.closed;
    expect(statusOf(raw.text)).toBe(status);
    expect(await upgrade([bearer('viewer')])).toBe(101);
  });

  test('what is no request - a long body is not read', async () => {
    const head = ['POST /ticket HTTP/1.1', host(), 'Content-Length: 1000000000'];
    expect(statusOf(await ask(port, head, 'x'.repeat(4096)))).toBe(413);
  });

  test('what is no request - a head that never ends is hung up on', async () => {
    const raw = new Raw(port).send(`GET /inspect HTTP/1.1\r\n${host()}\r\nX: `);
    await raw.closed;
    expect(statusOf(raw.text)).toBe(400);
  });

  test('what is no request - an upgrade that is none is refused', async () => {
    const base = handshake(port, [bearer('viewer')]);
    const without = (name: string): string[] => base.filter((line) => !line.startsWith(name));
    expect(await upgrade([], [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: x'])).toBe(400);
    expect(await upgrade([], [...without('Sec-WebSocket-V'), 'Sec-WebSocket-Version: 99'])).toBe(
      400,
    );
    expect(await upgrade([], [...without('Upgrade'), 'Upgrade: h2c'])).toBe(400);
  });
});

describe('frames', () => {
  const text = (payload: string): Buffer => Buffer.from(payload);

  async function closedWith(...frames: readonly Buffer[]): Promise<number> {
    const raw = new Raw(port).send(`${handshake(port, [bearer('viewer')]).join('\r\n')}\r\n\r\n`);
    await raw.until((all) => all.includes('\r\n\r\n'));
    for (const each of frames) raw.send(each);
    await raw.until(() => closeCodeOf(raw) !== 0);
    await raw.end();
    return closeCodeOf(raw);
  }
  const fragments = (count: number): Buffer[] => [
    frame(0x01, text('{')),
    ...Array.from({ length: count }, () => frame(0x00, text(' '))),
  ];

  test.each<[string, number, readonly Buffer[]]>([
    ['not masked', 1002, [frame(0x81, text('{}'), null)]],
    ['a reserved bit', 1002, [frame(0xc1, text('{}'))]],
    ['another reserved bit', 1002, [frame(0xa1, text('{}'))]],
    ['a reserved kind', 1002, [frame(0x83, text('{}'))]],
    ['a reserved control kind', 1002, [frame(0x8b, text(''))]],
    ['a fragment of nothing', 1002, [frame(0x80, text('x'))]],
    ['a message inside another', 1002, [frame(0x01, text('a')), frame(0x81, text('b'))]],
    ['a ping in fragments', 1002, [frame(0x09, text('x'))]],
    ['a long ping', 1002, [frame(0x89, Buffer.alloc(126))]],
    ['a close of one byte', 1002, [frame(0x88, text('x'))]],
    ['a close with a forbidden code', 1002, [frame(0x88, Buffer.from([0x03, 0xed]))]],
    ['no UTF-8', 1007, [frame(0x81, Buffer.from([0xc3, 0x28]))]],
    ['a surrogate as UTF-8', 1007, [frame(0x81, Buffer.from([0xed, 0xa0, 0x80]))]],
    ['binary', 1003, [frame(0x82, text('{}'))]],
    ['a message that is too long', 1009, [frame(0x81, Buffer.alloc(LIMITS.messageBytes + 1, 32))]],
    ['a length of 2^62', 1009, [Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0])]],
    ['too many fragments', 1008, fragments(LIMITS.fragments + 1)],
  ])('frames - %s ends it with %i', async (_name, code, frames) => {
    expect(await closedWith(...frames)).toBe(code);
    expect(await upgrade([bearer('viewer')])).toBe(101);
  });
});

describe('sockets', () => {
  type Told = { id: number; result?: Record<string, unknown>; error?: { name: string } };

  /** A well-behaved client. */
  async function client(role: Role) {
    const ws = new WebSocket(inspector.url, PROTOCOL.name, {
      headers: { authorization: `Bearer ${tokenOf(role)}` },
    });
    const open = new Map<number, (told: Told) => void>();
    let ids = 0;
    ws.on('message', (data) => {
      const told = JSON.parse(String(data)) as Told;
      open.get(told.id)?.(told);
    });
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    const call = (method: string, params: object = {}): Promise<Told> =>
      new Promise((resolve) => {
        open.set(++ids, resolve);
        ws.send(JSON.stringify({ id: ids, method, params }));
      });
    await call('System.hello', { protocol: { major: 1, minor: 0 } });
    return { ws, call, end: () => ws.terminate() };
  }

  test('sockets - figures and actors of the system are told', async () => {
    const { call, end } = await client('viewer');
    const figures = await call('System.figures');
    expect(figures.result?.threads).toHaveLength(2);
    const listed = await call('Actors.list', { contains: '/user', limit: 1000 });
    expect(listed.result?.all).toBe(system.paths().length);
    end();
  });

  test('sockets - an actor is measured for whoever asks', async () => {
    const viewer = await client('viewer');
    const ref = await system.spawn(Keeper, { id: 'measured', placement: { thread: 1 } });
    const asked = () => viewer.call('Actors.measure', { path: '/user/measured' });
    expect((await asked()).result).toMatchObject({ messages: 0 });
    ref.tell('keep', 'a text');
    // Told once a second.
    let told = await asked();
    while (told.result?.messages === 0) told = await asked();
    const times = {
      counts: expect.any(Array),
      p50Us: expect.any(Number),
      p999Us: expect.any(Number),
    };
    expect(told.result).toMatchObject({ messages: 1, failed: 0, wait: times, took: times });
    const none = await viewer.call('Actors.measure', { path: '/user/nobody' });
    expect(none.error?.name).toBe('gone');
    viewer.end();
  });

  test('sockets - a mutation needs its role, a reason, and is written down before it is done', async () => {
    const audit = (): string[] =>
      readFileSync(join(directory, 'inspector', 'audit.jsonl'), 'utf8')
        .split('\n')
        .slice(0, -1);
    const [viewer, admin] = [await client('viewer'), await client('admin')];
    const wish = { path: '/user/none', reason: 'a test', key: 'k1' };
    expect((await viewer.call('Actors.stop', wish)).error?.name).toBe('forbidden');
    expect((await admin.call('Actors.stop', { ...wish, reason: '' })).error?.name).toBe('params');
    expect(audit()).toHaveLength(0);
    expect((await admin.call('Actors.stop', wish)).error?.name).toBe('gone');
    expect((await admin.call('Actors.stop', wish)).error?.name).toBe('gone');
    expect(audit()).toHaveLength(1);
    expect(JSON.parse(audit()[0] as string)).toMatchObject({ role: 'admin', reason: 'a test' });
    viewer.end();
    admin.end();
  });

  test('sockets - an admin ends an actor, once, and only if it is no dry run', async () => {
    const admin = await client('admin');
    const ref = await system.spawn(Keeper, { id: 'ended', placement: { thread: 1 } });
    const wish = { path: '/user/ended', reason: 'a test', key: 'end it' };
    const dry = await admin.call('Actors.stop', { ...wish, dryRun: true });
    expect(dry.result).toEqual({ isDone: false, isDryRun: true });
    let listed = await admin.call('Actors.list', { contains: 'ended' });
    // A look is good for a tenth of a second.
    while (listed.result?.matching === 0) {
      listed = await admin.call('Actors.list', { contains: 'ended' });
    }
    expect(listed.result).toMatchObject({
      matching: 1,
      actors: [{ path: '/user/ended', thread: 1 }],
    });
    const done = { isDone: true, isDryRun: false };
    expect((await admin.call('Actors.stop', wish)).result).toEqual(done);
    expect((await system.watch(ref)).key).toBe(ref.key);
    const another = await admin.call('Actors.stop', { ...wish, path: '/user/other' });
    expect(another.error?.name).toBe('params');
    // Asked again with its key it is the same wish, whatever lives there now.
    await system.spawn(Keeper, { id: 'ended' });
    expect((await admin.call('Actors.stop', wish)).result).toEqual(done);
    expect(system.lookup('/user/ended')).not.toBeNull();
    admin.end();
  });

  test('sockets - what messages and crashes carried is in nothing that is told or written', async () => {
    const secret = 'correct-horse-battery-staple';
    const ref = await system.spawn(Keeper, { id: 'keeper', placement: { thread: 0 } });
    ref.tell('keep', secret);
    await ref.ask('crash', secret).catch(() => undefined);
    await system.stop(ref);
    ref.tell('keep', secret);
    const admin = await client('admin');
    const asked = ['System.figures', 'Actors.list', 'DeadLetters.last'];
    const told = await Promise.all(asked.map((method) => admin.call(method)));
    expect(JSON.stringify(told)).toContain('/user/keeper');
    expect(JSON.stringify(told)).not.toContain(secret);
    const files = readdirSync(join(directory, 'inspector'));
    for (const name of files) {
      expect(readFileSync(join(directory, 'inspector', name), 'utf8')).not.toContain(secret);
    }
    expect(files).toContain('audit.jsonl');
    admin.end();
  });

  test('sockets - a client that reads nothing is hung up on, others go on', async () => {
    const other = await client('viewer');
    const slow = new Raw(port).send(`${handshake(port, [bearer('viewer')]).join('\r\n')}\r\n\r\n`);
    await slow.until((all) => all.includes('\r\n\r\n'));
    const question = (method: string, params: object): Buffer =>
      frame(0x81, Buffer.from(JSON.stringify({ id: 1, method, params })));
    slow.send(question('System.hello', { protocol: { major: 1, minor: 0 } }));
    slow.socket.pause();
    let isOver = false;
    void slow.closed.then(() => {
      isOver = true;
    });
    while (!isOver) {
      for (let count = 0; count < 50; count++) slow.send(question('System.figures', {}));
      await other.call('System.figures');
    }
    expect((await other.call('System.figures')).result).toBeDefined();
    other.end();
  });

  test('sockets - one address has only so many connections', async () => {
    const raws = Array.from({ length: 80 }, () => new Raw(port));
    let over = 0;
    for (const raw of raws) void raw.closed.then(() => over++);
    // Those that are one too many are ended at once; a head may take five seconds.
    await Promise.all(raws.slice(-16).map(({ closed }) => closed));
    expect(over).toBe(16);
    for (const raw of raws) await raw.end();
    // Until the server has noticed that they are gone.
    let status = 0;
    while (status !== 101) status = await upgrade([bearer('viewer')]).catch(() => 0);
  });

  test('sockets - whoever is refused and does not hang up is hung up on', async () => {
    const raws = Array.from({ length: 20 }, () => new Raw(port, { allowHalfOpen: true }));
    for (const raw of raws) raw.send(`${handshake(port, []).join('\r\n')}\r\n\r\n`);
    for (const raw of raws) {
      await raw.until((text) => text.includes('\r\n\r\n'));
      expect(statusOf(raw.text)).toBe(401);
      // Writing on to what is closed resets it.
      while (!raw.socket.destroyed) {
        raw.send('x');
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });
});

test('options - an address that others can reach needs TLS, and names are exact', async () => {
  const refused = (options: object): Promise<unknown> =>
    inspect(system, { directory, ...options }).then(
      () => null,
      ({ code, message }) => `${code} ${message}`,
    );
  expect(await refused({ host: '0.0.0.0' })).toMatch(/RM_INSPECT_OPTION.*give tls/);
  expect(await refused({ port: 65_536 })).toMatch(/RM_INSPECT_OPTION/);
  expect(await refused({ names: ['https://x'] })).toMatch(/RM_INSPECT_OPTION.*host:port/);
  expect(await refused({ origins: ['*'] })).toMatch(/RM_INSPECT_OPTION.*no origin/);
  expect(await refused({ directory: '' })).toMatch(/RM_INSPECT_OPTION/);
  expect(await refused({ port, directory: join(directory, 'two') })).toMatch(
    /RM_INSPECT_START.*EADDRINUSE/,
  );
});
