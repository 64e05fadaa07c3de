/** A fleet that is put down and up again: nobody has failed, and nobody waits. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandRig, webService } from './command-rig.ts';

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.end());

test('down and up - no instance has ended by itself, and none waits to be started', async () => {
  rig.write({ web: webService({ instances: 2, heal: { backoff: { first: '10m', max: '10m' } } }) });
  expect(await rig.run('up', '-d', '-f', 'fleet.yaml')).toMatchObject({ code: 0 });
  const healthy = () => rig.run('status', 'web', '--for', 'healthy', '--timeout', '60s');
  expect(await healthy()).toMatchObject({ code: 0 });
  for (let round = 0; round < 2; round++) {
    expect(await rig.run('down')).toMatchObject({ code: 0 });
    expect(await rig.run('up', '-d')).toMatchObject({ code: 0 });
    expect(await healthy()).toMatchObject({ code: 0 });
    const { out } = await rig.run('describe', 'web', '-o', 'json');
    expect(JSON.parse(out).failures).toEqual([]);
  }
}, 120_000);
