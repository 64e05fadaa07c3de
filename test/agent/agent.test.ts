/** The agent with real processes: who dies, who goes on, who finds whom again. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { type ChildReport, connectAgent, startAgent } from 'ringmaster/agent';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { childSpec, Rig, type RigOptions } from './rig.ts';

let rig: Rig;
const begin = async (options: RigOptions = {}): Promise<number> => {
  rig = new Rig(options);
  await rig.begin();
  return await rig.up();
};
afterEach(() => rig.end());

const isRunning = (pid: number | null): boolean => {
  try {
    // A process that has ended and was not reaped has no command line.
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
};
const endOf = (id: string): Promise<ChildReport> =>
  rig.said.next((one) => one.ended?.id === id).then(({ ended }) => ended as ChildReport);

describe('brain', () => {
  const DEATHS: readonly [string, () => void, RegExp, RigOptions?][] = [
    ['kill -9', () => undefined, /signal SIGKILL/],
    ['an exit code', () => rig.cast('exit', { code: 3 }), /exit code 3/],
    ['an exception that nobody catches', () => rig.cast('throw'), /exit code 1/],
    [
      'no memory left',
      () => rig.cast('memory'),
      /signal SIG(ABRT|TRAP|ILL)/,
      { nodeFlags: ['--max-old-space-size=24'] },
    ],
    [
      'a main thread that hangs',
      () => rig.cast('hang'),
      /no sign of life for \d+ ms \(signal SIGKILL\)/,
      { flags: ['--stall-after-ms', '700'] },
    ],
  ];

  test.each(DEATHS)('agent - the brain comes back after %s', async (name, act, reason, options) => {
    // Guards: S5.
    const first = await begin(options);
    await rig.order('note', { event: { what: 'the last thing' } });
    await rig.order('start', { epoch: 1, child: 'one', spec: childSpec() });
    const [child] = await rig.list();
    act();
    if (name === 'kill -9') process.kill(first, 'SIGKILL');
    const second = await rig.up();
    expect(second).not.toBe(first);
    expect(await rig.words.next((line) => line.includes('the brain ended'))).toMatch(reason);
    expect(rig.reports()).toMatchObject([{ pid: first, reason: expect.stringMatching(reason) }]);
    expect(rig.reports()[0]?.heapLimitBytes).toBeGreaterThan(1e7);
    // The child has not noticed.
    expect(await rig.list()).toEqual([child]);
    expect(isRunning(child?.pid ?? null)).toBe(true);
  });

  test('agent - a crash report has the end of the output and the last events', async () => {
    const pid = await begin();
    await rig.order('note', { event: { what: 'a' } });
    // A beat carries the events; the second answer comes after one.
    await rig.order('note', { event: { what: 'b' } });
    rig.cast('throw');
    await rig.up();
    const [report] = rig.reports();
    expect(report).toMatchObject({ pid, exitCode: 1, signal: null });
    expect(report?.output).toContain('a bug of the brain');
    expect(JSON.stringify(report?.events)).toMatch(/^\[(\{"what":"a"\}(,\{"what":"b"\})?)?\]$/);
  });

  test('agent - a crash loop ends, says so, and can be ordered up again', async () => {
    rig = new Rig({ atOnce: 'exit', flags: ['--restarts-max', '2'] });
    await rig.begin();
    const words = await rig.words.next((line) => line.includes('crash loop'));
    expect(words).toContain('3 ends within 60000 ms, the last: exit code 3');
    const tool = await connectAgent({ socket: rig.socket });
    expect((await tool.status()).brain).toMatchObject({
      status: 'looping',
      pid: null,
      restarts: 2,
    });
    await tool.restartBrain();
    expect((await tool.status()).brain.restarts).toBe(3);
    tool.close();
  });

  test('agent - SIGTERM ends the brain and then the agent; children go on', async () => {
    await begin();
    await rig.order('start', { epoch: 1, child: 'one', spec: childSpec() });
    const [child] = await rig.list();
    rig.agent?.kill('SIGTERM');
    await rig.said.next(({ heard }) => heard === 'SIGTERM');
    expect(await rig.exits.next(() => true)).toBe(0);
    expect(isRunning(child?.pid ?? null)).toBe(true);
  });

  test('agent - a brain that ignores SIGTERM is forced by time', async () => {
    const pid = await begin({ atOnce: 'ignore-term', flags: ['--stop-ms', '300'] });
    rig.agent?.kill('SIGTERM');
    await rig.said.next(({ heard }) => heard === 'SIGTERM');
    expect(await rig.exits.next(() => true)).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });

  test('agent - a second SIGTERM is hard', async () => {
    // Guards: S7.
    const pid = await begin({ atOnce: 'ignore-term', flags: ['--stop-ms', '600000'] });
    await rig.order('start', { epoch: 1, child: 'one', spec: childSpec() });
    const [child] = await rig.list();
    rig.agent?.kill('SIGTERM');
    await rig.said.next(({ heard }) => heard === 'SIGTERM');
    rig.agent?.kill('SIGTERM');
    expect(await rig.exits.next(() => true)).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(child?.pid ?? null)).toBe(true);
  });

  test('agent - a brain that ends with 0 ends the agent', async () => {
    await begin();
    rig.cast('exit', { code: 0 });
    expect(await rig.exits.next(() => true)).toBe(0);
  });
});

describe('children', () => {
  beforeEach(() => begin());

  test('agent - the same start twice is one process, also after it has ended', async () => {
    const start = { epoch: 1, child: 'one', spec: childSpec() };
    const answers = await Promise.all([rig.order('start', start), rig.order('start', start)]);
    expect(answers[0]?.ok).toEqual(answers[1]?.ok);
    expect(answers[0]?.ok).toMatchObject({ id: 'one', status: 'running', isAdopted: false });
    expect((await rig.order('start', { ...start, spec: childSpec('other') })).code).toBe(
      'RM_AGENT_CHILD',
    );
    expect((await rig.order('forget', { epoch: 1, child: 'one' })).message).toContain('runs');
    await rig.order('signal', { epoch: 1, child: 'one', signal: 'SIGTERM' });
    expect((await endOf('one')).exit).toEqual({ code: null, signal: 'SIGTERM' });
    expect((await rig.order('start', start)).ok).toMatchObject({ status: 'exited' });
    expect((await rig.order('signal', { epoch: 1, child: 'one', signal: 'SIGTERM' })).ok).toBe(
      false,
    );
    await rig.order('forget', { epoch: 1, child: 'one' });
    expect(await rig.list()).toEqual([]);
  });

  test('agent - an epoch that was deposed starts, signals and forgets nothing', async () => {
    const start = { child: 'one', spec: childSpec() };
    await rig.order('start', { epoch: 5, ...start });
    const acts: [string, Readonly<Record<string, unknown>>][] = [
      ['start', { epoch: 4, child: 'two', spec: childSpec() }],
      ['signal', { epoch: 4, child: 'one', signal: 'SIGKILL' }],
      ['forget', { epoch: 4, child: 'one' }],
    ];
    for (const [what, details] of acts) {
      expect((await rig.order(what, details)).code).toBe('RM_AGENT_FENCED');
    }
    expect(await rig.list()).toMatchObject([{ id: 'one', status: 'running' }]);
    // Also by the next agent: it is on disk.
    rig.agent?.kill('SIGKILL');
    await rig.exits.next(() => true);
    await rig.begin();
    await rig.said.next(({ reconnected }) => reconnected === true);
    expect((await rig.order('signal', { epoch: 4, child: 'one', signal: 'SIGKILL' })).code).toBe(
      'RM_AGENT_FENCED',
    );
    expect((await rig.order('signal', { epoch: 6, child: 'one', signal: 'SIGKILL' })).ok).toBe(
      true,
    );
  });

  test('agent - what cannot be started is an error, and its name stays free', async () => {
    const missing = { command: join(rig.directory, 'missing') };
    const answer = await rig.order('start', { epoch: 1, child: 'one', spec: missing });
    expect(answer).toMatchObject({ code: 'RM_AGENT_CHILD', message: /ENOENT/ });
    expect(
      (await rig.order('start', { epoch: 1, child: 'one', spec: childSpec() })).ok,
    ).toMatchObject({ status: 'running' });
    for (const child of ['../up', '', 'a/b', 'x'.repeat(200)]) {
      const { code } = await rig.order('start', { epoch: 1, child, spec: childSpec() });
      expect(code).toMatch(/RM_AGENT_(CHILD|MESSAGE)/);
    }
  });

  test('agent - output is kept to its end and bounded, whatever a child writes', async () => {
    const spec = { ...childSpec('flood', '4000000'), outputBytesMax: 65_536 };
    await rig.order('start', { epoch: 1, child: 'loud', spec });
    expect((await endOf('loud')).exit).toEqual({ code: 7, signal: null });
    const path = join(rig.directory, 'output', 'loud.log');
    expect(statSync(path).size).toBeLessThanOrEqual(32_768);
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(32_768);
    expect(readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8')).toMatch(
      /the last line\n$/,
    );
  });

  test('agent - what a child leaves running in its group goes with it', async () => {
    await rig.order('start', { epoch: 1, child: 'parent', spec: childSpec('fork') });
    await endOf('parent');
    const output = readFileSync(join(rig.directory, 'output', 'parent.log'), 'utf8');
    const grandchild = Number(/grandchild (\d+)/.exec(output)?.[1]);
    expect(grandchild).toBeGreaterThan(0);
    // The signal was sent before the end was told; the kernel may still be at it.
    while (isRunning(grandchild)) await rig.list();
  });

  test('agent - a new one finds the brain and the children, and sees them end', async () => {
    // Guards: S5.
    const ids = ['stays', 'ends'];
    for (const child of ids) await rig.order('start', { epoch: 1, child, spec: childSpec() });
    const [stays, ends] = await rig.list();
    rig.agent?.kill('SIGKILL');
    await rig.exits.next(() => true);
    process.kill(ends?.pid as number, 'SIGKILL');
    await rig.begin();
    expect(await rig.words.next((line) => line.includes('runs already'))).toContain('pid');
    await rig.said.next(({ reconnected }) => reconnected === true);
    expect(await rig.list()).toEqual([
      { ...stays, isAdopted: true },
      { ...ends, status: 'exited', exit: { code: null, signal: null } },
    ]);
    // The same start is still the same process.
    const again = await rig.order('start', { epoch: 1, child: 'stays', spec: childSpec() });
    expect(again.ok).toMatchObject({ pid: stays?.pid, status: 'running' });
    await rig.order('signal', { epoch: 1, child: 'stays', signal: 'SIGTERM' });
    expect((await endOf('stays')).exit).toEqual({ code: null, signal: null });
  });
});

describe('door', () => {
  test('agent - garbage ends its own connection and disturbs nobody', async () => {
    await begin();
    const garbage = [
      'not json\n',
      '[1,2\n',
      '"text"\n',
      '{"id":1,"do":"start","epoch":-1,"child":"a","spec":{"command":"x"}}\n',
      '{"id":1,"do":"unknown"}\n',
      '{"id":1,"do":"start","epoch":1,"child":"a","spec":{"command":"x","env":{"A":1}}}\n',
      'x'.repeat(2 ** 20 + 1),
    ];
    for (const text of garbage) {
      const answer = await new Promise<string>((resolve) => {
        const socket = createConnection(rig.socket);
        socket.once('data', (data) => {
          socket.destroy();
          resolve(String(data));
        });
        socket.on('error', () => undefined);
        socket.write(text);
      });
      expect(JSON.parse(answer)).toMatchObject({ failure: { code: 'RM_AGENT_MESSAGE' } });
    }
    expect(await rig.list()).toEqual([]);
  });

  test('agent - only its owner can open the socket', async () => {
    await begin();
    expect(statSync(rig.socket).mode & 0o777).toBe(0o600);
  });

  test('agent - a second one in the directory is refused', async () => {
    await begin();
    const options = {
      directory: rig.directory,
      brain: { command: process.execPath, args: [] },
      say: () => undefined,
      ended: () => undefined,
    };
    await expect(startAgent(options)).rejects.toMatchObject({ code: 'RM_AGENT_RUNNING' });
    await expect(
      startAgent({ ...options, directory: join(rig.directory, 'x'.repeat(120)) }),
    ).rejects.toMatchObject({ code: 'RM_AGENT_OPTION' });
  });

  test.each(['', '{', '{"version":2,"agent":"a","epoch":1,"children":[]}'])(
    'agent - a state file that holds %j is refused and left alone',
    async (text) => {
      await begin();
      rig.agent?.kill('SIGKILL');
      await rig.exits.next(() => true);
      const path = join(rig.directory, 'agent.json');
      const before = readFileSync(path, 'utf8');
      writeFileSync(path, text);
      await rig.begin();
      expect(await rig.exits.next(() => true)).toBe(1);
      expect(await rig.words.next((line) => line.includes('RM_AGENT_STATE'))).toContain('epoch');
      expect(readFileSync(path, 'utf8')).toBe(text);
      writeFileSync(path, before);
    },
  );
});
