/** `up --remote-write-config`: what it says holds, also after the brain was started again. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAgent } from 'ringmaster/agent';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { request, snappy } from '../hotpath/ingest/write-request.ts';
import { CommandRig, webService } from './command-rig.ts';

const PORT = 28_431;
const HEADERS = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' };

let rig: CommandRig;
beforeEach(() => {
  rig = new CommandRig();
  rig.write({ web: webService({ instances: 1 }) });
});
afterEach(() => rig.end());

const series = (pod: string, value: number, time: number) => ({
  labels: [
    ['__name__', 'depth'],
    ['pod', pod],
  ] as [string, string][],
  samples: [[time, value]] as [number, number][],
});
const write = async (list: readonly ReturnType<typeof series>[]): Promise<number> => {
  const body = snappy(request(list)) as Uint8Array<ArrayBuffer>;
  const url = `http://127.0.0.1:${PORT}/api/v1/write`;
  return (await fetch(url, { method: 'POST', headers: HEADERS, body })).status;
};
const sums = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${PORT}/metrics/aggregated`)).text();

test('cli remote write - rules and limits hold as the file says, which is checked first', async () => {
  const config = join(rig.folder, 'ingest.yaml');
  const up = (...more: readonly string[]) =>
    rig.run('up', '-d', '-f', 'fleet.yaml', '--remote-write-config', 'ingest.yaml', ...more);
  writeFileSync(config, 'rules: [{ without: [pod] }]\nlimits: { serie: 2 }\n');
  expect(await up()).toMatchObject({ code: 2, err: expect.stringContaining('--remote-write') });
  const wrong = await up('--remote-write', String(PORT));
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('ingest.yaml:2:');
  expect(wrong.err).toContain('series');
  writeFileSync(config, 'rules: [{ without: [pod] }]\nlimits: { series: 2 }\n');
  expect(await up('--remote-write', String(PORT))).toMatchObject({ code: 0 });

  expect(await write([series('a', 3, 1), series('b', 4, 1)])).toBe(204);
  expect(await sums()).toMatch(/^depth 7$/m);
  const three = ['a', 'b', 'c'].map((pod) => series(pod, 1, 2));
  expect(await write(three)).toBe(413);

  const agent = await connectAgent({ socket: join(rig.folder, '.ringmaster/agent/agent.sock') });
  const { brain } = await agent.status();
  agent.close();
  process.kill(brain?.pid ?? 0, 'SIGKILL');
  const answers = () => write([series('a', 1, 3)]).catch(() => 0);
  while ((await answers()) !== 204);
  expect(await write(three)).toBe(413);
  expect(await sums()).toMatch(/^depth 1$/m);
}, 60_000);
