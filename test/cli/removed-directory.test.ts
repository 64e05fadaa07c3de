/** The directory of a fleet is removed while it runs: who was there ends or is named, and none is doubled. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pidsIn, pidsWith } from '../drivers/processes.ts';
import { CommandRig, webService } from './command-rig.ts';

let rig: CommandRig;
let left: readonly number[] = [];
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(async () => {
  for (const pid of left) process.kill(pid, 'SIGKILL');
  left = [];
  await rig.end();
});

test('removed directory - agent and host end and name who is left; the next `up` does, too', async () => {
  rig.write({ web: webService() });
  const { child, code } = await rig.begin(/is up in/, 'up', '-f', 'fleet.yaml');
  let said = '';
  child.stderr?.on('data', (piece) => {
    said += String(piece);
  });
  const healthy = ['status', 'web', '--for', 'healthy', '--timeout', '60s'];
  expect(await rig.run(...healthy)).toMatchObject({ code: 0 });
  const directory = join(rig.folder, '.ringmaster');
  left = pidsIn(join(directory, 'releases'));
  expect(left.length).toBe(2);
  const closed = once(child, 'close');
  rmSync(directory, { recursive: true, force: true });
  await code;
  await closed;
  expect(pidsWith(directory)).toEqual([]);
  expect(pidsIn(directory)).toEqual(left);
  expect(said).toContain('was removed; the agent ends');
  for (const pid of left) expect(said).toContain(String(pid));
  const again = await rig.run('up', '-d');
  expect(again).toMatchObject({ code: 0 });
  for (const pid of left) expect(again.err).toContain(String(pid));
}, 120_000);
