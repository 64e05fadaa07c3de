/**
 * A proxy for B21 in front of one instance, by name: our router host; npm `http-proxy` with kept
 * connections, its fastest setting; or the two libraries that our router stands on, with nothing between
 * them: what no router made of them can beat. Says its port, ends with its parent.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { routerSocket, startRouter, type TableMessage } from 'ringmaster/drivers';
import { freePort } from './free-port.ts';

const [kind = '', upstream = ''] = process.argv.slice(2);

function tableOf(port: number): TableMessage {
  const slot = 'shop/eu/a/0';
  return {
    do: 'table',
    epoch: 1,
    service: 'shop',
    config: {
      port,
      host: null,
      path: null,
      key: null,
      timeout: 30_000,
      retries: { budget: 0.2, max: 1 },
      kind: 'stateless',
      ring: null,
      replicas: 1,
    },
    ring: null,
    routes: {
      number: 1,
      weights: [],
      routes: [
        {
          slot,
          instance: `${slot}#1`,
          revision: 'r',
          isBaseline: false,
          zone: 'a',
          port: Number(upstream),
        },
      ],
    },
  };
}

async function ours(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'rm-b21-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  await startRouter({ directory, name: 'bench' });
  const port = await freePort();
  const socket = createConnection(routerSocket(directory));
  socket.write(`${JSON.stringify({ do: 'hello', epoch: 1 })}\n${JSON.stringify(tableOf(port))}\n`);
  let said = '';
  // A brain that reads, as in life: windows are sent.
  while (!said.includes('"knows"')) {
    const [piece] = await once(socket, 'data');
    said += piece;
  }
  socket.resume();
  return port;
}

async function httpProxy(): Promise<number> {
  const { default: library } = await import('http-proxy');
  const agent = new Agent({ keepAlive: true });
  const target = { host: '127.0.0.1', port: Number(upstream) };
  const proxy = library.createProxyServer({ target, agent, xfwd: true });
  proxy.on('error', () => process.exit(1));
  const server = createServer((request, response) => proxy.web(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Heads and bodies passed on as they are: no choice, no limits, no repeats, no figures. */
async function librariesAlone(): Promise<number> {
  const { Pool } = await import('undici');
  const pool = new Pool(`http://127.0.0.1:${upstream}`, { pipelining: 1 });
  const server = createServer((request, response) => {
    const { url = '/', method = 'GET', rawHeaders } = request;
    pool.dispatch(
      { path: url, method, headers: rawHeaders },
      {
        onRequestStart: () => undefined,
        onResponseStart: ({ rawHeaders: head }, status) =>
          void response.writeHead(status, (head as Buffer[]).map(String)),
        onResponseData: (_controller, piece) => void response.write(piece),
        onResponseEnd: () => void response.end(),
        onResponseError: () => void response.destroy(),
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const KINDS: Readonly<Record<string, () => Promise<number>>> = {
  ours,
  'http-proxy': httpProxy,
  libraries: librariesAlone,
};

process.on('disconnect', () => process.exit(0));
process.send?.({ port: await KINDS[kind]?.() });
