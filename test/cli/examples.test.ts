/** The examples that the command runs, as README says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandRig } from './command-rig.ts';

const FOLDER = fileURLToPath(new URL('../../examples/http-fleet/', import.meta.url));
const PORT = 28_395;

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
});
afterEach(() => rig.end());

test('examples - a fleet of web servers behind one port', async () => {
  // As it is but for the port, which may be somebody's on the machine that tests.
  const text = readFileSync(join(FOLDER, 'fleet.yaml'), 'utf8').replace('8080', String(PORT));
  writeFileSync(join(rig.folder, 'fleet.yaml'), text);
  writeFileSync(join(rig.folder, 'web.mjs'), readFileSync(join(FOLDER, 'web.mjs')));
  expect(await rig.run('lint')).toMatchObject({ code: 0 });
  await rig.run('up', '-d', '-f', 'fleet.yaml');
  expect(await rig.run('status', '--for', 'healthy', '--timeout', '50s')).toMatchObject({
    code: 0,
  });
  const answer = await fetch(`http://127.0.0.1:${PORT}/`);
  expect(await answer.text()).toMatch(/^v1 of web\/here\/[abc]\/0#\d+\n$/);
});
