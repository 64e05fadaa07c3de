/** `up --standby`: a second brain beside the one that runs. Guards: A17. */
import { once } from 'node:events';
import { join } from 'node:path';
import { connectAgent } from 'ringmaster/agent';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pidsIn, pidsWith } from '../drivers/processes.ts';
import { CommandRig, webService } from './command-rig.ts';

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.end());

/** Of the agent's own. */
async function brainPid(): Promise<number> {
  const agent = await connectAgent({ socket: join(rig.folder, '.ringmaster/agent/agent.sock') });
  const { brain } = await agent.status();
  agent.close();
  return brain?.pid ?? 0;
}

test('standby - leads when the brain is killed, with what runs; the next one waits for its end', async () => {
  expect(await rig.run('up', '--standby')).toMatchObject({ code: 5 });
  rig.write({ web: webService() });
  expect(await rig.run('up', '-d', '-f', 'fleet.yaml')).toMatchObject({ code: 0 });
  expect(await rig.run('status', 'web', '--for', 'healthy', '--timeout', '30s')).toMatchObject({
    code: 0,
  });
  for (const more of [['-d'], ['-f', 'fleet.yaml']]) {
    expect(await rig.run('up', '--standby', ...more)).toMatchObject({ code: 2 });
  }
  const releases = join(rig.folder, '.ringmaster', 'releases');
  const instances = pidsIn(releases);
  const { child, code } = await rig.begin(/stands by/, 'up', '--standby');
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
  expect(said).toContain('ringmaster leads in');
  expect((await rig.run('get')).out).toContain('web');
  // The agent has started its own again, which waits.
  for (;;) {
    const pid = await brainPid();
    if (pid !== killed && pid !== 0) break;
  }
  expect(await rig.run('restart', 'web')).toMatchObject({ code: 0 });
  expect(await rig.run('status', 'web', '--for', 'healthy', '--timeout', '60s')).toMatchObject({
    code: 0,
  });
  child.kill('SIGTERM');
  expect(await code).toBe(0);
  let answer = await rig.run('get');
  while (answer.code === 5) answer = await rig.run('get');
  expect(await rig.run('status', 'web', '--for', 'healthy', '--timeout', '60s')).toMatchObject({
    code: 0,
  });
  // As many as there were: nobody was started beside those that run.
  expect(instances.length).toBeGreaterThan(0);
  expect(pidsIn(releases)).toHaveLength(instances.length);
}, 120_000);

test('standby - goes with whoever has started it, and says so when the agent is gone', async () => {
  rig.write({ web: webService({ instances: 1 }) });
  expect(await rig.run('up', '-d', '-f', 'fleet.yaml')).toMatchObject({ code: 0 });
  const brains = () => pidsWith('host-main.js', join(rig.folder, '.ringmaster'), '--region');
  const one = await rig.begin(/stands by/, 'up', '--standby', '--region', 'eu');
  expect(brains()).toHaveLength(1);
  one.child.kill('SIGKILL');
  await one.code;
  while (brains().length > 0) await rig.run('get');
  const two = await rig.begin(/stands by/, 'up', '--standby', '--region', 'eu');
  let said = '';
  two.child.stderr?.on('data', (piece) => {
    said += piece;
  });
  expect(await rig.run('down')).toMatchObject({ code: 0 });
  expect(await two.code).toBe(1);
  expect(said).toBe('ringmaster: the agent is gone; start another one with `up`.\n');
}, 120_000);
