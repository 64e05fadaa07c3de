/** Which kinds of payload travel, exactly how they arrive, and which are refused with what path. */
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { RingmasterError } from '../../../src/hotpath/errors.ts';
import { cloneForLocal } from '../../../src/runtime/codec/index.ts';
import { DEPTH_MAX } from '../../../src/runtime/codec/marks.ts';
import { codeOf } from '../../hotpath/error-code.ts';
import { CodecLink } from './link.ts';
import { NO_REFS } from './no-refs.ts';

const withHole = [1, 2, 3];
delete withHole[1];
const detached = new ArrayBuffer(8);
structuredClone(detached, { transfer: [detached] });
class Account {
  owner = 'ann';
  toJSON(): string {
    return 'silently something else';
  }
}

const KEPT: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  true: true,
  false: false,
  zero: 0,
  'minus zero': -0,
  NaN: Number.NaN,
  infinity: Number.NEGATIVE_INFINITY,
  'largest integer': Number.MAX_SAFE_INTEGER,
  'smallest number': 5e-324,
  'empty text': '',
  'long text': 'Ringmaster '.repeat(500),
  'other scripts': 'Zürich, 東京, 🎪',
  'lone surrogate': 'a\ud800b',
  'byte order mark': `\ufeff${'long enough for the decoder of the engine '.repeat(3)}`,
  bigint: 12345678901234567890n,
  'wide bigint': -(2n ** 200n) + 7n,
  'very wide bigint': 3n ** 60000n,
  bytes: Uint8Array.of(1, 2, 255),
  'no bytes': new Uint8Array(0),
  'empty object': {},
  'empty array': [],
  'nested undefined': { a: undefined, b: [undefined, null, undefined] },
  'array that begins with undefined': [undefined, 1, 2],
  'array like a mark': [[undefined, 0], [undefined, 11, {}], [undefined]],
  'nested minus zero': { a: [-0, 0, { b: -0 }] },
  'nested texts': { a: ['\udc00', `\ufeff${'x'.repeat(100)}`, 'plain'] },
  'keys that are hard': {
    __keys__: 1,
    'a b': 2,
    '\ud800': 3,
    constructor: 4,
    hasOwnProperty: 5,
    7: 6,
  },
  'key __proto__': JSON.parse('{"a":1,"__proto__":{"polluted":true}}'),
  'keys of the packing library': { sharedLength: 1, length: 2, read: 3, toJSON: 4, __keys__: [5] },
  date: new Date(1_700_000_000_123),
  'date before 1970': new Date(-1.5e12),
  'far date': new Date(8.64e15),
  'invalid date': new Date(Number.NaN),
  regexp: /a+\ud83c/giu,
  'arraybuffer in an object': { a: Uint8Array.of(1, 2, 3).buffer },
  dataview: { a: new DataView(Uint8Array.of(9, 8).buffer) },
  map: new Map<unknown, unknown>([
    ['k', { v: [1] }],
    [{ key: 'object' }, undefined],
    [-0.5, new Map()],
  ]),
  set: new Set([1, 'a', undefined, null, [2]]),
  'wide object': Object.fromEntries(
    Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index]),
  ),
  'array of objects': Array.from({ length: 100 }, (_, index) => ({
    id: index,
    on: index % 2 === 0,
  })),
  ...Object.fromEntries(
    [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array]
      .map((make) => new make([1, 2, 250]))
      .map((view) => [view.constructor.name, { view }]),
  ),
  floats: [new Float32Array([1.5, Number.NaN]), new Float64Array([-0, 1e300])],
  bigints: [new BigInt64Array([-1n]), new BigUint64Array([2n ** 64n - 1n])],
};

describe('kinds that travel', () => {
  test.each(Object.entries(KEPT))(
    'codec - %s arrives as it was, remotely and locally',
    (_, payload) => {
      const link = new CodecLink();
      expect(link.send(payload)).toStrictEqual(payload);
      expect(link.send({ in: [payload] })).toStrictEqual({ in: [payload] });
      // Again: now every list of keys is known.
      expect(link.send({ in: [payload] })).toStrictEqual({ in: [payload] });
      expect(cloneForLocal({ in: [payload] }, NO_REFS)).toStrictEqual({ in: [payload] });
    },
  );

  test('codec - a Buffer arrives as the Uint8Array it is, in memory of its own', () => {
    const pooled = Buffer.from('pooled');
    for (const got of [new CodecLink().send(pooled), cloneForLocal(pooled, NO_REFS)]) {
      expect(got).toStrictEqual(new Uint8Array(pooled));
      expect((got as Uint8Array).buffer.byteLength).toBe(6);
    }
  });

  test('codec - a view carries its part of the memory, not the whole', () => {
    const whole = new Float64Array([1, 2, 3, 4]);
    const got = new CodecLink().send({ view: whole.subarray(1, 3) }) as { view: Float64Array };
    expect(got.view).toStrictEqual(new Float64Array([2, 3]));
    expect(got.view.buffer.byteLength).toBe(16);
  });

  test('codec - a null prototype arrives as a plain object, a proxy as what it shows', () => {
    const link = new CodecLink();
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(link.send(bare)).toStrictEqual({ a: 1 });
    const proxy = new Proxy({ a: 1 }, { get: () => 2 });
    expect(link.send({ proxy, list: new Proxy([3], {}) })).toStrictEqual({
      proxy: { a: 2 },
      list: [3],
    });
  });

  test('codec - a getter is read once', () => {
    let reads = 0;
    const payload = {
      get n() {
        reads += 1;
        return reads;
      },
    };
    expect(new CodecLink().send(payload)).toStrictEqual({ n: 1 });
    expect(reads).toBe(1);
  });

  test('codec - a getter that sends a payload itself harms neither', () => {
    const link = new CodecLink();
    const inner: unknown[] = [];
    const payload = {
      before: { deep: [1] },
      get n() {
        inner.push(link.send({ deep: { x: [1, { y: 2 }] } }));
        return 7;
      },
      after: [{ z: 3 }],
    };
    expect(link.send(payload)).toStrictEqual({ before: { deep: [1] }, n: 7, after: [{ z: 3 }] });
    expect(inner).toStrictEqual([{ deep: { x: [1, { y: 2 }] } }]);
  });

  test('codec - cycles and repeated references keep their identity', () => {
    type Node = { name: string; self?: Node; list: unknown[]; map: Map<unknown, unknown> };
    const date = new Date(5);
    const node: Node = { name: 'root', list: [date, date], map: new Map() };
    node.self = node;
    node.list.push(
      node.list,
      node.map,
      Array.from({ length: 20 }, () => ({ node })),
    );
    node.map.set(node, new Set([node.map]));
    for (const got of [new CodecLink().send(node), cloneForLocal(node, NO_REFS)] as Node[]) {
      expect(got.self).toBe(got);
      expect(got.list[0]).toBe(got.list[1]);
      expect(got.list[2]).toBe(got.list);
      expect(got.list[3]).toBe(got.map);
      expect((got.list[4] as { node: Node }[])[19]?.node).toBe(got);
      expect(got.map.get(got)).toStrictEqual(new Set([got.map]));
      expect(got).not.toBe(node);
    }
  });

  test('codec - the local copy is frozen and shares nothing', () => {
    const payload = { list: [{ a: 1 }], map: new Map([['k', { b: 2 }]]), bytes: Uint8Array.of(1) };
    const copy = cloneForLocal(payload, NO_REFS);
    payload.bytes[0] = 9;
    expect(copy.bytes[0]).toBe(1);
    expect(
      Object.isFrozen(copy) && Object.isFrozen(copy.list) && Object.isFrozen(copy.list[0]),
    ).toBe(true);
    expect(Object.isFrozen(copy.map.get('k'))).toBe(true);
    expect(Object.isFrozen(payload)).toBe(false);
  });
});

const REFUSED: readonly (readonly [string, unknown, string])[] = [
  ['a function', { items: [0, { onClose() {} }] }, 'payload.items[1].onClose'],
  ['a function alone', () => 1, 'payload'],
  ['a symbol', { a: Symbol('s') }, 'payload.a'],
  ['a promise', [Promise.resolve(1)], 'payload[0]'],
  ['a class instance', { 'the account': new Account() }, 'payload["the account"]'],
  ['a WeakMap', { a: new WeakMap() }, 'payload.a'],
  ['a stream', { a: { stream: Readable.from([]) } }, 'payload.a.stream'],
  ['shared memory', { a: new SharedArrayBuffer(8) }, 'payload.a'],
  ['a view of shared memory', new Uint8Array(new SharedArrayBuffer(8)), 'payload'],
  ['detached memory', { a: detached }, 'payload.a'],
  ['a hole', { a: withHole }, 'payload.a[1]'],
  ['a value of a Map', new Map([['k', { f: () => 1 }]]), 'payload.values()[0].f'],
  ['a key of a Map', new Map([[() => 1, 1]]), 'payload.keys()[0]'],
  ['a value of a Set', { s: new Set([1, () => 1]) }, 'payload.s.values()[1]'],
  ['a subclass of Map', { m: new (class Registry extends Map {})() }, 'payload.m'],
  ['a subclass of Array', { m: new (class Stack extends Array {})() }, 'payload.m'],
  ['a subclass of Uint8Array', { m: new (class Key extends Uint8Array {})(4) }, 'payload.m'],
  [
    'a throwing getter',
    {
      a: {
        get b(): number {
          throw new Error('no');
        },
      },
    },
    'payload.a',
  ],
];

describe('kinds that do not travel', () => {
  // Guards: D9
  test.each(REFUSED)(
    'codec - %s is an error at the sender that names the path',
    (_, payload, path) => {
      for (const send of [
        () => new CodecLink().send(payload),
        () => cloneForLocal(payload, NO_REFS),
      ]) {
        const error = caught(send);
        expect(error.code).toBe('RM_PAYLOAD_UNSUPPORTED');
        expect(error.data.path).toBe(path);
        expect(error.message).toContain(path);
      }
    },
  );

  test('codec - nesting is bounded by an error, not by the stack', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value };
      return value;
    };
    const link = new CodecLink();
    expect(link.send(nested(DEPTH_MAX))).toStrictEqual(nested(DEPTH_MAX));
    expect(codeOf(() => link.send(nested(DEPTH_MAX + 1)))).toBe('RM_PAYLOAD_UNSUPPORTED');
    expect(codeOf(() => link.send(nested(100_000)))).toBe('RM_PAYLOAD_UNSUPPORTED');
  });

  test('codec - a refused payload leaves the link as it was', () => {
    const link = new CodecLink();
    expect(codeOf(() => link.send({ a: { b: { c: () => 1 } } }))).toBe('RM_PAYLOAD_UNSUPPORTED');
    expect(link.send({ a: { b: { c: [{}] } } })).toStrictEqual({ a: { b: { c: [{}] } } });
  });

  test('codec - a payload beyond the limit says so, in every form', () => {
    const link = new CodecLink(NO_REFS, 1000);
    const large = [
      'x'.repeat(1001),
      new Uint8Array(1001),
      { a: 'x'.repeat(1001) },
      '東'.repeat(400),
    ];
    for (const payload of large) {
      expect(codeOf(() => link.send(payload))).toBe('RM_PAYLOAD_TOO_LARGE');
    }
    expect(link.send('x'.repeat(1000))).toBe('x'.repeat(1000));
    expect(link.send(new Uint8Array(1000))).toStrictEqual(new Uint8Array(1000));
  });
});

function caught(act: () => unknown): RingmasterError<string> {
  try {
    act();
  } catch (error) {
    if (error instanceof RingmasterError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
