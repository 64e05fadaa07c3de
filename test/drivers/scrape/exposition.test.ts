/** What an instance exposes, read: formats, edges, garbage, and the same as prom-client has written. */
import { fc, test as property } from '@fast-check/vitest';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ExpositionReader, wantedMetrics } from 'ringmaster/drivers';
import { describe, expect, test } from 'vitest';
import { specOf } from '../process/process-rig.ts';

const read = (names: readonly string[], text: string) =>
  new ExpositionReader(names).read(new TextEncoder().encode(text));
const sumOf = (name: string, text: string) => read([name], text).metrics[0]?.sum;

describe('formats', () => {
  test('exposition - what prom-client writes is read: counters, gauges, histograms', async () => {
    const register = new Registry();
    const registers = [register];
    const hits = new Counter({
      name: 'hits_total',
      help: 'h "quoted" \\ {}',
      labelNames: ['a'],
      registers,
    });
    const depth = new Gauge({ name: 'depth', help: 'd', labelNames: ['q'], registers });
    const took = new Histogram({ name: 'took_seconds', help: 't', registers });
    hits.inc({ a: 'x' }, 3);
    hits.inc({ a: 'y"}{\\ \n1' }, 4);
    depth.set({ q: 'one' }, -2.5);
    depth.set({ q: 'two' }, 1e-9);
    took.observe(0.3);
    took.observe(7);
    const text = await register.metrics();
    const names = ['hits_total', 'depth', 'took_seconds_sum', 'took_seconds_count'];
    expect(read(names, text)).toMatchObject({
      malformed: 0,
      metrics: [
        { name: 'hits_total', kind: 'counter', sum: 7, series: 2 },
        { name: 'depth', kind: 'gauge', sum: -2.5 + 1e-9, series: 2 },
        { name: 'took_seconds_sum', kind: 'counter', sum: 7.3 },
        { name: 'took_seconds_count', kind: 'counter', sum: 2 },
      ],
    });
  });

  test('exposition - OpenMetrics: families with a suffix, times, exemplars, the end', () => {
    const text = [
      '# TYPE foo counter',
      '# UNIT foo seconds',
      'foo_total{a="b"} 17.0 1520879607.789 # {trace_id="x"} 0.67 1520879606',
      'foo_created{a="b"} 1520872607.123',
      '# TYPE bar gauge',
      'bar 3',
      '# EOF',
      '',
    ].join('\n');
    expect(read(['foo_total', 'bar'], text).metrics).toEqual([
      { name: 'foo_total', kind: 'counter', sum: 17, series: 1 },
      { name: 'bar', kind: 'gauge', sum: 3, series: 1 },
    ]);
  });

  test('exposition - blanks, carriage returns, no newline at the end, infinities', () => {
    expect(sumOf('a', '\n\n  a \t 5  \r\n')).toBe(5);
    expect(sumOf('a', 'a 6')).toBe(6);
    expect(sumOf('a', 'a{} +Inf\n')).toBe(Number.POSITIVE_INFINITY);
    expect(sumOf('a', 'a -inf\na{x="1"} +Inf\n')).toBeNaN();
    expect(sumOf('a', 'a NaN')).toBeNaN();
    expect(sumOf('a', 'a .5\na{x="1"} 1.e3\na{x="2"} +2')).toBe(1002.5);
  });
});

describe('garbage', () => {
  test('exposition - a bad line is counted, and costs no other', () => {
    const bad = ['a', 'a{', 'a{b="c"', 'a{b="c} 1', 'a x', 'a 0x10', 'a 1_000', 'a {} ', '{} 1'];
    for (const line of bad) {
      expect(read(['a'], `a 1\n${line}\na{x="1"} 2\n`), line).toMatchObject({
        malformed: 1,
        metrics: [{ sum: 3, series: 2 }],
      });
    }
  });

  test('exposition - what nobody asks for is not looked at', () => {
    expect(read(['a'], 'aa{ 1\nb nonsense\na 1\n')).toMatchObject({
      samples: 3,
      malformed: 0,
      metrics: [{ sum: 1 }],
    });
    expect(read([], 'a 1\n').metrics).toEqual([]);
  });

  property.prop([fc.uint8Array({ maxLength: 300 })])(
    'exposition - any bytes are read to their end, and say nothing that is not there',
    (bytes) => {
      const { samples, malformed, metrics } = new ExpositionReader(['a', 'b']).read(bytes);
      expect(malformed).toBeLessThanOrEqual(samples);
      expect(metrics.reduce((sum, { series }) => sum + series, 0)).toBeLessThanOrEqual(samples);
    },
  );

  property.prop([
    fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'ab', 'b', 'other'),
        label: fc.string({ unit: 'grapheme', maxLength: 8 }),
        value: fc.integer({ min: -1e6, max: 1e6 }),
      }),
      { maxLength: 30, selector: ({ name, label }) => `${name} ${label}` },
    ),
  ])('exposition - sums are those of the samples, whatever their labels hold', (samples) => {
    const quoted = (text: string): string =>
      text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    const text = samples
      .map(({ name, label, value }) => `${name}{l="${quoted(label)}"} ${value}`)
      .join('\n');
    // A carriage return or another line break inside a label is part of it.
    const { metrics } = read(['a', 'ab'], text);
    for (const name of ['a', 'ab']) {
      const own = samples.filter((one) => one.name === name);
      const found = metrics.find((one) => one.name === name);
      expect(found?.series ?? 0).toBe(own.length);
      expect(found?.sum ?? 0).toBe(own.reduce((sum, { value }) => sum + value, 0));
    }
  });
});

test('exposition - wanted is what a service scales and is analysed by, and routers do not count', () => {
  const spec = specOf({
    autoscale: {
      min: 1,
      max: 5,
      metric: { name: 'series', target: 10 },
      metrics: [{ name: 'cpu', target: 50 }],
    },
    resources: { cpu: '1' },
    rollout: {
      strategy: 'rolling',
      analysis: [
        { metric: 'error_ratio', max: '1%' },
        { metric: 'lag', max: 3 },
        { metric: 'series', max: 100 },
      ],
    },
  });
  expect(wantedMetrics(spec)).toEqual(['series', 'lag']);
});

describe('twice', () => {
  test('exposition - of a series that comes twice the first sample stays, the others are malformed', () => {
    const text = 'a{x="1"} 1\na{x="2"} 2\na{x="1"} 4\na{x="1"} 8 1700000000000\nb 1\nb 1\n';
    expect(read(['a'], text)).toMatchObject({ malformed: 2, metrics: [{ sum: 3, series: 2 }] });
    expect(read(['b'], text)).toMatchObject({ malformed: 1, metrics: [{ sum: 1, series: 1 }] });
    // One that cannot be read was none.
    expect(read(['a'], 'a x\na 2\n')).toMatchObject({ malformed: 1, metrics: [{ sum: 2 }] });
  });

  test('exposition - a series that was there before and comes twice now is found, wherever', () => {
    const lines = Array.from({ length: 200 }, (_, i) => `a{x="${i}"} 1`);
    for (const at of [0, 1, 100, 199, 200]) {
      for (const [of, value] of [0, 5, 199].flatMap((i) => [
        [i, '64'],
        [i, '0.30000000000000004'],
      ]) as [number, string][]) {
        const reader = new ExpositionReader(['a']);
        const bytes = (all: readonly string[]): Uint8Array =>
          new TextEncoder().encode(all.join('\n'));
        reader.read(bytes(lines));
        reader.read(bytes(lines));
        const first = at <= of ? Number(value) : 1;
        const found = reader.read(bytes(lines.toSpliced(at, 0, `a{x="${of}"} ${value}`)));
        expect(found).toMatchObject({ samples: 201, malformed: 1 });
        expect(found.metrics[0]).toMatchObject({ series: 200, sum: 199 + first });
      }
    }
  });

  test('exposition - labels that a known name has got make another series', () => {
    const reader = new ExpositionReader(['a']);
    const of = (text: string) => reader.read(new TextEncoder().encode(text));
    of('a 1\na {x="1"} 2\n');
    expect(of('a {x="1"} 4\na {x="1"} 2\n')).toMatchObject({ malformed: 1, metrics: [{ sum: 4 }] });
  });
});

describe('again and again', () => {
  const names = ['a', 'b_total', 'c.d'];
  const anyLine = fc.oneof(
    fc
      .tuple(
        fc.constantFrom(
          'a',
          'b_total',
          'other',
          'a{x="1"}',
          'a{x="}\\""}',
          'a {x="1"}',
          'other {x="1"}',
          '{"c.d",x="1"}',
          ' a',
          'a \t',
        ),
        fc.constantFrom(' ', '  ', '\t', ''),
        fc.oneof(
          fc.integer().map(String),
          fc.double().map(String),
          fc.constantFrom(
            'NaN',
            '+Inf',
            '1e5',
            '.5',
            '1.',
            '1..2',
            '-',
            '',
            'x',
            '00012',
            '9'.repeat(20),
          ),
          fc.constantFrom(
            '1 1700000000000',
            '3 # {id="x"} 4',
            '5\r',
            '-0',
            '0.1',
            '1234567.0000001',
          ),
        ),
      )
      .map((parts) => parts.join('')),
    fc.constantFrom(
      '# TYPE a gauge',
      '# TYPE a counter',
      '# HELP a b',
      '# EOF',
      '',
      '#',
      '{} 1',
      'a{',
    ),
  );

  property.prop([
    fc.array(anyLine, { maxLength: 30 }),
    fc.array(
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'insert', 'remove'), anyLine), {
        maxLength: 4,
      }),
      {
        maxLength: 6,
      },
    ),
    fc.boolean(),
  ])(
    'exposition - what a reader remembers of the last text changes nothing',
    (first, edits, hasEnd) => {
      const reader = new ExpositionReader(names);
      const lines = [...first];
      for (const edit of [[], [], ...edits]) {
        for (const [at, how, line] of edit) {
          const place = at % Math.max(1, lines.length);
          if (how === 'remove') lines.splice(place, 1);
          else lines.splice(place, how === 'set' ? 1 : 0, line);
        }
        const text = lines.join('\n') + (hasEnd ? '\n' : '');
        expect(reader.read(new TextEncoder().encode(text)), text).toEqual(read(names, text));
      }
    },
  );

  property.prop([fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())])(
    'exposition - a number that is read twice is the number that it is',
    (value) => {
      for (const text of [String(value), value.toFixed(3), value.toFixed(6)]) {
        const reader = new ExpositionReader(['a']);
        const body = new TextEncoder().encode(`a ${text}\n`);
        reader.read(body);
        expect(reader.read(body).metrics[0]?.sum).toBe(0 + Number(text));
      }
    },
  );

  test('exposition - names in quotes, with escapes, and what is none', () => {
    expect(sumOf('http.status', '{"http.status",code="200"} 3\n{"http.status"} 4\n')).toBe(7);
    expect(sumOf('a"b\\c\nd', '{"a\\"b\\\\c\\nd"} 5\n')).toBe(5);
    expect(read(['x'], '{"x" 1\n{"x"=1} 2\n{x="y"} 3\n{"x}\n').malformed).toBe(4);
    expect(sumOf('ü', '{ "ü" , a="b" } 6\n')).toBe(6);
  });

  test('exposition - a text too large to remember is read all the same', () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `a{x="${'y'.repeat(80)}${i}"} 1`).join(
      '\n',
    );
    const reader = new ExpositionReader(['a']);
    const body = new TextEncoder().encode(text);
    for (let i = 0; i < 2; i++) expect(reader.read(body).metrics[0]?.sum).toBe(60_000);
    const twice = new TextEncoder().encode(`${text}\n${text}`);
    expect(reader.read(twice)).toMatchObject({ malformed: 60_000, metrics: [{ sum: 60_000 }] });
  });
});
