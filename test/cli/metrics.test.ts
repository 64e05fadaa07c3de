/**
 * `up --metrics-port` with a real fleet, its router and requests through it: what Ringmaster shows of itself
 * is what was really done, to the last request.
 */
import { Agent, get } from 'node:http';
import parsePrometheus from 'parse-prometheus-text-format';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommandRig, webService } from './command-rig.ts';

const WEB = 28_421;
const METRICS = 28_422;
const GOOD = 137;
const BAD = 23;

let rig: CommandRig;
beforeAll(async () => {
  rig = new CommandRig();
  rig.write({ web: webService({ version: 'v1', instances: 3, route: { port: WEB } }) });
  await rig.run('up', '-f', 'fleet.yaml', '-d', '--metrics-port', String(METRICS));
  expect(await rig.run('status', '--for', 'healthy', '--timeout', '50s')).toMatchObject({
    code: 0,
  });
});
afterAll(() => rig.end());

const agent = new Agent({ keepAlive: true, maxSockets: 4 });
const statusOf = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = get({ port: WEB, path, host: '127.0.0.1', agent }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    request.on('error', reject);
  });
const shown = async (): Promise<string> =>
  await (await fetch(`http://127.0.0.1:${METRICS}/metrics`)).text();
/** The value of a series; null: it is not there. */
const seriesOf = (text: string, name: string, labels: string): number | null => {
  const line = `\n${name}{${labels}} `;
  return text.includes(line) ? Number.parseFloat(text.split(line)[1] ?? '') : null;
};

test('cli metrics - instances, requests by outcome, and their durations, to the last one', async () => {
  const paths = Array.from({ length: GOOD + BAD }, (_, i) => (i < GOOD ? `/${i}` : '/bad'));
  const statuses = await Promise.all(paths.map(statusOf));
  agent.destroy();
  expect(statuses.filter((status) => status === 200)).toHaveLength(GOOD);
  expect(statuses.filter((status) => status === 500)).toHaveLength(BAD);
  const by = 'service="web",version="v1"';
  const of = (text: string, outcome: string) =>
    seriesOf(text, 'ringmaster_requests_total', `${by},outcome="${outcome}"`) ?? 0;
  // A router tells of its windows, which takes a second or two.
  let text = await shown();
  while (of(text, 'ok') + of(text, 'error') < GOOD + BAD) text = await shown();
  expect([of(text, 'ok'), of(text, 'error')]).toEqual([GOOD, BAD]);
  const bucket = 'ringmaster_request_duration_seconds_bucket';
  expect(seriesOf(text, bucket, `${by},le="+Inf"`)).toBe(GOOD + BAD);
  expect(seriesOf(text, 'ringmaster_request_duration_seconds_count', by)).toBe(GOOD + BAD);
  expect(seriesOf(text, 'ringmaster_request_duration_seconds_sum', by)).toBeGreaterThan(0);
  for (const zone of ['a', 'b', 'c']) {
    const labels = `${by},zone="${zone}",state="ready"`;
    expect(seriesOf(text, 'ringmaster_instances', labels)).toBe(1);
  }
  const over = 'ringmaster_operations_over_total';
  expect(seriesOf(text, over, 'service="web",kind="start",outcome="done"')).toBe(3);
  expect(seriesOf(text, over, 'service="web",kind="start",outcome="failed"')).toBe(null);
  expect(seriesOf(text, 'ringmaster_messages_handled_total', 'thread="0"')).toBeGreaterThan(0);
  expect(parsePrometheus(text).map(({ name }) => name)).toContain('ringmaster_actors');
});
