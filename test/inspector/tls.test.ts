/**
 * An inspector with TLS, as one has to be that others can reach. The certificate beside it was made for this
 * test and is good for nothing else: openssl req -x509 -newkey ec … -subj /CN=localhost.
 */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from 'ringmaster';
import { inspect, PROTOCOL } from 'ringmaster/inspector';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Raw } from './raw.ts';

const pem = (name: string): string =>
  readFileSync(new URL(`./programs/localhost.${name}.pem`, import.meta.url), 'utf8');

test('TLS - a program comes in, what speaks no TLS does not, and counts all the same', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ringmaster-inspect-'));
  const system = await start({ threads: 1 });
  const inspector = await inspect(system, {
    directory,
    host: '0.0.0.0',
    tls: { key: pem('key'), cert: pem('cert') },
  });
  const { port } = inspector;
  // It can be called there: of all addresses none is a name that it takes, and no certificate has them.
  expect(inspector.url).toBe(`wss://localhost:${port}/inspect`);
  const headers = {
    authorization: `Bearer ${readFileSync(inspector.tokenFile('viewer'), 'utf8').trim()}`,
  };
  const open = (scheme: string): WebSocket =>
    new WebSocket(`${scheme}://localhost:${port}/inspect`, PROTOCOL.name, {
      headers,
      ca: pem('cert'),
    });

  const socket = open('wss');
  await once(socket, 'open');
  socket.send('{"id":1,"method":"System.hello","params":{"protocol":{"major":1,"minor":0}}}');
  const [message] = await once(socket, 'message');
  expect(JSON.parse(String(message)).result.role).toBe('viewer');

  const plain = open('ws');
  await expect(once(plain, 'open')).rejects.toThrow();
  // They count before they have said anything: one more than an address may have is ended at once.
  const idle = Array.from({ length: 80 }, () => new Raw(port));
  await Promise.race(idle.slice(-16).map(({ closed }) => closed));
  expect(socket.readyState).toBe(WebSocket.OPEN);
  for (const raw of idle) await raw.end();
  socket.terminate();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});
