/**
 * What holds for any payload and any bytes: a round trip is the identity, damage a value or an
 * error.
 */
import { isDeepStrictEqual } from 'node:util';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { RingmasterError } from '../../../src/hotpath/errors.ts';
import { cloneForLocal, FORM_MAX, shape } from '../../../src/runtime/codec/index.ts';
import { CodecLink, type Sent } from './link.ts';
import { NO_REFS } from './no-refs.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 60 }));
const loneText = fc
  .array(fc.integer({ min: 0xd700, max: 0xe010 }))
  .map((units) => String.fromCharCode(...units));
const leaf = fc.oneof(
  text,
  loneText,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(null, undefined, -0, Number.NaN),
  // Node's comparison takes two invalid dates for different ones; the table of kinds has one.
  fc.date({ noInvalidDate: true }),
  fc.uint8Array(),
  fc.float64Array(),
  fc.int16Array(),
);
const key = fc.oneof(text, loneText, fc.constantFrom('__proto__', '__keys__', 'constructor', '0'));
const { payload } = fc.letrec((tie) => ({
  payload: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('payload')),
    fc.array(fc.tuple(key, tie('payload'))).map(fieldsOf),
    fc.array(fc.tuple(tie('payload'), tie('payload'))).map((entries) => new Map(entries)),
    fc.array(tie('payload')).map((values) => new Set(values)),
  ),
}));

/** As Object.fromEntries, which defines `__proto__` as a field. */
function fieldsOf(entries: [string, unknown][]): object {
  return Object.fromEntries(entries);
}

/** The test runner's own comparison calls a field named `constructor` a class. */
function expectSame(got: unknown, expected: unknown): void {
  expect(isDeepStrictEqual(got, expected)).toBe(true);
}

/** A value, or the one error that damaged bytes may give. */
function damaged(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(RingmasterError);
    expect((error as RingmasterError<string>).code).toBe('RM_PAYLOAD_CORRUPT');
  }
  expect(Object.keys(Object.prototype)).toStrictEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

function eachDamage(sent: Sent, act: (damage: Sent) => void): void {
  for (let end = 0; end < sent.bytes.length; end += 1) {
    act({ form: sent.form, bytes: sent.bytes.slice(0, end) });
  }
  for (let bit = 0; bit < sent.bytes.length * 8; bit += 1) {
    const bytes = sent.bytes.slice();
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    act({ form: sent.form, bytes });
  }
}

const SAMPLES: readonly unknown[] = [
  { t: 1, n: 2 },
  { id: 'svc-12', ready: true, cpu: 0.42, list: [1, -7, 70_000, 'é', 2n ** 70n] },
  { when: new Date(5), r: /a+/g, map: new Map([['k', new Set([1])]]), bytes: Uint8Array.of(1, 2) },
  [
    undefined,
    Object.assign(new Error('no', { cause: { a: [1] } }), { stack: 'Error: no' }),
    new Float64Array([1]),
    -0,
    '\ud800',
  ],
  JSON.parse('{"__proto__":{"polluted":1},"text":"a text of more than sixteen bytes"}'),
  'text ü',
  5,
];

describe('any payload', () => {
  const link = new CodecLink();

  test.prop([payload])('codec - the round trip is the identity', (value) => {
    expectSame(link.send(value), value);
    expectSame(new CodecLink().send(value), value);
  });

  test.prop([payload])('codec - the local copy equals the remote one', (value) => {
    expectSame(cloneForLocal(value, NO_REFS), link.send(value));
  });

  test.prop([fc.array(payload, { maxLength: 4 })])(
    'codec - repeated values keep identity',
    (values) => {
      const [first] = values;
      const got = link.send([values, first, values]) as unknown[];
      expect(got[2]).toBe(got[0]);
      if (typeof first === 'object') expect(got[1]).toBe((got[0] as unknown[])[0]);
    },
  );
});

describe('any bytes', () => {
  test('codec - every bit flip and truncation is a value or RM_PAYLOAD_CORRUPT', () => {
    for (const sample of SAMPLES) {
      const link = new CodecLink();
      eachDamage(link.encode(sample), (damage) => {
        damaged(() => link.decode(damage));
        // And the link still works, with what it had learnt.
        expect(link.send(sample)).toStrictEqual(sample);
      });
    }
  });

  test('codec - every bit flip and truncation of a shape is a value or RM_PAYLOAD_CORRUPT', () => {
    const order = shape({
      id: 'str',
      ok: 'bool',
      n: 'u16?',
      tags: ['str'],
      at: [{ x: 'f64', b: 'bytes' }],
    });
    const value = {
      id: 'a',
      ok: true,
      n: 1,
      tags: ['é', 'b'],
      at: [{ x: 1, b: Uint8Array.of(1) }],
    };
    const link = new CodecLink();
    eachDamage(link.encode(value, order), (damage) => damaged(() => link.decode(damage, order)));
  });

  test.prop([fc.integer({ min: 0, max: FORM_MAX + 2 }), fc.uint8Array({ maxLength: 64 })])(
    'codec - random bytes in any form are a value or RM_PAYLOAD_CORRUPT',
    (form, bytes) => {
      const link = new CodecLink();
      link.send({ t: 1, n: { a: 2 } });
      damaged(() => link.decode({ form, bytes }));
      damaged(() => link.decode({ form, bytes }, shape({ t: 'f64' })));
      damaged(() => link.decoder.learn(bytes));
      damaged(() => link.decoder.decode(form, bytes, 10, 60));
    },
  );

  test('codec - deeply nested bytes are corrupt, not a stack overflow', () => {
    const link = new CodecLink();
    damaged(() =>
      link.decode({ form: link.encode([1]).form, bytes: new Uint8Array(1e6).fill(0x91) }),
    );
    expect(link.send({ a: [1] })).toStrictEqual({ a: [1] });
  });
});
