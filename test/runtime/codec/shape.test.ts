/** Declared shapes: types, ranges, equal bytes from both codecs, versions that do not match. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect, expectTypeOf } from 'vitest';
import { RingmasterError } from '../../../src/hotpath/errors.ts';
import { type Shape, type ShapeOf, shape } from '../../../src/runtime/codec/index.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { CodecLink, interpretedShape } from './link.ts';

const SPEC = {
  sku: 'str',
  qty: 'u32',
  at: 'f64',
  ok: 'bool',
  tags: ['str'],
  pos: { x: 'f64', y: 'f64', deep: { small: 'u8', on: 'bool?' } },
  note: 'str?',
  temperature: 'i32',
  port: 'u16',
  total: 'int',
  raw: 'bytes',
  maybe: 'u8?',
  grid: [['i32']],
  lines: [{ name: 'str', price: 'f64', flag: 'bool', more: 'int?', small: 'u8', wide: 'u16' }],
  'a "name"': 'u32?',
} as const;
type Order = ShapeOf<typeof SPEC>;

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 250 }),
  fc.constant('\ud800'),
);
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const u16 = fc.integer({ min: 0, max: 65_535 });
const u8 = fc.integer({ min: 0, max: 255 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const record = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<{ [K in keyof T]: Value<T[K]> }>;
type Value<A> = A extends fc.Arbitrary<infer V> ? V : never;
const order: fc.Arbitrary<Order> = record({
  sku: text,
  qty: u32,
  at: fc.double(),
  ok: fc.boolean(),
  tags: fc.array(text),
  pos: record({
    x: fc.double(),
    y: fc.double(),
    deep: record({ small: u8, on: optional(fc.boolean()) }),
  }),
  note: optional(text),
  temperature: i32,
  port: u16,
  total: fc.maxSafeInteger(),
  raw: fc.uint8Array(),
  maybe: optional(u8),
  grid: fc.array(fc.array(i32)),
  lines: fc.array(
    record({
      name: text,
      price: fc.double(),
      flag: fc.boolean(),
      more: optional(fc.maxSafeInteger()),
      small: u8,
      wide: u16,
    }),
  ),
  'a "name"': optional(u32),
});

function errorOf(act: () => unknown): RingmasterError<string> {
  try {
    act();
  } catch (error) {
    if (error instanceof RingmasterError) return error;
  }
  throw new Error('no RingmasterError was thrown');
}

describe('declared shapes', () => {
  const generated = shape(SPEC);
  const interpreted = interpretedShape(SPEC);
  const link = new CodecLink();

  test.prop([order, fc.nat(7)])(
    'shape - both codecs write the same bytes, and read them back',
    (value, offset) => {
      const sent = link.encode(value, generated);
      expect(link.encode(value, interpreted)).toStrictEqual(sent);
      expect(link.decode(sent, generated as Shape)).toStrictEqual(value);
      expect(link.decode(sent, interpreted as Shape, offset)).toStrictEqual(value);
    },
  );

  test('shape - the type follows from the declaration', () => {
    expectTypeOf<Order['tags']>().toEqualTypeOf<string[]>();
    expectTypeOf<Order['note']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Order['pos']['x']>().toEqualTypeOf<number>();
    expectTypeOf(generated).toEqualTypeOf<Shape<Order>>();
    const small = shape({ id: 'str', note: 'str?' });
    // @ts-expect-error a number is no string
    expect(codeOf(() => link.encode({ id: 5 }, small))).toBe('RM_PAYLOAD_SHAPE');
    expect(link.send({ id: 'a' }, small)).toStrictEqual({ id: 'a', note: undefined });
  });

  test('shape - no fields, and more booleans than a word has bits', () => {
    expect(link.send({}, shape({}))).toStrictEqual({});
    const names = Array.from({ length: 70 }, (_, index) => `b${index}`);
    const spec = Object.fromEntries(names.map((name) => [name, 'bool'] as const));
    const value = Object.fromEntries(names.map((name, index) => [name, index % 3 === 0]));
    for (const made of [shape(spec), interpretedShape(spec)] as Shape[]) {
      expect(link.send<unknown>(value, made)).toStrictEqual(value);
    }
  });

  const good = { id: 'a', n: 1, on: true, list: [{ x: 1 }], raw: new Uint8Array(1), pos: { y: 2 } };
  const spec = {
    id: 'str',
    n: 'u32',
    on: 'bool',
    list: [{ x: 'u8' }],
    raw: 'bytes',
    pos: { y: 'i32' },
  } as const;
  const bad: readonly (readonly [string, unknown, string])[] = [
    ['a negative u32', { ...good, n: -1 }, 'payload.n'],
    ['a fraction', { ...good, n: 1.5 }, 'payload.n'],
    ['a bigint', { ...good, n: 1n }, 'payload.n'],
    ['text for a number', { ...good, n: '1' }, 'payload.n'],
    ['a number for text', { ...good, id: 1 }, 'payload.id'],
    ['a number for a boolean', { ...good, on: 1 }, 'payload.on'],
    ['an item out of range', { ...good, list: [{ x: 1 }, { x: 256 }] }, 'payload.list[1].x'],
    ['no list', { ...good, list: { length: 0 } }, 'payload.list'],
    ['shared bytes', { ...good, raw: new Uint8Array(new SharedArrayBuffer(1)) }, 'payload.raw'],
    ['a field inside', { ...good, pos: { y: 2 ** 31 } }, 'payload.pos.y'],
    ['no object inside', { ...good, pos: null }, 'payload.pos'],
    ['no object', 5, 'payload'],
    ['a field too few', { ...good, n: undefined }, 'payload.n'],
    ['a field too many', { ...good, extra: 1 }, 'payload.extra'],
    ['a field too many in an item', { ...good, list: [{ x: 1, y: 2 }] }, 'payload.list[0].y'],
    ['an object for a number', { ...good, n: { valueOf: () => 1 } }, 'payload.n'],
  ];
  test.each(bad)('shape - %s is refused at the sender with the path', (_, value, path) => {
    for (const made of [shape(spec), interpretedShape(spec)] as Shape[]) {
      const error = errorOf(() => link.encode<unknown>(value, made));
      expect(error.code).toBe('RM_PAYLOAD_SHAPE');
      expect(error.data.path).toBe(path);
      expect(link.send<unknown>(good, made)).toStrictEqual(good);
    }
  });

  test('shape - another version of the definition is corrupt and says so', () => {
    const [one, two] = [shape({ a: 'u32', b: 'u32' }), shape({ a: 'u32', c: 'u32' })];
    const sent = link.encode({ a: 1, b: 2 }, one);
    for (const other of [two, interpretedShape({ b: 'u32', a: 'u32' })] as Shape[]) {
      const error = errorOf(() => link.decode(sent, other));
      expect(error.code).toBe('RM_PAYLOAD_CORRUPT');
      expect(error.message).toContain('two versions of the definition');
    }
    expect(codeOf(() => link.decode(sent))).toBe('RM_PAYLOAD_CORRUPT');
  });

  test('shape - a declaration that is none is refused where it is made', () => {
    const declare = (bad: unknown) => codeOf(() => shape(bad as { a: 'str' }));
    const nested = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 'str');
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, 'u8']));
    const bads = [
      null,
      'str',
      ['str'],
      { a: 'u64' },
      { a: [] },
      { a: ['str?'] },
      { a: null },
      nested,
      wide,
    ];
    for (const each of [...bads, JSON.parse('{"__proto__":"str"}')]) {
      expect(declare(each)).toBe('RM_PAYLOAD_SHAPE');
    }
  });

  test('shape - a payload beyond the limit says so', () => {
    const small = new CodecLink(undefined, 100);
    const made = shape({ text: 'str', list: ['f64'] });
    expect(codeOf(() => small.encode({ text: 'x'.repeat(200), list: [] }, made))).toBe(
      'RM_PAYLOAD_TOO_LARGE',
    );
    const list = new Array<number>(10_000).fill(1);
    expect(codeOf(() => small.encode({ text: '', list }, made))).toBe('RM_PAYLOAD_TOO_LARGE');
    expect(new CodecLink().send({ text: 'x'.repeat(5000), list }, made)).toStrictEqual({
      text: 'x'.repeat(5000),
      list,
    });
  });
});
