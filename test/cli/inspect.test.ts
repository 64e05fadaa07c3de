/** `up --inspect` and `inspect`: the page of a running host, for whoever can read its tokens. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectAgent } from 'ringmaster/agent';
import type { Role } from 'ringmaster/inspector';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from '../inspector/client.ts';
import { CommandRig, webService } from './command-rig.ts';

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
  rig.write({ web: webService() });
});
afterEach(() => rig.end());

type Row = { readonly state: string; readonly revision: string };

/** The pid of the brain that the agent keeps; 0: there is none now. */
async function brainPid(): Promise<number> {
  const agent = await connectAgent({ socket: join(rig.folder, '.ringmaster/agent/agent.sock') });
  const { brain } = await agent.status();
  agent.close();
  return brain?.pid ?? 0;
}

const word = (out: string, pattern: RegExp): string => pattern.exec(out)?.[1] ?? '';

/** As somebody who reads what `inspect` prints. */
async function clientOf(role: Role): Promise<Client> {
  const { out } = await rig.run('inspect', '--role', role);
  const file = word(out, /^token of the \w+: (.*)$/m);
  const place = { url: word(out, /^socket: (.*)$/m), tokenFile: () => file };
  return await Client.connect(place as never, role);
}

test('inspect - where the page is, and a token only for whoever asks for it', async () => {
  const up = await rig.run('up', '-d', '-f', 'fleet.yaml', '--inspect', '0');
  expect(up.code).toBe(0);
  const page = word(up.out, /the inspector is at (http:\/\/127\.0\.0\.1:\d+\/)/);
  const { out, code } = await rig.run('inspect', '--role', 'operator');
  expect([code, word(out, /^page: (.*)$/m)]).toEqual([0, page]);
  const file = join(rig.folder, '.ringmaster/inspector/operator.token');
  expect(word(out, /^token of the operator: (.*)$/m)).toBe(file);
  const token = readFileSync(file, 'utf8').trim();
  expect(`${up.out}${out}`).not.toContain(token);
  expect((await rig.run('inspect', '--role', 'operator', '--show-token')).out).toContain(token);
  expect((await rig.run('inspect')).out).toContain('viewer.token');
  const wrong = await rig.run('inspect', '--role', 'boss');
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('viewer, operator, admin') });

  const operator = await clientOf('operator');
  const row = async (): Promise<Row> =>
    ((await operator.ask('Fleet.list')) as { services: [Row] }).services[0];
  while ((await row())?.state !== 'healthy');
  const { revision: ifRevision } = await row();
  const wish = { service: 'web', verb: 'restart', reason: 'it leaks', key: 'one', ifRevision };
  expect(await operator.ask('Service.verb', wish)).toMatchObject({ isDone: true });
  const audit = readFileSync(join(rig.folder, '.ringmaster/inspector/audit.jsonl'), 'utf8');
  expect(audit).toContain('it leaks');
  await operator.close();

  // Whoever leads next shows it again, to the same tokens.
  const killed = await brainPid();
  process.kill(killed, 'SIGKILL');
  let again = await rig.run('inspect');
  while (again.code !== 0 || (await brainPid()) === killed) again = await rig.run('inspect');
  const viewer = await clientOf('viewer');
  expect(await viewer.ask('Fleet.list')).toMatchObject({ fleet: 'shop' });
  await viewer.close();
}, 120_000);

test('inspect - a host without it says how to have it; a port that is taken is said at once', async () => {
  expect(await rig.run('up', '-d')).toMatchObject({ code: 0 });
  const { code, err } = await rig.run('inspect');
  expect([code, err]).toEqual([6, expect.stringContaining('ringmaster up --inspect')]);
  expect(existsSync(join(rig.folder, '.ringmaster/inspector'))).toBe(false);
  await rig.run('down');
  expect(await rig.run('inspect')).toMatchObject({ code: 5 });
  expect(await rig.run('up', '--inspect', 'x')).toMatchObject({
    code: 2,
    err: expect.stringContaining('from 0 to 65535'),
  });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const taken = await rig.run('up', '-d', '--inspect', String(port));
  expect(taken).toMatchObject({ code: 6, err: expect.stringContaining(`--inspect is ${port}`) });
  server.close();
}, 60_000);

test('inspect - of a brain that stands by, when it leads', async () => {
  expect(await rig.run('up', '-d', '-f', 'fleet.yaml')).toMatchObject({ code: 0 });
  const { child, code } = await rig.begin(/stands by/, 'up', '--standby', '--inspect', '0');
  let said = '';
  const leads = once(child.stdout as NodeJS.EventEmitter, 'data').then(([piece]) => {
    said = String(piece);
  });
  // The one that the agent starts may be faster: then that one is killed as well.
  let killed = 0;
  while (said === '') {
    const pid = await brainPid();
    if (pid !== 0 && pid !== killed) {
      process.kill(pid, 'SIGKILL');
      killed = pid;
    }
    await Promise.race([leads, rig.run('get')]);
  }
  expect(await rig.run('inspect')).toMatchObject({ code: 0 });
  const viewer = await clientOf('viewer');
  expect(await viewer.ask('Fleet.list')).toMatchObject({ fleet: 'shop' });
  await viewer.close();
  child.kill('SIGTERM');
  expect(await code).toBe(0);
}, 120_000);
