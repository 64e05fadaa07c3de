/** The command line against real hosts: what a user types, sees, and gets as an exit code. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CommandRig, webService } from './command-rig.ts';

let rig: CommandRig;

describe('without a host', () => {
  beforeEach(() => {
    rig = new CommandRig();
    rig.write({ web: webService() });
  });
  afterEach(() => rig.end());

  test('cli - lint says that a fleet is sound, or everything that is wrong, with its line', async () => {
    expect(await rig.run('lint')).toMatchObject({ code: 0, out: expect.stringMatching(/sound/) });
    writeFileSync(
      join(rig.folder, 'fleet.yaml'),
      readFileSync(join(rig.folder, 'fleet.yaml'), 'utf8').replace('"instances"', '"instnces"'),
    );
    const { code, err } = await rig.run('lint');
    expect(code).toBe(2);
    expect(err).toMatch(/fleet\.yaml:1:\d+: .*did you mean instances\?/);
    expect(await rig.run('lint', '-f', 'nowhere.yaml')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/nowhere\.yaml is not there/),
    });
  });

  test('cli - a module is a fleet, too', async () => {
    const data = readFileSync(join(rig.folder, 'fleet.yaml'), 'utf8');
    writeFileSync(join(rig.folder, 'fleet.mjs'), `export default ${data};`);
    expect(await rig.run('lint', '-f', 'fleet.mjs')).toMatchObject({ code: 0 });
  });

  test('cli - a fleet that is wrong, or cannot be had, starts nothing and ends', async () => {
    expect(await rig.run('up', '-d', '-f', 'nowhere.yaml')).toMatchObject({ code: 2 });
    expect(await rig.run('get')).toMatchObject({ code: 5 });
    expect(await rig.run('up', '-d', '--region', 'xx', '-f', 'fleet.yaml')).toMatchObject({
      code: 6,
      err: expect.stringMatching(/region xx, and the fleet has eu/),
    });
  });

  test('cli - explain, doctor and completion need no host', async () => {
    expect((await rig.run('explain', 'rollout.soak')).out).toMatch(/soak .*default 30s\n +After/);
    expect(await rig.run('explain', 'rollout.soke')).toMatchObject({ code: 2 });
    expect(await rig.run('doctor')).toMatchObject({
      code: 0,
      out: expect.not.stringMatching(/BAD/),
    });
    const { out } = await rig.run('completion', 'bash');
    writeFileSync(
      join(rig.folder, 'complete.sh'),
      `${out}\nCOMP_WORDS=(ringmaster ro get)
COMP_CWORD=1\nCOMP_WORDS=(ringmaster prom)\n_ringmaster\necho "\${COMPREPLY[@]}"\n`,
    );
    const said = spawnSync('bash', [join(rig.folder, 'complete.sh')], { encoding: 'utf8' });
    expect(said.stdout.trim()).toBe('promote');
    expect(await rig.run('completion', 'fish')).toMatchObject({ code: 2 });
  });

  test('cli - where nobody answers it is 5, a wrong word is 2 with what was meant', async () => {
    expect(await rig.run('get')).toMatchObject({
      code: 5,
      err: expect.stringMatching(/host\.sock has nobody who answers; start a host/),
    });
    expect(await rig.run('promte', 'web')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Did you mean promote/),
    });
    expect(await rig.run('--help')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/promote/),
    });
    expect(await rig.run('down')).toMatchObject({ code: 5 });
  });
});

describe('with a host', () => {
  beforeAll(async () => {
    rig = new CommandRig();
    rig.write({ web: webService() });
    expect(await rig.run('up', '-f', 'fleet.yaml', '--detach')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/is up[\s\S]*web: v1, new/),
    });
    expect(await rig.run('status', '--for', 'healthy', '--timeout', '50s')).toMatchObject({
      code: 0,
    });
  });
  afterAll(() => rig.end());

  const json = async (...args: readonly string[]) => {
    const { out } = await rig.run(...args, '-o', 'json');
    return JSON.parse(out);
  };

  test('cli - get in every form', async () => {
    expect((await rig.run('get')).out).toMatch(
      /^SERVICE +STATE +VERSION[\s\S]*web +healthy +v1 +2\/2/,
    );
    expect(await json('get')).toMatchObject({
      apiVersion: 'ringmaster/v1',
      kind: 'ServiceList',
      items: [{ service: 'web', ready: 2 }],
    });
    expect((await rig.run('get', 'web', '-o', 'name')).out.trim().split('\n').length).toBe(2);
    expect((await rig.run('get', '-o', 'yaml')).out).toMatch(/^apiVersion: ringmaster\/v1\nkind/);
    expect(JSON.parse((await rig.run('get', '-o', 'ndjson')).out)).toMatchObject({
      service: 'web',
    });
    expect(await rig.run('get', '-o', 'xml')).toMatchObject({ code: 2 });
    expect(await rig.run('get', 'nope')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no service nope; there are: web/),
    });
  });

  test('cli - a second host in the same directory is refused', async () => {
    expect(await rig.run('up', '-d')).toMatchObject({
      code: 6,
      err: expect.stringMatching(/runs in .* already/),
    });
  });

  test('cli - diff says what apply would do, apply does it, and the rollout is seen', async () => {
    expect(await rig.run('diff')).toMatchObject({ code: 0 });
    rig.write({ web: webService({ version: 'v2' }) });
    expect(await rig.run('diff')).toMatchObject({
      code: 7,
      out: expect.stringMatching(/~ web {2}v2/),
    });
    const seen = rig.watch(/web +healthy +v2/, 'get', '-w');
    expect(await rig.run('apply')).toMatchObject({ code: 0 });
    (await seen).end();
    expect((await rig.run('describe', 'web')).out).toMatch(/v2 \(\w+\) {2}stable target applied/);
    expect((await rig.run('why', 'web')).out).toMatch(/admitted .*all 2 are v2 and available/);
  });

  test('cli - a version that does not start is aborted, and the stable one serves on', async () => {
    const env = { EXIT: '3' };
    const rollout = { strategy: 'rolling', progressDeadline: '3s' };
    rig.write({ web: webService({ version: 'bad', env, rollout }) });
    await rig.run('apply');
    expect(await rig.run('status', 'web', '--for', 'aborted', '--timeout', '50s')).toMatchObject({
      code: 0,
    });
    expect(await rig.run('status')).toMatchObject({
      code: 3,
      out: expect.stringMatching(/web: aborted/),
    });
    const { items } = await json('get', 'web');
    expect(items.filter(({ state }: { state: string }) => state === 'ready').length).toBe(2);
    expect(await rig.run('diagnose')).toMatchObject({
      code: 3,
      out: expect.stringMatching(/bad was given up[\s\S]*next: ringmaster/),
    });
    const undo = await rig.run('undo', 'web');
    expect(undo.code).toBe(0);
    expect(await rig.run('undo', 'web', '--to', 'v99')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no revision v99; it has/),
    });
  });

  test('cli - scale holds, freeze stops, and both end', async () => {
    rig.write({ web: webService({ version: 'v2' }) });
    await rig.run('apply');
    await rig.run('status', '--for', 'healthy', '--timeout', '50s');
    expect(await rig.run('scale', 'web', '3')).toMatchObject({ code: 0 });
    // What was ordered is stored, so it is not healthy as it was before.
    const healthy = await rig.run('status', '--for', 'healthy', '--timeout', '50s');
    expect(healthy).toMatchObject({ code: 0, out: expect.stringMatching(/3 of 3 ready/) });
    const three = await rig.watch(/web +healthy +v2 +3\/3/, 'get', '-w');
    three.end();
    // Nothing is under way: a verb that says nothing now is no success.
    expect(await rig.run('promote', 'web')).toMatchObject({
      code: 6,
      err: expect.stringMatching(/web: promote ignored: nothing is being rolled out/),
    });
    expect(await rig.run('freeze', 'web')).toMatchObject({ code: 0 });
    (await rig.watch(/frozen/, 'get', '-w')).end();
    expect(await rig.run('freeze', 'web', '--off')).toMatchObject({ code: 0 });
    expect(await rig.run('scale', 'web', 'many')).toMatchObject({ code: 2 });
    expect(await rig.run('scale', 'web', '100000')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected a number from 0 to 1000/),
    });
    expect(await rig.run('why', 'web', '--kind', 'foo')).toMatchObject({ code: 2 });
    expect(await rig.run('why', 'web', '-n', 'abc')).toMatchObject({ code: 2 });
    expect(await rig.run('why', 'nobody')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no service nobody; there are: web/),
    });
    expect(await rig.run('scale', 'web', '3', '--for', 'long')).toMatchObject({ code: 2 });
  });

  test('cli - a port that somebody else has, and another region, are said', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    rig.write({ web: webService({ version: 'v2', route: { port } }) });
    await rig.run('apply');
    (await rig.watch(/web +attention/, 'get', '-w')).end();
    expect(await rig.run('diagnose')).toMatchObject({
      code: 3,
      out: expect.stringMatching(`web: no request comes in at port ${port}: .*EADDRINUSE`),
    });
    expect((await rig.run('status', 'web')).code).toBe(4);
    taken.close();
    (await rig.watch(/web +healthy/, 'get', '-w')).end();
    rig.write({ web: webService({ version: 'v2', route: { port } }) }, 'us');
    expect(await rig.run('diff')).toMatchObject({
      code: 6,
      err: expect.stringMatching(/the region us, and what runs here is in eu: web/),
    });
    expect((await json('get')).items).toMatchObject([{ service: 'web', state: 'healthy' }]);
  });

  test('cli - a sharded service: its ring, owners of a key, the file for Thanos; top', async () => {
    const route = { port: 28_396, key: { segment: 0 } };
    const ring = { algorithm: 'ketama', exportThanos: 'hashrings.json' };
    const sharded = { kind: 'sharded', shards: 2, instances: undefined, route, ring };
    const rollout = { strategy: 'zones', minReady: '100ms' };
    rig.write({ web: webService({ version: 'v2' }), store: webService({ ...sharded, rollout }) });
    expect(await rig.run('apply')).toMatchObject({ err: '', code: 0 });
    await rig.run('status', '--for', 'healthy', '--timeout', '50s');
    expect((await rig.run('ring', 'store')).out).toMatch(/generation 1, ketama, 1000 sections/);
    const { owners } = await json('ring', 'store', '--key', 'ann');
    expect(owners.map(({ slot }: { slot: string }) => slot.split('/')[2])).toEqual(['a', 'b', 'c']);
    // It is the router's answer, too.
    const answer = await fetch(`http://127.0.0.1:${route.port}/ann`);
    expect(answer.status).toBe(200);
    expect((await json('ring', 'store', '--what-if', '+1')).after).toBe(3);
    const text = readFileSync(join(rig.folder, 'hashrings.json'), 'utf8');
    const [hashring] = JSON.parse(text);
    expect(hashring).toMatchObject({ hashring: 'store', algorithm: 'ketama' });
    expect(hashring.endpoints.map(({ az }: { az: string }) => az).sort()).toEqual([
      'a',
      'a',
      'b',
      'b',
      'c',
      'c',
    ]);
    const { items } = await json('top', 'store', '--sort', 'memory');
    expect(items).toHaveLength(6);
    expect(items[0].memoryBytes).toBeGreaterThan(items[5].memoryBytes - 1);
    expect(await rig.run('top', '--sort', 'beauty')).toMatchObject({ code: 2 });
    expect(await rig.run('replace', owners[0].instance)).toMatchObject({ code: 0 });
    await rig.run('status', '--for', 'healthy', '--timeout', '50s');
    const after = await json('ring', 'store', '--key', 'ann');
    expect(after.owners[0].slot).toBe(owners[0].slot);
    expect(after.owners[0].instance).not.toBe(owners[0].instance);
    // The new place is in the file.
    for (;;) if (readFileSync(join(rig.folder, 'hashrings.json'), 'utf8') !== text) break;
    rig.write({ web: webService({ version: 'v2' }) });
    await rig.run('apply', '--remove', 'store');
    for (;;) if ((await json('get')).items.length === 1) break;
  });

  test('cli - a service that the fleet no longer names goes when it is named to', async () => {
    const env = {};
    rig.write({ web: webService({ version: 'v2' }), other: webService({ instances: 1, env }) });
    await rig.run('apply');
    await rig.run('status', '--for', 'healthy', '--timeout', '50s');
    rig.write({ web: webService({ version: 'v2' }) });
    expect((await rig.run('apply')).out).toMatch(/\? other .*goes on until you say --remove/);
    expect(await rig.run('apply', '--remove', 'web')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/web cannot be removed: the fleet names it/),
    });
    expect((await rig.run('apply', '--remove', 'other')).out).toMatch(/- other .*removed/);
    for (;;) if ((await json('get')).items.length === 1) break;
    expect((await json('get')).items).toMatchObject([{ service: 'web' }]);
  });
});
