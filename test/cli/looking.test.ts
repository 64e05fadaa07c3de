/** Commands that look at any inspector by its address: `trace`, and `inspect --mcp` as a client sees it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type Ref, type System, start } from 'ringmaster';
import { type Inspector, inspect, type Role } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toolsOf } from '../../src/cli/mcp/tools.ts';
import { METHODS } from '../../src/inspector/protocol/schema.ts';
import { Keeper } from '../inspector/programs/keeper.mjs';
import { CommandRig } from './command-rig.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let directory = '';
let system: System;
let inspector: Inspector;
let rig: CommandRig;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-looking-'));
  system = await start();
  inspector = await inspect(system, { directory });
  rig = new CommandRig();
});
afterAll(async () => {
  await rig.end();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});

const address = (role: Role): readonly string[] => [
  '--url',
  inspector.url,
  '--token-file',
  inspector.tokenFile(role),
];

/** Resolves when somebody traces: the actor is then told something. */
async function tracedThen(path: string, what: () => void): Promise<void> {
  const cell = (): unknown => system.lookup(path);
  expect(cell()).not.toBeNull();
  let isTraced = false;
  const { trace } = system;
  system.trace = (...args) => {
    isTraced = true;
    return trace.apply(system, args);
  };
  while (!isTraced) await new Promise((resolve) => setImmediate(resolve));
  system.trace = trace;
  what();
}

describe('trace', () => {
  test('trace - messages are lines, and it ends by its budget', async () => {
    const ref = (await system.spawn(Keeper, { id: 'traced' })) as unknown as Ref<{
      keep: (text: string) => void;
      crash: (text: string) => void;
    }>;
    const told = tracedThen('/user/traced', () => {
      ref.tell('keep', 'x');
      ref.tell('crash', 'y');
    });
    const run = rig.run('trace', '/user/traced', '--max', '2', ...address('operator'));
    await told;
    const { code, out, err } = await run;
    expect([code, err]).toEqual([0, expect.stringContaining('as many messages as were asked for')]);
    const [first = '', second = ''] = out.split('\n');
    expect(first).toMatch(/ s +[\d.]+ ms +\d+ waiting {2}keep$/);
    expect(second).toMatch(/crash {2}failed: Error: told y, kept x$/);
  });

  test('trace - what cannot be traced is said with its cause, and its exit code', async () => {
    const nobody = await rig.run('trace', '/user/nobody', ...address('operator'));
    expect(nobody).toMatchObject({
      code: 6,
      err: expect.stringContaining('no actor /user/nobody'),
    });
    const viewer = await rig.run('trace', '/user/traced', ...address('viewer'));
    expect(viewer).toMatchObject({
      code: 6,
      err: expect.stringContaining('needs the role operator'),
    });
    const half = await rig.run('trace', '/user/traced', '--url', inspector.url);
    expect(half).toMatchObject({ code: 2, err: expect.stringContaining('go together') });
    const wrong = await rig.run('trace', '/user/traced', '--max', '0', ...address('operator'));
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('--max is 0') });
    const nowhere = [
      '--url',
      'ws://127.0.0.1:9/inspect',
      '--token-file',
      inspector.tokenFile('viewer'),
    ];
    expect(await rig.run('trace', '/user/traced', ...nowhere)).toMatchObject({ code: 5 });
  });
});

describe('tools of a model', () => {
  test('tools of a model - only what looks is one, whatever the token may do', () => {
    const names = toolsOf(Object.keys(METHODS)).map(({ name }) => name);
    expect(names).toContain('Actors_list');
    expect(names).toContain('Service_get');
    for (const name of names)
      expect(METHODS[name.replace('_', '.') as 'Actors.list'].role).toBe('viewer');
    expect(names.some((name) => /^(Topics|Trace)_|System_hello|stop|verb/.test(name))).toBe(false);
  });

  test('tools of a model - a client lists them, calls them, and is told what is wrong', async () => {
    await system.spawn(Keeper, { id: 'seen-by-a-model' });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, 'inspect', '--mcp', ...address('viewer')],
    });
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport);
    const { tools } = await client.listTools();
    // Without a fleet there are none of its tools.
    expect(tools.map(({ name }) => name)).toEqual([
      'System_figures',
      'Actors_list',
      'DeadLetters_last',
    ]);
    const listed = await client.callTool({ name: 'Actors_list', arguments: { contains: 'model' } });
    const [{ text }] = listed.content as [{ text: string }];
    expect(JSON.parse(text).actors[0].path).toBe('/user/seen-by-a-model');
    const wrong = await client.callTool({ name: 'Actors_list', arguments: { limit: 0 } });
    expect(wrong).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('limit') }],
    });
    const none = await client.callTool({
      name: 'Actors_stop',
      arguments: { path: '/user/traced' },
    });
    expect(none).toMatchObject({ isError: true });
    await client.close();
  });
});
