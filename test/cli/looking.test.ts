/** Commands that look at any inspector by its address: `trace`, and `inspect --mcp` as a client sees it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { type Ref, type System, start } from 'ringmaster';
import { type Inspector, inspect, type Role } from 'ringmaster/inspector';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { toolsOf } from '../../src/cli/mcp/tools.ts';
import { testOf } from '../../src/cli/replay/emit-test.ts';
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

describe('replay', () => {
  let payloads: Inspector;
  beforeAll(async () => {
    payloads = await inspect(system, { directory: join(directory, 'payloads'), payloads: true });
  });
  afterAll(() => payloads.close());
  const admin = (): readonly string[] => [
    '--url',
    payloads.url,
    '--token-file',
    payloads.tokenFile('admin'),
  ];

  test('replay - a crash becomes a test, which fails as the actor did', async () => {
    const ref = (await system.spawn(Keeper, { id: 'replayed' })) as unknown as Ref<{
      keep: (text: string) => void;
      crash: (text: string) => void;
    }>;
    const told = tracedThen('/user/replayed', () => {
      ref.tell('keep', 'it is "so"\n');
      ref.tell('crash', 'y');
    });
    const run = rig.run('trace', '/user/replayed', '--record-crash', 'crash.json', ...admin());
    await told;
    expect(await run).toMatchObject({ code: 0, err: expect.stringContaining('2 messages are in') });
    expect(statSync(join(rig.folder, 'crash.json')).mode & 0o777).toBe(0o600);
    const shown = await rig.run('replay', 'crash.json');
    expect(shown.out).toMatch(/failed with Error: told y, kept it is "so"/);
    expect(shown.out).toMatch(/all that it was told since it began:/);
    // Where the packages are found that it imports.
    const folder = fileURLToPath(new URL('../../build/replay/', import.meta.url));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // Else this repository's would be found.
    writeFileSync(join(folder, 'vitest.config.mjs'), 'export default {};\n');
    const file = join(folder, 'keeper.test.mjs');
    expect((await rig.run('replay', 'crash.json', '--emit-test', file)).code).toBe(0);
    const again = await rig.run('replay', 'crash.json', '--emit-test', file);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('EEXIST') });
    const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [vitest, 'run', '--root', folder, '--no-color'],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(`${stdout}${stderr}`).toMatch(/Keeper - handles what it once failed by: Error: told y/);
    expect(`${stdout}${stderr}`).toMatch(/1 failed \(1\)/);
  });

  test('replay - what is no recording, or cannot be written as a test, is said', async () => {
    writeFileSync(join(rig.folder, 'none.json'), '{"format":"other"}');
    const none = await rig.run('replay', 'none.json');
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('no recording') });
    const actor = { url: 'file:///a/b.mjs', name: 'A', args: 'undefined' };
    const crash = { format: 'ringmaster-crash-1', path: '/a', isWhole: false, error: 'E' } as const;
    const messages = [{ name: 'take', payload: null }];
    expect(() => testOf({ ...crash, actor, messages }, '/a/a.test.mjs')).toThrow(
      'message 1 (take)',
    );
    const text = testOf({ ...crash, actor, messages: [] }, '/a/tests/a.test.mjs');
    expect(text).toContain('import { A } from "../b.mjs"');
    expect(text).toContain('in the middle of its life');
  });
});

describe('a server that is no inspector, or none any more', () => {
  /** What it says to each message. */
  const answered = async (
    heard: (socket: WebSocket, text: string) => void,
    ...verb: readonly string[]
  ) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => {
      socket.on('message', (data) => heard(socket, String(data)));
    });
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = ['--token-file', inspector.tokenFile('viewer')];
    const asked = verb.length === 0 ? ['trace', '/user/a'] : verb;
    const ended = await rig.run(...asked, '--url', url, ...token);
    server.close();
    return ended;
  };

  test('a server - garbage is said to be none', async () => {
    for (const garbage of ['{', 'null', Buffer.from('RMC1')]) {
      const { code, err } = await answered((socket) => socket.send(garbage));
      expect([code, err]).toEqual([5, expect.stringContaining('is no inspector')]);
      expect(err).not.toContain('    at ');
    }
  });

  test.each([
    ['get', 'web', '-o', 'name'],
    ['get', 'web', '-o', 'ndjson'],
    ['get', 'web', '-o', 'yaml'],
    ['ring', 'web'],
    ['ring', 'web', '--what-if', '1'],
    ['why', 'web'],
    ['diagnose'],
    ['describe', 'web'],
  ])('a server - a terminal obeys nothing of what it says (%s %s %s %s)', async (...verb) => {
    const evil = 'x\u001b]0;owned\u0007\u009b2J';
    const finding = { about: evil, what: evil, evidence: [evil], next: evil };
    const result = {
      methods: [],
      ...{ findings: [finding], decisions: [{ line: evil, inputs: [], alternatives: [evil] }] },
      ...{ instances: [{ instance: evil, state: evil }], revisions: [{ id: evil }], failures: [] },
      ...{ algorithm: evil, members: [], before: evil, summary: { service: evil, attention: [] } },
    };
    const say =
      (answer: object) =>
      (socket: WebSocket, text: string): void =>
        socket.send(JSON.stringify({ id: JSON.parse(text).id, ...answer }));
    const told = await answered(say({ result }), ...verb);
    const refused = await answered(
      (socket, text) => {
        const isHello = JSON.parse(text).method === 'System.hello';
        say(isHello ? { result } : { error: { name: 'refused', message: evil } })(socket, text);
      },
      ...verb,
    );
    expect([told.out, refused.err].every((said) => said.includes('owned'))).toBe(true);
    expect(`${told.out}${told.err}${refused.err}`).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test('a server - one that hangs up on a trace has not ended it', async () => {
    const { code, err } = await answered((socket, text) => {
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      socket.send(JSON.stringify({ id, result: {} }));
      if (method === 'Trace.start') socket.close(1001, 'going');
    });
    expect([code, err]).toEqual([5, expect.stringContaining('has hung up (1001 going)')]);
  });

  test('a server - an address that is none is said so, and no token is shown', async () => {
    const file = join(directory, 'strange.token');
    writeFileSync(file, 'sec\u0001ret\u4e2d');
    const nowhere = ['--url', 'nonsense', '--token-file', inspector.tokenFile('viewer')];
    const wrong = await rig.run('trace', '/user/a', ...nowhere);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('no socket to nonsense') });
    const strange = ['--url', inspector.url, '--token-file', file];
    const refused = await rig.run('trace', '/user/a', ...strange);
    expect(refused.code).toBe(2);
    expect(refused.err).not.toContain('ret');
  });
});

describe('diagnose', () => {
  test('diagnose - of any inspector: nothing, then what is wrong, and what next', async () => {
    const another = await start();
    const other = await inspect(another, { directory: join(directory, 'diagnosed') });
    const where = ['--url', other.url, '--token-file', other.tokenFile('viewer')];
    expect(await rig.run('diagnose', ...where)).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing is wrong'),
    });
    const ref = (await another.spawn(Keeper, { id: 'looping' })) as unknown as Ref<{
      crash: (text: string) => void;
    }>;
    for (let i = 0; i < 3; i++) await ref.ask('crash', `${i}`).catch(() => undefined);
    // Told a moment later.
    let told = await rig.run('diagnose', '--json', ...where);
    while (told.code === 0) told = await rig.run('diagnose', '--json', ...where);
    const { findings } = JSON.parse(told.out);
    expect([told.code, findings]).toEqual([
      3,
      expect.arrayContaining([
        {
          about: '/user/looping',
          what: 'it crashed 3 times in a minute',
          evidence: expect.arrayContaining([expect.stringContaining('told 2, kept')]),
          next: `ringmaster trace /user/looping ${where.join(' ')}`,
        },
      ]),
    ]);
    await other.close();
    await another.close();
  });

  test('diagnose - a fleet where there is none is said, and so is half an address', async () => {
    for (const verb of [['get'], ['why', 'web'], ['describe', 'web'], ['ring', 'web'], ['top']]) {
      const { code, err } = await rig.run(...verb, ...address('viewer'));
      expect([verb, code, err]).toEqual([verb, 6, expect.stringMatching(/no fleet/)]);
    }
    const half = await rig.run('diagnose', '--url', inspector.url);
    expect(half).toMatchObject({ code: 2, err: expect.stringContaining('go together') });
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
      'System_diagnose',
      'Actors_list',
      'Actors_measure',
      'DeadLetters_last',
      'Metrics_list',
      'Metrics_read',
    ]);
    const actors = { name: 'ringmaster_actors', labels: { thread: '0' } };
    const read = await client.callTool({ name: 'Metrics_read', arguments: actors });
    const [{ text: metric }] = read.content as [{ text: string }];
    expect(JSON.parse(metric)).toMatchObject({ type: 'gauge', matching: 1 });
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

  test('tools of a model - an inspector that hangs up ends the server, with why', async () => {
    const other = await inspect(system, { directory: join(directory, 'other') });
    const where = ['--url', other.url, '--token-file', other.tokenFile('viewer')];
    const child = spawn(process.execPath, [MAIN, 'inspect', '--mcp', ...where]);
    let err = '';
    child.stderr.on('data', (piece) => {
      err += piece;
    });
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    };
    child.stdin.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`,
    );
    await once(child.stdout, 'data');
    const ended = once(child, 'close');
    await other.close();
    expect(await ended).toEqual([5, null]);
    expect(err).toContain('the inspector has hung up (1001 the inspector ends)');
  });
});
