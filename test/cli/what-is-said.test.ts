/** What the command says where it can do nothing, or where there is nothing to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandRig, webService } from './command-rig.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.end());

test('said - two who bring a host up at once: one does, the other one is told who has it', async () => {
  const both = await Promise.all([rig.run('up', '-d'), rig.run('up', '-d')]);
  const [first, second] = both.toSorted((a, b) => a.code - b.code);
  expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/ringmaster is up/) });
  expect(second?.code).toBe(6);
  expect(second?.err).toMatch(/is another host's, whose agent has the pid \d+.*ringmaster down/);
  expect(await rig.run('get')).toMatchObject({ code: 0 });
});

test('said - a host whose port is taken is not started', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const { code, err } = await rig.run('up', '-d', '--metrics-port', String(port));
  taken.close();
  expect(code).toBe(6);
  expect(err).toMatch(
    new RegExp(`--metrics-port is ${port}: .*EADDRINUSE.*; choose a port that is free`),
  );
});

test('said - a new fleet that is frozen says so, and who has frozen it', async () => {
  rig.write({ web: webService() });
  const file = join(rig.folder, 'fleet.yaml');
  const data = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...data, frozen: true }));
  await rig.run('up', '-d', '-f', 'fleet.yaml');
  expect((await rig.run('get')).out).toMatch(/web +progressing \(frozen\)/);
  expect((await rig.run('describe', 'web')).out).toMatch(/frozen/);
  expect((await rig.run('diagnose')).out).toMatch(
    /the fleet is frozen: only what is urgent is done[\s\S]*ringmaster freeze --off/,
  );
  // Nothing was to be done: that is said, and is no error.
  expect(await rig.run('autoscale', 'web')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /web: nothing to do, its fleet gives it no autoscale: it stays at \d/,
    ),
  });
  expect(await rig.run('release', 'web')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/web: nothing to do, every invariant holds/),
  });
  expect(await rig.run('release', 'nobody')).toMatchObject({ code: 2 });
  await rig.run('freeze', '--off');
  expect(await rig.run('status', '--for', 'healthy', '--timeout', '50s')).toMatchObject({
    code: 0,
  });
  const metric = { name: 'rate', target: 100 };
  rig.write({ web: webService({ autoscale: { min: 2, max: 4, metric } }) });
  expect(await rig.run('apply')).toMatchObject({ code: 0 });
  await rig.run('status', '--for', 'healthy', '--timeout', '50s');
  expect((await rig.run('autoscale', 'web')).out).toMatch(/nothing to do, nobody holds it/);
  await rig.run('scale', 'web', '3');
  expect((await rig.run('autoscale', 'web')).out).toBe('web: scales by itself\n');
});

test('said - a demo without a place for its fleet, or in a form that it does not have', async () => {
  expect(await rig.run('demo', '-o', 'name')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/-o is name; expected one of table, json, yaml/),
  });
  const env = { ...process.env, TMPDIR: join(rig.folder, 'nowhere') };
  const child = spawn(process.execPath, [COMMAND, 'demo', '--once'], { env });
  let err = '';
  child.stderr.on('data', (piece) => {
    err += piece;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(err).toMatch(
    /cannot have a folder in .*nowhere: ENOENT.*set TMPDIR to one, or name a directory/,
  );
});
