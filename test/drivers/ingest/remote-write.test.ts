/**
 * Remote write by HTTP, on real threads: what is sent is added up and shown, every sample is counted once
 * whoever owns it, what cannot be taken gets its own answer, and an aggregator that crashes loses its own.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { type System, start } from 'ringmaster';
import {
  type Ingest,
  type IngestOptions,
  reserveIngest,
  SAMPLE_OUTCOMES,
  startIngest,
} from 'ringmaster/drivers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  literalBlock,
  request,
  snappy,
  type TestLabels,
  type TestSeries,
  varint,
} from '../../hotpath/ingest/write-request.ts';

const OPTIONS: IngestOptions = {
  port: 0,
  aggregators: 2,
  rules: [{ metric: null, labels: ['pod'] }],
  limits: {
    bodyBytesMax: 65_536,
    requestBytesMax: 262_144,
    seriesMax: 500,
    samplesMax: 2000,
    labelsMax: 20,
    requestMsMax: 400,
    connectionsMax: 16,
    inputsPerMetricMax: 300,
  },
};
const HEADERS = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' };

let system: System;
let ingest: Ingest;
beforeAll(async () => {
  const reservation = reserveIngest(OPTIONS);
  system = await start({ threads: reservation.threads, spare: false });
  ingest = await startIngest(system, reservation);
});
afterAll(async () => {
  await ingest.stop();
  await system.close();
});

const url = (path: string): string => `http://127.0.0.1:${ingest.port}${path}`;

async function send(body: Uint8Array, headers: Record<string, string> = {}) {
  const answer = await fetch(url('/api/v1/write'), {
    method: 'POST',
    body: Buffer.from(body),
    headers: { ...HEADERS, ...headers },
  });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

const write = (list: readonly TestSeries[], headers = {}) => send(snappy(request(list)), headers);
const named = (metric: string, labels: TestLabels = []): TestLabels => [
  ['__name__', metric],
  ...labels,
];
const aggregated = async (): Promise<string> => (await fetch(url('/metrics/aggregated'))).text();
const sampleCount = async (): Promise<number> => {
  const { samples } = await ingest.figures();
  return SAMPLE_OUTCOMES.reduce((sum, outcome) => sum + samples[outcome], 0);
};

describe('written', () => {
  test('remote write - sums without pods, over both aggregators, are shown as text', async () => {
    const before = await sampleCount();
    const list = (time: number, value: number) =>
      Array.from({ length: 100 }, (_, i) => ({
        labels: named('shown_total', [
          ['path', `/p/${i % 10}`],
          ['pod', `pod-${i}`],
        ]),
        samples: [[time, value + i] as const],
      }));
    expect((await write(list(1000, 5))).status).toBe(204);
    expect((await write(list(2000, 7))).status).toBe(204);
    const lines = (await aggregated()).split('\n').filter((line) => line.startsWith('shown_total'));
    const wanted = Array.from({ length: 10 }, (_, i) => `shown_total{path="/p/${i}"} 20`);
    expect(lines).toEqual(wanted);
    expect(await sampleCount()).toBe(before + 200);
    const { aggregators } = await ingest.figures();
    expect(aggregators.map(({ inputs }) => inputs > 0)).toEqual([true, true]);
  });

  test('remote write - the same again is counted as the same, and changes nothing', async () => {
    const list = [
      {
        labels: named('again_total'),
        samples: [
          [1, 1],
          [2, 5],
        ] as const,
      },
    ];
    await write(list);
    const before = await ingest.figures();
    expect((await write(list)).status).toBe(204);
    const after = await ingest.figures();
    expect(after.samples.accepted).toBe(before.samples.accepted);
    // The first of the two is older than the last one.
    expect(after.samples.duplicates + after.samples.late).toBe(
      before.samples.duplicates + before.samples.late + 2,
    );
    expect(await aggregated()).toContain('\nagain_total 4\n');
  });

  test('remote write - the sums of one metric alone', async () => {
    await write([
      { labels: named('one_of_them', [['a', '1']]), samples: [[1, 3]] },
      { labels: named('another_of_them'), samples: [[1, 4]] },
    ]);
    const answer = await fetch(url('/metrics/aggregated?metric=one_of_them'));
    expect(await answer.text()).toBe('# TYPE one_of_them gauge\none_of_them{a="1"} 3\n');
    const other = await fetch(url('/metrics/aggregated?metric=nobody'));
    expect([other.status, await other.text()]).toEqual([200, '']);
  });

  test('remote write - a tenant has series of its own, and a label that says whose', async () => {
    await write([{ labels: named('mine'), samples: [[1, 3]] }], { 'x-scope-orgid': 'me' });
    await write([{ labels: named('mine', [['a', 'x"\\\n']]), samples: [[1, 4]] }]);
    const text = await aggregated();
    expect(text).toContain('mine{tenant="me"} 3\n');
    expect(text).toContain('mine{a="x\\"\\\\\\n"} 4\n');
  });

  test('remote write - what is no series is refused with a reason, the rest is taken', async () => {
    const answer = await write([
      { labels: named('taken'), samples: [[1, 1]] },
      { labels: [['job', 'x']], samples: [[1, 1]] },
    ]);
    expect(answer.status).toBe(400);
    expect(answer.text).toMatch(/^refused 1 of 2 series, the others were taken\..*__name__/);
    expect(await aggregated()).toContain('taken 1\n');
  });

  test('remote write - beyond the limit of a metric samples overflow, by name', async () => {
    for (const from of [0, 400]) {
      const list = Array.from({ length: 400 }, (_, i) => ({
        labels: named('wide', [['id', `${from + i}`]]),
        samples: [[1, 1] as const],
      }));
      expect((await write(list)).status).toBe(204);
    }
    const { aggregators } = await ingest.figures();
    const over = aggregators
      .flatMap(({ overflows }) => overflows)
      .filter((o) => o.metric === 'wide');
    expect(over.reduce((sum, { samples }) => sum + samples, 0)).toBe(200);
  });

  // Guards: HOT-20
  test('remote write - an aggregator that crashes forgets its own, which is counted', async () => {
    const list = (time: number, value: number) =>
      Array.from({ length: 50 }, (_, i) => ({
        labels: named('crashed_total', [['path', `${i}`]]),
        samples: [[time, value] as const],
      }));
    await write(list(1, 10));
    await write(list(2, 11));
    const held = (await ingest.figures()).aggregators.map(({ inputs }) => inputs);
    const victim = system.lookup('/ingest/aggregator-0');
    await victim?.ask('take', { slot: 99, tenant: '' }).catch(() => undefined);
    // Until it is back senders are told to send again.
    let answer = await write(list(3, 12));
    while (answer.status === 503) {
      expect(answer.headers.get('retry-after')).toBe('1');
      answer = await write(list(3, 12));
    }
    expect(answer.status).toBe(204);
    await write(list(4, 13));
    const figures = await ingest.figures();
    expect(figures).toMatchObject({ aggregatorRestarts: 1, inputsLost: held[0] });
    const sums = (await aggregated()).match(/(?<=crashed_total\{path="\d+"\} )\d+/g) ?? [];
    // Whole series begin anew, and the first sample of each is what it grows from.
    expect(new Set(sums)).toEqual(new Set(['1', '3']));
    expect(sums).toHaveLength(50);
  });
});

let clock = 1_700_000_000_000;

describe('refused', () => {
  const good = () => snappy(request([{ labels: named('g'), samples: [[++clock, 1]] }]));
  const cases: readonly (readonly [
    string,
    () => Promise<{ status: number; text: string }>,
    number,
    RegExp,
  ])[] = [
    ['no snappy', () => send(Uint8Array.of(1, 2, 3)), 400, /snappy/],
    ['empty', () => send(new Uint8Array(0)), 400, /snappy/],
    ['no protobuf', () => send(literalBlock(Uint8Array.of(1, 2, 3))), 400, /WriteRequest/],
    ['a bomb', () => send(Uint8Array.from([...varint(0xffff_ffff), 0, 1])), 413, /262144 bytes/],
    ['a body too long', () => send(new Uint8Array(70_000)), 413, /65536 bytes/],
    ['other encoding', () => send(good(), { 'content-encoding': 'gzip' }), 415, /snappy/],
    ['other type', () => send(good(), { 'content-type': 'text/plain' }), 415, /x-protobuf/],
    [
      'version 2',
      () =>
        send(good(), {
          'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
        }),
      415,
      /prometheus.WriteRequest/,
    ],
    ['a strange tenant', () => send(good(), { 'x-scope-orgid': 'a"b' }), 400, /tenant/],
    [
      'many labels',
      () =>
        write([
          { labels: Array.from({ length: 5000 }, (_, i) => [`l${i}`, 'v'] as const), samples: [] },
        ]),
      400,
      /more than 20 labels/,
    ],
    [
      'many series',
      () => write(Array.from({ length: 501 }, () => ({ labels: named('m'), samples: [] }))),
      413,
      /more than 500 series/,
    ],
    [
      'many samples',
      () =>
        write([
          { labels: named('m'), samples: Array.from({ length: 2001 }, (_, i) => [i, i] as const) },
        ]),
      413,
      /more than 2000 samples/,
    ],
  ];
  for (const [name, act, status, text] of cases) {
    test(`remote write - ${name}: its own answer, nothing taken, others served`, async () => {
      const before = await sampleCount();
      const answer = await act();
      expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(text)]);
      expect(await sampleCount()).toBe(before);
      expect((await send(good())).status).toBe(204);
    });
  }

  test('remote write - other methods and paths', async () => {
    expect((await fetch(url('/api/v1/write'))).status).toBe(405);
    expect((await fetch(url('/api/v1/write'), { method: 'PUT', body: 'x' })).status).toBe(405);
    expect((await fetch(url('/'))).status).toBe(404);
    expect((await fetch(url('/metrics/aggregated'), { method: 'POST', body: '' })).status).toBe(
      404,
    );
  });
});

describe('hostile connections', () => {
  /** Says something, and waits until the other side has hung up. */
  async function say(...pieces: readonly string[]): Promise<string> {
    const socket = connect(ingest.port, '127.0.0.1');
    await once(socket, 'connect');
    let heard = '';
    socket.on('data', (piece) => {
      heard += piece.toString();
    });
    socket.on('error', () => undefined);
    for (const piece of pieces) socket.write(piece);
    await once(socket, 'close');
    return heard.split('\r\n')[0] ?? '';
  }

  const head = (length: number): string =>
    'POST /api/v1/write HTTP/1.1\r\nhost: a\r\ncontent-encoding: snappy\r\n' +
    `content-type: application/x-protobuf\r\ncontent-length: ${length}\r\n\r\n`;

  test('remote write - garbage, a head without end, a body that never comes', async () => {
    expect(await say('\u0000\u0001garbage\r\n\r\n')).toMatch(/400/);
    expect(await say(`GET / HTTP/1.1\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)).toMatch(/400|431/);
    expect(await say('POST /api/v1/write HT')).toMatch(/400|408|^$/);
    expect(await say(head(1000), 'abc')).toMatch(/400|408|^$/);
    expect((await fetch(url('/metrics/aggregated'))).status).toBe(200);
  });

  test('remote write - a sender that hangs up in the middle costs nothing', async () => {
    const before = await sampleCount();
    for (let i = 0; i < 20; i++) {
      const socket = connect(ingest.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.on('error', () => undefined);
      socket.write(head(1000));
      socket.write('abc');
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    expect((await fetch(url('/metrics/aggregated'))).status).toBe(200);
    expect(await sampleCount()).toBe(before);
  });

  test('remote write - half closed: hung up on, and sent again it is the same', async () => {
    const body = snappy(request([{ labels: named('half'), samples: [[1, 1]] }]));
    const socket = connect({ port: ingest.port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(head(body.length));
    socket.end(body);
    await once(socket, 'close');
    expect((await send(body)).status).toBe(204);
    expect(await aggregated()).toContain('\nhalf 1\n');
  });

  test('remote write - more connections than there may be are hung up on, and room comes back', async () => {
    const sockets = Array.from({ length: 40 }, () => connect(ingest.port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined);
    await Promise.all(
      sockets.map((socket) => Promise.race([once(socket, 'close'), once(socket, 'connect')])),
    );
    for (const socket of sockets) socket.destroy();
    const body = snappy(request([{ labels: named('room'), samples: [[1, 1]] }]));
    let status = 0;
    while (status !== 204)
      status = await send(body).then(
        (answer) => answer.status,
        () => 0,
      );
  });
});
