/** What must not take the agent down or deceive it: full disks, requests at once, other people's beats. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Agent, type AgentClient, connectAgent, startAgent } from 'ringmaster/agent';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentState } from '../../src/agent/agent-state.ts';
import { FORGOTTEN_OUTPUTS_MAX, OutputFolder } from '../../src/agent/output-folder.ts';
import { childSpec, markedBy, Rig } from './rig.ts';

/** A program that goes on until it is ended. */
const FOREVER = 'process.getBuiltinModule("node:net").createServer().listen(0)';
const node = (code: string) => ({ command: process.execPath, args: ['-e', code] });

describe('state', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rm-agent-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('agent - what cannot be written is not obeyed, nor remembered as started', () => {
    const folder = join(directory, 'gone');
    mkdirSync(folder);
    const said: string[] = [];
    const state = new AgentState(join(folder, 'agent.json'), (text) => said.push(text));
    rmSync(folder, { recursive: true });
    const record = { id: 'a', spec: 's', pid: null, startTicks: null, exit: null };
    expect(() => state.put(record, 'durable')).toThrow(/ENOENT/);
    expect(state.children.size).toBe(0);
    // The second time, too: it is still not on disk.
    for (let i = 0; i < 2; i++) expect(() => state.pass(5)).toThrow(/ENOENT/);
    expect(state.epoch).toBe(0);
    // A child that runs is remembered, and written when that is possible again.
    state.put(record, 'now');
    state.flush();
    expect(said).toEqual([expect.stringContaining('cannot be written')]);
    mkdirSync(folder);
    state.flush();
    const again = new AgentState(join(folder, 'agent.json'), () => undefined);
    expect([...again.children.keys()]).toEqual(['a']);
  });

  test('agent - a disk that takes only a part leaves the old state whole', () => {
    const path = join(directory, 'agent.json');
    writeFileSync(path, 'old');
    const module = new URL('../../dist/agent/replaced-file.js', import.meta.url);
    const code = `import { replaceFile } from ${JSON.stringify(module.href)};
      replaceFile(${JSON.stringify(path)}, 'x'.repeat(100_000), false);`;
    const command = 'ulimit -f 16; exec "$0" --input-type=module -e "$1"';
    const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath, code]);
    expect(status).toBe(1);
    expect(String(stderr)).toContain('EFBIG');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(existsSync(`${path}.next`)).toBe(false);
  });
});

describe('output', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rm-agent-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const has = (id: string): boolean => existsSync(join(directory, `${id}.log`));

  test('agent - output of forgotten children is kept within bounds, the last of it', () => {
    const folder = new OutputFolder(directory);
    const ids = Array.from({ length: FORGOTTEN_OUTPUTS_MAX + 3 }, (_, index) => `child-${index}`);
    for (const id of ['runs', ...ids]) folder.open(id, undefined).close();
    writeFileSync(join(directory, 'child-0.log.1'), 'before');
    for (const id of ids) folder.forget(id);
    expect(ids.filter(has)).toEqual(ids.slice(3));
    expect(existsSync(join(directory, 'child-0.log.1'))).toBe(false);
    // Started again under its name: no longer forgotten.
    folder.open('child-3', undefined).close();
    folder.forget('other');
    expect([has('child-3'), has('child-4'), has('runs')]).toEqual([true, true, true]);
  });

  test('agent - the next one removes what its predecessor has left', () => {
    const ids = Array.from({ length: FORGOTTEN_OUTPUTS_MAX + 2 }, (_, index) => `child-${index}`);
    ids.forEach((id, index) => {
      const path = join(directory, `${id}.log`);
      writeFileSync(path, 'x');
      utimesSync(path, 1000 + index, 1000 + index);
    });
    new OutputFolder(directory).sweep((id) => id === 'child-0');
    expect(ids.filter(has)).toEqual(['child-0', ...ids.slice(2)]);
  });
});

describe('processes', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.begin();
    await rig.up();
  });
  afterEach(() => rig.end());

  test('agent - acts on a child that is just being started wait for it', async () => {
    const socket = createConnection(rig.socket);
    const start = { do: 'start', epoch: 1, child: 'one', spec: childSpec() };
    const signal = { do: 'signal', epoch: 1, child: 'one', signal: 'SIGTERM' };
    const acts = [start, start, { do: 'list' }, signal];
    const lines = acts.map((act, id) => JSON.stringify({ ...act, id }));
    // One piece: the agent reads them all before the process runs.
    socket.write(`${lines.join('\n')}\n`);
    const answers = new Map<number, unknown>();
    for await (const line of createInterface({ input: socket })) {
      const { id, ok, failure } = JSON.parse(line);
      if (id !== undefined) answers.set(id, ok ?? failure);
      if (answers.size === 4) break;
    }
    socket.destroy();
    expect(answers.get(0)).toMatchObject({ status: 'running', pid: expect.any(Number) });
    expect(answers.get(1)).toEqual(answers.get(0));
    expect(answers.get(2)).toMatchObject([{ status: 'running' }]);
    expect(answers.get(3)).toBe(true);
  });

  test('agent - what a child leaves behind is not taken for the child', async () => {
    const options = "{ detached: true, stdio: 'ignore' }";
    const daemon = `process.execPath, ['-e', '${FOREVER}'], ${options}`;
    const spec = node(`require('node:child_process').spawn(${daemon}).unref()`);
    const started = await rig.order('start', { epoch: 1, child: 'job', spec });
    await rig.said.next((one) => one.ended?.id === 'job');
    rig.agent?.kill('SIGKILL');
    await rig.exits.next(() => true);
    await rig.begin();
    await rig.said.next(({ reconnected }) => reconnected === true);
    const { pid } = started.ok as { readonly pid: number };
    expect(await rig.list()).toMatchObject([{ id: 'job', status: 'exited', pid }]);
  });

  test('agent - an adopted child keeps the bound of its output', async () => {
    const spec = { ...childSpec('pour'), outputBytesMax: 16_384 };
    await rig.order('start', { epoch: 1, child: 'pours', spec });
    rig.agent?.kill('SIGKILL');
    await rig.exits.next(() => true);
    await rig.begin();
    await rig.said.next(({ reconnected }) => reconnected === true);
    expect(await rig.list()).toMatchObject([{ id: 'pours', status: 'running', isAdopted: true }]);
    // It writes 4 KiB when it is told to, far below the bound that holds where nothing else is said.
    const path = join(rig.directory, 'output', 'pours.log');
    while (!existsSync(`${path}.1`)) {
      await rig.order('signal', { epoch: 1, child: 'pours', signal: 'SIGUSR2' });
    }
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(8192);
  });

  test('agent - a child cannot have the name of the brain', async () => {
    const start = { epoch: 1, child: 'brain', spec: childSpec() };
    expect((await rig.order('start', start)).code).toBe('RM_AGENT_CHILD');
  });
});

describe('inside a program', () => {
  const words: string[] = [];
  let hear: () => void = () => undefined;
  let directory: string;
  const begin = (startMs: number): Promise<Agent> =>
    startAgent({
      directory,
      brain: node(FOREVER),
      config: { startMs },
      say: (text) => {
        words.push(text);
        hear();
      },
      ended: () => undefined,
    });
  const reads = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      hear = () => words.some((line) => pattern.test(line)) && resolve();
      hear();
    });
  let agent: Agent;
  let tool: AgentClient;
  beforeEach(() => {
    words.length = 0;
    directory = mkdtempSync(join(tmpdir(), 'rm-agent-'));
  });
  afterEach(() => {
    tool.close();
    agent.close();
    const { agent: name } = JSON.parse(readFileSync(join(directory, 'agent.json'), 'utf8'));
    for (const pid of markedBy(name)) process.kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  test('agent - a beat of somebody else does not keep a hung brain alive', async () => {
    agent = await begin(300);
    tool = await connectAgent({ socket: agent.socket });
    expect(await tool.beat()).toBe(false);
    await reads(/the brain ended: starting: no sign of life/);
  });

  test('agent - one that was closed starts no other brain', async () => {
    const first = await begin(30_000);
    tool = await connectAgent({ socket: first.socket });
    const { pid } = (await tool.status()).brain;
    tool.close();
    first.close();
    process.kill(pid as number, 'SIGKILL');
    // Its parent has heard of its end once there is nothing left of it.
    while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
    agent = await begin(30_000);
    tool = await connectAgent({ socket: agent.socket });
    const { brain } = await tool.status();
    const state = JSON.parse(readFileSync(join(directory, 'agent.json'), 'utf8'));
    expect(markedBy(state.agent)).toEqual([brain.pid]);
  });

  test('agent - an event that cannot travel is refused where it is noted', async () => {
    agent = await begin(30_000);
    tool = await connectAgent({ socket: agent.socket });
    for (const event of [1n, undefined, 'x'.repeat(5000)]) {
      expect(() => tool.note(event)).toThrow(/RM_AGENT_MESSAGE/);
    }
  });
});
