/** The connection is lost while a view waits for an answer: what it shows, and what is typed there, stays. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type System, start } from 'ringmaster';
import { type Inspector, inspect } from 'ringmaster/inspector';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BrowserRig } from './rig.ts';

const rig = new BrowserRig();
let directory = '';
let system: System;
let inspector: Inspector;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-lost-'));
  system = await start({ threads: 2 });
  inspector = await inspect(system, { directory });
  await rig.open();
});
afterAll(async () => {
  await rig.close();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});

test('lost - what is shown stays when the connection is lost before the next answer', async () => {
  const url = `http://localhost:${inspector.port}/`;
  const page = await rig.enter({ url, tokenFile: inspector.tokenFile('viewer') });
  // A token is kept once the server has greeted.
  await page.getByText('Live', { exact: true }).waitFor();
  let asked = 0;
  // The second question is not passed on: nobody answers it, and the line is cut.
  await page.routeWebSocket(/inspect$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { method } = JSON.parse(String(message)) as { readonly method: string };
      if (method !== 'System.figures' || ++asked !== 2) server.send(message);
      else void socket.close({ code: 1001, reason: 'cut' });
    });
  });
  // Nobody is let in again.
  await page.reload();
  await page.goto(`${url}#/threads`);
  const rings = page.getByRole('table').filter({ hasText: '%' });
  await rings.first().waitFor();
  await page.route('**/ticket', (route) => route.abort());
  await page.getByText('What you see is as it was then').waitFor();
  expect(asked).toBe(2);
  expect(await rings.count()).toBeGreaterThan(0);
  expect(await page.getByText('the connection was lost').count()).toBe(0);
  rig.forgive(/ERR_FAILED/);
  await page.close();
});
