/**
 * Decoding of write requests: kernels and plain twin agree on everything, damaged bytes included; what
 * a protobuf library writes is read; limits hold before memory is written.
 */
import { fc, test as property } from '@fast-check/vitest';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { HEAD_WORD, SERIES_WORDS } from '../../../src/hotpath/ingest/request-layout.ts';
import {
  type Bench,
  bench,
  decode,
  double,
  field,
  LIMITS,
  label,
  literalBlock,
  request,
  STALE,
  sample,
  series,
  snappy,
  type TestSeries,
  varint,
} from './write-request.ts';

const wasm = bench('wasm');
const plain = bench('plain');

/** All that a decoding leaves behind. */
function outcome(on: Bench, body: Uint8Array, tenant = 't') {
  const decoding = decode(on, body, tenant);
  const { head, series: table, times, values, request: bytes } = on.slot;
  if (decoding.kind === 'refused') return { decoding, head: [...head.subarray(0, 7)] };
  const { series: count, samples } = decoding;
  return {
    decoding,
    bytes: Buffer.from(bytes.slice(0, head[HEAD_WORD.requestBytes])).toString('hex'),
    table: [...table.subarray(0, count * SERIES_WORDS)],
    times: [...times.subarray(0, samples)],
    values: new BigUint64Array(values.slice(0, samples).buffer),
  };
}

function expectSame(body: Uint8Array): void {
  // The heads of two memories keep what earlier requests left; a refused body writes none.
  wasm.slot.head.fill(0);
  plain.slot.head.fill(0);
  expect(outcome(wasm, body)).toEqual(outcome(plain, body));
}

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 2e12 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -1, 2 ** 53),
);
const anySeries: fc.Arbitrary<TestSeries> = fc.record({
  labels: fc.array(fc.tuple(fc.oneof(fc.constant('pod'), anyText), anyText), { maxLength: 12 }),
  samples: fc.array(fc.tuple(anyTime, fc.oneof(fc.double(), fc.constant(STALE))), {
    maxLength: 6,
  }),
});
const anyRequest = fc.array(anySeries, { maxLength: 20 }).map(request);

describe('kernels and twin', () => {
  property.prop([anyRequest])('ingest - the same columns of any request', (bytes) => {
    expectSame(snappy(bytes));
    expectSame(literalBlock(bytes));
  });

  property.prop([anyRequest, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 })])(
    'ingest - the same outcome of a damaged request',
    (bytes, damage) => {
      for (const [at, byte] of damage) bytes[at % Math.max(1, bytes.length)] = byte;
      expectSame(literalBlock(bytes));
    },
  );

  property.prop([
    anyRequest,
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
    fc.nat(),
  ])('ingest - the same outcome of a damaged or cut block', (bytes, damage, cut) => {
    const block = snappy(bytes);
    for (const [at, byte] of damage) block[at % block.length] = byte;
    expectSame(block);
    expectSame(block.subarray(0, cut % block.length));
  });

  property.prop([fc.uint8Array({ maxLength: 200 })])('ingest - the same of noise', (noise) => {
    expectSame(noise);
    expectSame(literalBlock(noise));
  });

  property.prop([
    fc.array(
      fc.oneof(
        fc.record({ literal: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
        fc.record({
          offset: fc.integer({ min: 1, max: 400 }),
          length: fc.integer({ min: 1, max: 64 }),
        }),
      ),
      { minLength: 1, maxLength: 40 },
    ),
  ])('ingest - copies of any length from any distance', (steps) => {
    const out: number[] = [];
    const block: number[] = [];
    for (const step of steps) {
      if ('literal' in step) {
        const count = step.literal.length - 1;
        block.push(
          ...(count < 60
            ? [count << 2]
            : count < 256
              ? [60 << 2, count]
              : [61 << 2, count & 255, count >> 8]),
        );
        block.push(...step.literal);
        out.push(...step.literal);
      } else if (step.offset <= out.length) {
        const { offset, length } = step;
        if (length >= 4 && length < 12 && offset < 2048 && offset % 2 === 0) {
          block.push(1 | ((length - 4) << 2) | ((offset >> 8) << 5), offset & 255);
        } else
          block.push(((length - 1) << 2) | (offset % 3 === 0 ? 3 : 2), offset & 255, offset >> 8);
        if ((block.at(-3) as number) % 4 === 3 && !(length >= 4 && length < 12 && offset % 2 === 0))
          block.push(0, 0);
        for (let i = 0; i < length; i += 1) out.push(out[out.length - offset] as number);
      }
    }
    // As a request it means nothing; the bytes are what is compared.
    const body = Uint8Array.from([...varint(out.length), ...block]);
    for (const on of [wasm, plain]) {
      const decoding = decode(on, body);
      if (decoding.kind === 'refused') expect(decoding.fault).not.toBe('corrupt');
      expect([...on.slot.request.subarray(0, out.length)]).toEqual(out);
    }
  });
});

describe('what a library writes', () => {
  const { root } = protobuf.parse(`
    syntax = "proto3";
    message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
    message MetricMetadata { int32 type = 1; string metric_family_name = 2; }
    message TimeSeries {
      repeated Label labels = 1;
      repeated Sample samples = 2;
      repeated Exemplar exemplars = 3;
      repeated Histogram histograms = 4;
    }
    message Label { string name = 1; string value = 2; }
    message Sample { double value = 1; int64 timestamp = 2; }
    message Exemplar { repeated Label labels = 1; double value = 2; }
    message Histogram { double sum = 3; }
  `);
  const type = root.lookupType('WriteRequest');

  test('ingest - series, samples, and what is counted only', () => {
    const message = {
      timeseries: [
        {
          labels: [{ name: '__name__', value: 'a' }],
          samples: [
            { value: 1.5, timestamp: 1_700_000_000_000 },
            { value: 0, timestamp: 0 },
            { value: -2, timestamp: -5 },
          ],
          exemplars: [{ labels: [], value: 1 }],
          histograms: [{ sum: 1 }, { sum: 2 }],
        },
        { labels: [], samples: [] },
      ],
      metadata: [{ type: 1, metricFamilyName: 'a' }],
    };
    const bytes = type.encode(type.fromObject(message)).finish();
    for (const on of [wasm, plain]) {
      expect(decode(on, snappy(bytes))).toEqual({
        kind: 'decoded',
        series: 2,
        samples: 3,
        exemplars: 1,
        histograms: 2,
        metadata: 1,
        requestBytes: bytes.length,
      });
      expect([...on.slot.times.subarray(0, 3)]).toEqual([1_700_000_000_000, 0, -5]);
      expect([...on.slot.values.subarray(0, 3)]).toEqual([1.5, 0, -2]);
    }
  });
});

describe('limits', () => {
  const refusal = (body: Uint8Array) => {
    const outcomes = [wasm, plain].map((on) => decode(on, body));
    expect(outcomes[0]).toEqual(outcomes[1]);
    const [one] = outcomes;
    return one?.kind === 'refused' ? one.fault : 'decoded';
  };
  const one: TestSeries = { labels: [['__name__', 'a']], samples: [[1, 1]] };

  test('ingest - a declared length above the limit writes nothing', () => {
    for (const on of [wasm, plain]) on.slot.request.fill(7);
    const { requestBytesMax } = LIMITS;
    expect(refusal(Uint8Array.from([...varint(requestBytesMax + 1), 0, 1]))).toBe('tooLarge');
    expect(refusal(Uint8Array.from([...varint(0xffff_ffff), 0, 1]))).toBe('tooLarge');
    expect(refusal(Uint8Array.from([...varint(2 ** 32), 0, 1]))).toBe('corrupt');
    for (const on of [wasm, plain]) expect(on.slot.request.every((byte) => byte === 7)).toBe(true);
  });

  test('ingest - a block that grows beyond what it declares ends there', () => {
    const bomb = [...varint(10), 0, 65];
    for (let i = 0; i < 1000; i += 1) bomb.push((63 << 2) | 2, 1, 0);
    for (const on of [wasm, plain]) on.slot.request.fill(7);
    expect(refusal(Uint8Array.from(bomb))).toBe('corrupt');
    for (const on of [wasm, plain]) expect(on.slot.request[10 + 64]).toBe(7);
  });

  test('ingest - each limit has its own word', () => {
    const many = (count: number, each: TestSeries) =>
      request(Array.from({ length: count }, () => each));
    const empty = { labels: one.labels, samples: [] };
    expect(refusal(snappy(many(LIMITS.seriesMax, empty)))).toBe('decoded');
    expect(refusal(snappy(many(LIMITS.seriesMax + 1, empty)))).toBe('tooManySeries');
    const samples = Array.from({ length: LIMITS.samplesMax / 2 }, (_, i) => [i, i] as const);
    const half = series({ labels: one.labels, samples });
    expect(refusal(snappy(Uint8Array.from([...half, ...half])))).toBe('decoded');
    const over = Uint8Array.from([...half, ...half, ...series(one)]);
    expect(refusal(snappy(over))).toBe('tooManySamples');
    const labels = (count: number) =>
      Array.from({ length: count }, (_, i) => [`l${i}`, 'v'] as const);
    expect(refusal(snappy(request([{ labels: labels(32), samples: [] }])))).toBe('decoded');
    expect(refusal(snappy(request([{ labels: labels(33), samples: [] }])))).toBe('tooManyLabels');
    const long = (bytes: number): TestSeries => ({
      labels: [['a', 'x'.repeat(bytes)]],
      samples: [],
    });
    expect(refusal(snappy(request([long(16_300)])))).toBe('decoded');
    expect(refusal(snappy(request([long(16_384)])))).toBe('labelsTooLong');
  });

  test('ingest - messages that are none, each refused whole', () => {
    const nothing: readonly number[] = [];
    const malformed: readonly (readonly number[])[] = [
      [0x0a],
      [0x0a, 5, 1],
      // A field that is there, in a form that it lacks; field 0; groups; a number that is too long.
      [0x08, 1],
      [0x02, 0],
      [0x0b],
      [0x0a, 0x80, 0],
      field(1, [0x08, 1]),
      field(1, field(2, [0x09, 1, 2])),
      field(1, field(2, [0x10, ...Array.from({ length: 10 }, () => 0xff), 1])),
    ];
    for (const bytes of malformed) {
      expect(refusal(literalBlock(Uint8Array.from([...nothing, ...bytes]))), String(bytes)).toBe(
        'malformed',
      );
    }
    const apart = field(1, [...label(['a', 'b']), ...sample([1, 1]), ...label(['c', 'd'])]);
    expect(refusal(literalBlock(Uint8Array.from(apart)))).toBe('labelsApart');
  });

  test('ingest - fields that nobody knows are passed over', () => {
    const strange = [0x28, 1, 0x31, ...double(1), 0x3d, 0, 0, 0, 0, ...field(9, [1, 2])];
    const bytes = Uint8Array.from([
      ...strange,
      ...field(1, [
        ...label(['__name__', 'a']),
        ...strange,
        ...field(2, [0x10, 7, 0x09, ...double(3), ...strange]),
      ]),
    ]);
    expect(refusal(literalBlock(bytes))).toBe('decoded');
    expect([wasm.slot.times[0], wasm.slot.values[0]]).toEqual([7, 3]);
  });
});
