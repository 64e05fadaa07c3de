/** A port that somebody else has: it is opened when it is free, and until then nobody waits for it. */
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { openPort } from '../../../src/drivers/host/open-port.ts';
import { listenLocally } from '../../../src/drivers/local-port.ts';

test('open port - one that is taken is said, and opened when it is free', async () => {
  const other = createServer();
  const port = await listenLocally(other, 0);
  const server = createServer((_, answer) => void answer.end('here'));
  const opened = new Promise<void>((resolve) => void server.once('listening', resolve));
  const told: string[] = [];
  const open = (): Promise<unknown> => listenLocally(server, port);
  const stop = await openPort(open, (why) => told.push(why));
  expect([server.listening, told]).toEqual([false, [expect.stringContaining('tried again')]]);
  other.close();
  await opened;
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
  stop();
  server.close();
});

test("open port - what else is wrong is the caller's to know, also when it comes later", async () => {
  const wrong = (why: string) => () => Promise.reject(new Error(why));
  await expect(openPort(wrong('EACCES'), () => undefined)).rejects.toThrow('EACCES');
  const told: string[] = [];
  const errors = ['listen EADDRINUSE', 'listen EADDRINUSE', 'EACCES'];
  const open = () => Promise.reject(new Error(errors.shift()));
  await new Promise<void>((resolve) => {
    void openPort(open, (why) => {
      told.push(why);
      if (why === 'EACCES') resolve();
    });
  });
  expect(told).toHaveLength(2);
  expect(errors).toEqual([]);
});
