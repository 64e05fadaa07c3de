/** The inspector that a host opens: when its port is free, and without any say in whether it leads. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type System, start } from 'ringmaster';
import type { Params } from 'ringmaster/drivers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { InspectorPlace } from '../../src/host/index.ts';
import { Client } from '../inspector/client.ts';

const built = new URL('../../dist/host/fleet-inspector.js', import.meta.url).href;
const { FleetInspector } = (await import(
  built
)) as typeof import('../../src/host/fleet-inspector.ts');

let directory = '';
let system: System;
let troubles: string[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rm-beside-'));
  system = await start({ threads: 0 });
  troubles = [];
});
afterEach(async () => {
  await system.close();
  rmSync(directory, { recursive: true });
});

/** Beside a host whose methods say what they were asked. */
function beside(port: number) {
  const asked: string[] = [];
  const answers = (name: string, answer: unknown) => async (_: Params) => {
    asked.push(name);
    return answer;
  };
  const fleet = { fleet: 'shop', isFrozen: false, revision: 'r', services: [] };
  const inspector = new FleetInspector({
    host: { system } as never,
    methods: { 'Fleet.list': answers('Fleet.list', fleet) },
    directory,
    port,
    file: {},
    trouble: (what) => troubles.push(what),
  });
  return { inspector, asked };
}

const openPlace = (place: InspectorPlace) => {
  if (!place.isOpen) throw new Error(`it is not open: ${place.why}`);
  return { url: place.socket, tokenFile: (role: 'viewer') => place.tokens[role] } as never;
};

test('fleet inspector - a port that is taken is tried until it is free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { inspector, asked } = beside(port);
  await inspector.open();
  expect(inspector.where()).toMatchObject({ isOpen: false, isWanted: true });
  expect(troubles).toEqual([expect.stringMatching(/^--inspect \d+: the port is taken/)]);
  server.close();
  while (!inspector.where().isOpen) await new Promise((resolve) => setImmediate(resolve));
  expect(inspector.where()).toMatchObject({ page: `http://127.0.0.1:${port}/` });
  const client = await Client.connect(openPlace(inspector.where()), 'viewer');
  expect(await client.ask('Fleet.list')).toMatchObject({ fleet: 'shop' });
  expect(asked).toEqual(['Fleet.list']);
  // What this host does not have is the server's fault, and told to nobody.
  expect((await client.answer('Fleet.top')).error?.name).toBe('internal');
  expect(troubles.at(-1)).toContain('Fleet.top is no method that the inspector may ask');
  await client.close();
  await inspector.close();
});

test('fleet inspector - one that cannot be opened says why, and the host goes on', async () => {
  const { inspector } = beside(0);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'no directory');
  const error = await inspector.open().catch((why: Error) => why);
  inspector.failed(error as Error);
  expect(inspector.where()).toMatchObject({
    isOpen: false,
    why: expect.stringContaining('RM_INSPECT_TOKEN'),
  });
  expect(troubles).toHaveLength(1);
  await inspector.close();
});
