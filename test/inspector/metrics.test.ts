/** Metrics through the inspector's socket: all that are exposed, as the schema says, bounded and redacted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type System, start } from 'ringmaster';
import { type FleetDoor, type Inspector, inspect, type ResultOf } from 'ringmaster/inspector';
import { exportMetrics } from 'ringmaster/prometheus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SERIES_MAX } from '../../src/inspector/protocol/metric-words.ts';
import { METHODS } from '../../src/inspector/protocol/schema.ts';
import { metricAnswersOf } from '../../src/inspector/server/metric-answers.ts';
import { measured } from '../../src/inspector/server/metric-look.ts';
import type { Source } from '../../src/inspector/server/source.ts';
import { Client } from './client.ts';

const SECRET = 'hunter2';
/** What a fleet's host would tell. */
let told: () => unknown = () => [];
let directory = '';
let system: System;
let inspector: Inspector;
let viewer: Client;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rm-metrics-'));
  system = await start({ threads: 1 });
  inspector = await inspect(system, {
    directory,
    redact: (text) => text.replaceAll(SECRET, '***'),
    fleet: { ask: async () => told() },
  });
  viewer = await Client.connect(inspector, 'viewer');
});
afterAll(async () => {
  await viewer.close();
  await inspector.close();
  await system.close();
  rmSync(directory, { recursive: true });
});

type Method = 'Metrics.list' | 'Metrics.read';
async function ask<M extends Method>(method: M, params: object = {}): Promise<ResultOf<M>> {
  return METHODS[method].result.parse(await viewer.ask(method, params)) as ResultOf<M>;
}

/** A look is good for a moment, for all who ask meanwhile. */
async function askUntil<M extends Method>(
  method: M,
  params: object,
  is: (result: ResultOf<M>) => boolean,
): Promise<ResultOf<M>> {
  for (;;) {
    const answer = await viewer.answer(method, params);
    if (answer.error === undefined && is(answer.result as ResultOf<M>)) {
      return METHODS[method].result.parse(answer.result) as ResultOf<M>;
    }
  }
}

describe('metrics', () => {
  test('metrics - each that is exposed is listed, with its help and its type', async () => {
    const { families, all, missing } = await ask('Metrics.list');
    const text = await exportMetrics(system).text();
    const exposed = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    expect(exposed.length).toBeGreaterThan(10);
    expect(families.map(({ name, type }) => [name, type])).toEqual(exposed.toSorted());
    for (const { help } of families) expect(text).toContain(help);
    expect([all, missing]).toEqual([families.length, null]);
    const busy = families.find(({ name }) => name === 'ringmaster_thread_busy_seconds_total');
    expect(busy).toMatchObject({ unit: 'seconds', series: 2 });
  });

  test('metrics - they are found by words of name and help', async () => {
    const { families, all } = await ask('Metrics.list', { contains: 'Threads FULL' });
    expect(families.map(({ name }) => name)).toEqual(['ringmaster_ring_fill_ratio']);
    expect(all).toBeGreaterThan(10);
  });

  test('metrics - series have the values of the figures, and are chosen by labels', async () => {
    const name = 'ringmaster_actors';
    const { series, all, type } = await ask('Metrics.read', { name });
    expect([all, type]).toEqual([2, 'gauge']);
    const actors = system
      .figures()
      .threads.map(({ thread, counters }) => [String(thread), counters.actors]);
    expect(series.map(({ labels, value }) => [labels.thread, value]).toSorted()).toEqual(actors);
    const one = await ask('Metrics.read', { name, labels: { thread: '1' } });
    expect([one.series.length, one.matching, one.all]).toEqual([1, 1, 2]);
    const none = await ask('Metrics.read', { name, labels: { nothing: 'x' } });
    expect([none.series, none.matching]).toEqual([[], 0]);
    const gone = await viewer.answer('Metrics.read', { name: 'no_such' });
    expect(gone.error?.name).toBe('gone');
  });

  test('metrics - a histogram is its buckets, each with what is in it alone', async () => {
    told = () => [
      {
        name: 'pass_seconds',
        kind: 'histogram',
        help: 'Passes.',
        samples: [
          [{ service: SECRET, le: '0.1' }, 3, '_bucket'],
          [{ service: SECRET, le: '1' }, 3, '_bucket'],
          [{ service: SECRET, le: '+Inf' }, 5, '_bucket'],
          [{ service: SECRET }, 7.5, '_sum'],
          [{ service: SECRET }, 5, '_count'],
        ],
      },
      { name: 'strange', kind: 'gauge', help: 'No number.', samples: [[{}, Number.NaN]] },
    ];
    const { series, unit } = await askUntil('Metrics.read', { name: 'pass_seconds' }, () => true);
    expect(unit).toBe('seconds');
    const buckets = { bounds: [0.1, 1], counts: [3, 0, 2], sum: 7.5 };
    // Somebody may have given a service a name that nobody is to see.
    expect(series).toEqual([{ labels: { service: '***' }, value: 5, buckets }]);
    expect((await ask('Metrics.read', { name: 'strange' })).series[0]?.value).toBeNull();
    const { families } = await ask('Metrics.list', { contains: 'seconds passes' });
    expect(families).toMatchObject([{ name: 'pass_seconds', series: 1, value: 5 }]);
  });

  test('metrics - a fleet that tells none leaves those of the system, and is said', async () => {
    told = () => {
      throw new Error(`it is not led by anybody, says ${SECRET}`);
    };
    const { families, missing } = await askUntil(
      'Metrics.list',
      {},
      (list) => list.missing !== null,
    );
    expect(missing).toBe('it is not led by anybody, says ***');
    expect(families.map(({ name }) => name)).toContain('ringmaster_actors');
  });
});

const ofFleet = (fleet: FleetDoor, after: (ms: number, callback: () => void) => () => void) =>
  measured({ system, fleet, redact: (text) => text, after });
const never = () => () => undefined;

test.each([
  [undefined],
  ['text'],
  [{ families: [] }],
  [[null]],
  [[{ name: 'x', kind: 'gauge', help: '' }]],
  [[{ name: 'x', kind: 'untyped', help: '', samples: [] }]],
  [[{ name: 'x', kind: 'gauge', help: '', samples: [[{}, '1']] }]],
  [[{ name: 'x', kind: 'gauge', help: '', samples: [[{ of: 1 }, 1]] }]],
])(
  'metrics - a door that answers %j leaves those of the system, and it is said',
  async (answer) => {
    const { families, missing } = await ofFleet({ ask: async () => answer }, never);
    expect(missing).toBe('the fleet answers no metrics');
    expect(families.map(({ name }) => name)).toContain('ringmaster_actors');
  },
);

test('metrics - a door that never answers keeps nobody from those of the system', async () => {
  let late = (): void => undefined;
  const after = (_ms: number, callback: () => void) => {
    late = callback;
    return () => undefined;
  };
  const looked = ofFleet({ ask: () => new Promise(() => undefined) }, after);
  late();
  const { families, missing } = await looked;
  expect(missing).toBe('the fleet has not answered within 2000 ms');
  expect(families.map(({ name }) => name)).toContain('ringmaster_actors');
});

test('metrics - buckets that do not add up are no numbers below nothing', async () => {
  const samples = [
    [{ le: '1' }, Number.NaN, '_bucket'],
    [{ le: '2' }, 5, '_bucket'],
    [{ le: '+Inf' }, 3, '_bucket'],
  ];
  const answer = [{ name: 'x', kind: 'histogram', help: '', samples }];
  const { families } = await ofFleet({ ask: async () => answer }, never);
  const buckets = { bounds: [1, 2], counts: [0, 5, 0], sum: null };
  expect(families.find(({ name }) => name === 'x')?.series).toEqual([
    { labels: {}, value: 5, buckets },
  ]);
});

test('metrics - series that only a secret told apart are one', async () => {
  const of = (service: string, le: string) => ({ service, le });
  const one = (kind: string, name: string, samples: unknown) => ({ name, kind, help: '', samples });
  const answer = [
    one('counter', 'added', [
      [{ service: 'ann' }, 3],
      [{ service: 'bob' }, 4],
      [{}, 5],
    ]),
    one('gauge', 'measured', [
      [{ service: 'ann' }, 3],
      [{ service: 'bob' }, 4],
    ]),
    one('histogram', 'passes', [
      [of('ann', '1'), 1, '_bucket'],
      [of('ann', '+Inf'), 3, '_bucket'],
      [{ service: 'ann' }, 9, '_sum'],
      [of('bob', '1'), 10, '_bucket'],
      [of('bob', '+Inf'), 10, '_bucket'],
      [{ service: 'bob' }, 1, '_sum'],
    ]),
  ];
  const fleet = { ask: async () => answer };
  const redact = (text: string) => (text.length === 3 ? '***' : text);
  const { families } = await measured({ system, fleet, redact, after: never });
  const seriesOf = (name: string) => families.find((family) => family.name === name)?.series;
  const [labels, buckets] = [{ service: '***' }, null];
  expect(seriesOf('added')).toEqual([
    { labels, value: 7, buckets },
    { labels: {}, value: 5, buckets },
  ]);
  expect(seriesOf('measured')).toEqual([{ labels, value: 4, buckets }]);
  expect(seriesOf('passes')).toEqual([
    { labels, value: 13, buckets: { bounds: [1], counts: [11, 2], sum: 10 } },
  ]);
});

test('metrics - in the list a counter is all of its series together, a gauge the highest', async () => {
  const family = (name: string, type: 'counter' | 'gauge', values: readonly (number | null)[]) => {
    const series = values.map((value) => ({ labels: {}, value, buckets: null }));
    return { name, type, help: '', unit: null, series };
  };
  const families = [
    family('added', 'counter', [3, null, 4]),
    family('measured', 'gauge', [3, null, 4]),
    family('nothing', 'gauge', []),
  ];
  const metrics: Source['metrics'] = async () => ({ families, missing: null });
  const answers = metricAnswersOf({ metrics } as Source, () => 0);
  const listed = await answers['Metrics.list']({}, {} as never);
  expect(listed.families.map(({ series, value }) => [series, value])).toEqual([
    [3, 7],
    [3, 4],
    [0, null],
  ]);
});

test('metrics - of many series the highest are answered, and one look is for all who ask', async () => {
  const series = Array.from({ length: 5 * SERIES_MAX }, (_, i) => {
    return { labels: { i: String(i) }, value: i % 500, buckets: null };
  });
  let looks = 0;
  let nowMs = 0;
  const metrics: Source['metrics'] = async () => {
    looks++;
    const family = { name: 'many', type: 'gauge' as const, help: '', unit: null, series };
    return { families: [family], missing: null };
  };
  const answers = metricAnswersOf({ metrics } as Source, () => nowMs);
  const read = () => answers['Metrics.read']({ name: 'many' }, {} as never);
  const [one, two] = await Promise.all([read(), read()]);
  expect(one).toEqual(two);
  expect(one.series.map(({ value }) => value)).toEqual(
    Array.from({ length: SERIES_MAX }, (_, i) => 499 - Math.floor(i / 2)),
  );
  expect([one.matching, one.all, looks]).toEqual([5 * SERIES_MAX, 5 * SERIES_MAX, 1]);
  nowMs = 101;
  expect((await read()).atMs).toBe(101);
  expect(looks).toBe(2);
});
