/** An inspector below a path of somebody's own server: of Node's, of Express, of Fastify. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import fastify from 'fastify';
import { type System, start } from 'ringmaster';
import { type Inspector, inspect } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { mountOf } from '../../src/inspector/mount.ts';
import { ask, handshake, Raw, statusOf } from './raw.ts';

let directory = '';
let system: System;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-mount-'));
  system = await start();
});
afterAll(async () => {
  await system.close();
  rmSync(directory, { recursive: true });
});

/** Listens somewhere, with an inspector that knows where. */
async function mounted(
  kind: string,
  serve: (inspector: Inspector, server: Server) => void | Promise<void>,
  makeServer: () => Server,
) {
  const server = makeServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const inspector = await inspect(system, {
    directory: join(directory, kind),
    names: [`localhost:${port}`],
    origins: [`http://localhost:${port}`],
  });
  await serve(inspector, server);
  return { server, port, inspector };
}

const kinds = {
  'node:http': () => {
    const server = createServer();
    const serve = (inspector: Inspector): void => {
      const mount = inspector.mount('/inspector');
      server.on('request', (request, response) => {
        if (request.url?.startsWith('/inspector/')) mount.request(request, response);
        else response.end('mine');
      });
      server.on('upgrade', (request, socket, head) => {
        if (!mount.upgrade(request, socket, head)) socket.destroy();
      });
    };
    return mounted('node', serve, () => server);
  },
  express: () => {
    const app = express();
    const serve = (inspector: Inspector, server: Server): void => {
      const mount = inspector.mount('/inspector');
      app.use('/inspector', mount.request);
      app.get('/', (_request, response) => void response.send('mine'));
      server.on('upgrade', (request, socket, head) => {
        if (!mount.upgrade(request, socket, head)) socket.destroy();
      });
    };
    return mounted('express', serve, () => createServer(app));
  },
  fastify: async () => {
    let server: Server | null = null;
    let mount: ReturnType<Inspector['mount']> | null = null;
    const app = fastify({
      serverFactory: (handler) => {
        server = createServer((request, response) => handler(request, response));
        return server;
      },
    });
    // The bodies are the inspector's to read.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    app.all('/inspector/*', (request, reply) => {
      reply.hijack();
      mount?.request(request.raw, reply.raw);
    });
    app.get('/', () => 'mine');
    await app.ready();
    const serve = (inspector: Inspector, own: Server): void => {
      mount = inspector.mount('/inspector');
      own.on('upgrade', (request, socket, head) => {
        if (mount?.upgrade(request, socket, head) !== true) socket.destroy();
      });
    };
    return mounted('fastify', serve, () => server as unknown as Server);
  },
} as const;

describe.each(Object.entries(kinds))('mount on %s', (_kind, make) => {
  test('mount - a page trades its token and talks, the program goes on serving its own', async () => {
    const { server, port, inspector } = await make();
    const origin = `http://localhost:${port}`;
    const token = readFileSync(inspector.tokenFile('viewer'), 'utf8').trim();
    const traded = await fetch(`${origin}/inspector/ticket`, {
      method: 'POST',
      body: token,
      headers: { origin },
    });
    expect(traded.status).toBe(200);
    const { ticket } = (await traded.json()) as { ticket: string };
    const protocols = ['ringmaster.inspect.v1', `ticket.${ticket}`];
    const socket = new WebSocket(`ws://localhost:${port}/inspector/inspect`, protocols, { origin });
    const answer = new Promise<string>((resolve, reject) => {
      socket.once('message', (data) => resolve(String(data)));
      socket.once('error', reject);
    });
    socket.once('open', () => {
      const params = { protocol: { major: 1, minor: 0 } };
      socket.send(JSON.stringify({ id: 1, method: 'System.hello', params }));
    });
    expect(JSON.parse(await answer).result.role).toBe('viewer');
    expect(await (await fetch(`${origin}/`)).text()).toBe('mine');
    expect((await fetch(`${origin}/inspector/nothing`)).status).toBe(404);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await inspector.close();
    await closed;
    // The server goes on without it.
    expect((await fetch(`${origin}/inspector/ticket`, { method: 'POST' })).status).toBe(502);
    expect(await (await fetch(`${origin}/`)).text()).toBe('mine');
    const upgrade = new Raw(port).send(
      `${handshake(port, [], '/inspector/inspect').join('\r\n')}\r\n\r\n`,
    );
    await upgrade.closed;
    expect(statusOf(upgrade.text)).toBe(502);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('mount - what the inspector refuses is refused there, too', async () => {
    const { server, port, inspector } = await make();
    const token = readFileSync(inspector.tokenFile('admin'), 'utf8').trim();
    const post = ['POST /inspector/ticket HTTP/1.1', 'Content-Length: 64'];
    const strange = await ask(port, [...post, `Host: evil.example:${port}`], token);
    expect(statusOf(strange)).toBe(421);
    const foreign = [`Host: localhost:${port}`, 'Origin: http://evil.example'];
    expect(statusOf(await ask(port, [...post, ...foreign], token))).toBe(403);
    const bare = new Raw(port);
    bare.send(`${handshake(port, [], '/inspector/inspect').join('\r\n')}\r\n\r\n`);
    await bare.closed;
    expect(statusOf(bare.text)).toBe(401);
    await inspector.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

test('mount - an inspector that listens at ::1 is found there', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const names = [`localhost:${port}`];
  await using inspector = await inspect(system, {
    directory: join(directory, 'six'),
    host: '::1',
    names,
  });
  server.on('request', inspector.mount('/inspector').request);
  const answer = await fetch(`http://localhost:${port}/inspector/ticket`, { method: 'POST' });
  expect(answer.status).toBe(401);
  server.closeAllConnections();
  server.close();
});

test('mount - an answer that is cut off is cut off for who asked, too', async () => {
  const cut = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('some', () => response.destroy());
  }).listen(0, '127.0.0.1');
  const server = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(cut, 'listening'), once(server, 'listening')]);
  server.on('request', mountOf('127.0.0.1', (cut.address() as AddressInfo).port, '/i').request);
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/i/x`);
  await expect(answer.text()).rejects.toThrow();
  for (const each of [cut, server]) {
    each.closeAllConnections();
    each.close();
  }
});

test('mount - a prefix that is none is refused in words', async () => {
  await using inspector = await inspect(system, { directory: join(directory, 'prefix') });
  for (const prefix of ['', '/', 'inspector', '/a b', '/a/', '/a?x']) {
    expect(() => inspector.mount(prefix)).toThrow('expected a path such as /inspector');
  }
});
