/** `up --inspect` and `inspect`: the page of a running host, for whoever can read its tokens. */
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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

  // The same is told by the local socket and by that of the page, to somebody elsewhere.
  const socket = word((await rig.run('inspect')).out, /^socket: (.*)$/m);
  const elsewhere = ['--url', socket, '--token-file', file];
  const asked = async (...verb: string[]): Promise<unknown[]> =>
    JSON.parse((await rig.run(...verb, '-o', 'json', ...elsewhere, '-C', '/nowhere')).out).items;
  expect(await asked('get')).toMatchObject([{ service: 'web' }]);
  expect((await asked('get', 'web')).length).toBeGreaterThan(0);
  expect(await asked('why', 'web')).toEqual(
    expect.arrayContaining([expect.objectContaining({ who: 'rollout', service: 'web' })]),
  );
  expect(await rig.run('freeze', 'web')).toMatchObject({ code: 0 });
  for (const where of [[], elsewhere]) {
    const { code, out } = await rig.run('diagnose', 'web', '--json', ...where);
    const { findings } = JSON.parse(out);
    const frozen = { about: 'web', next: 'ringmaster freeze web --off' };
    expect([code, findings]).toEqual([
      3,
      expect.arrayContaining([expect.objectContaining(frozen)]),
    ]);
  }

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

test('inspect - what its file hides is nowhere in it, also after another brain leads', async () => {
  const secret = 'hunter2-of-the-fleet';
  rig.write({ web: { ...webService(), env: { PASSWORD: secret } } });
  const config = join(rig.folder, 'inspect.yaml');
  const up = (...more: readonly string[]) =>
    rig.run('up', '-d', '-f', 'fleet.yaml', '--inspect-config', 'inspect.yaml', ...more);
  writeFileSync(config, 'redact: ["hunter2[a-z-]*"]\nrecorder: { minutes: 1 }\n');
  expect(await up()).toMatchObject({ code: 2, err: expect.stringContaining('--inspect') });
  for (const [text, why] of [
    ['redact: ["("]', 'regular expression'],
    ['redact: ["x*"]', 'every text'],
    ['redact: ["(x+)+y"]', 'for ever'],
    ['redacts: []', 'redact'],
    ['tls: { key: none.pem, cert: none.pem }', 'none.pem is not there'],
  ] as const) {
    writeFileSync(config, text);
    const wrong = await up('--inspect', '0');
    expect([text, wrong.code, wrong.err]).toEqual([text, 2, expect.stringContaining(why)]);
  }
  writeFileSync(config, 'redact: ["hunter2[a-z-]*"]\nrecorder: { minutes: 1 }\n');
  expect(await up('--inspect', '0')).toMatchObject({ code: 0 });
  const told = async (): Promise<string> => {
    const viewer = await clientOf('viewer');
    const detail = await viewer.ask('Service.get', { service: 'web' });
    await viewer.close();
    return JSON.stringify(detail);
  };
  // Whoever has the machine has the file, too.
  expect((await rig.run('describe', 'web', '-o', 'json')).out).toContain(secret);
  const shown = await told();
  expect(shown).toContain('"PASSWORD":"***"');
  expect(shown).not.toContain(secret);
  const killed = await brainPid();
  process.kill(killed, 'SIGKILL');
  let again = await rig.run('inspect');
  while (again.code !== 0 || (await brainPid()) === killed) again = await rig.run('inspect');
  expect(await told()).not.toContain(secret);
}, 120_000);
