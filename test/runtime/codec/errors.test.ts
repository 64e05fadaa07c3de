/**
 * Errors as data: what survives of each kind, what is described in words, and stacks put together.
 */
import { describe, expect, test } from 'vitest';
import { RingmasterError } from '../../../src/hotpath/errors.ts';
import {
  errorRecord,
  isErrorRecord,
  reviveError,
  reviveThrown,
} from '../../../src/runtime/codec/error-record.ts';
import { appendStack, cloneForLocal, thrownRecord } from '../../../src/runtime/codec/index.ts';
import { CodecLink } from './link.ts';
import { NO_REFS } from './no-refs.ts';

class Overdrawn extends RangeError {
  override readonly name = 'Overdrawn';
  readonly code = 'E_OVERDRAWN';
  readonly data = { cents: 5, at: new Date(1), socket: new WeakMap(), tried: [() => 1] };
}

/** Everything that promise D9 lists, as plain data. */
function surviving(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return { thrown };
  const { name, message, stack, cause } = thrown;
  const { code, data, errors } = thrown as { code?: unknown; data?: unknown; errors?: unknown[] };
  const inner = Object.hasOwn(thrown, 'cause') ? surviving(cause) : 'none';
  return { name, message, stack, code, data, cause: inner, errors: errors?.map(surviving) };
}

const cyclic = new Error('cyclic');
cyclic.cause = new Error('inner', { cause: cyclic });
const hostile = Object.defineProperty(new Error('hostile'), 'code', {
  get: () => {
    throw new Error('not even this');
  },
});

const KEPT: readonly (readonly [string, Error, new () => Error])[] = [
  ['an Error', new Error('plain'), Error as new () => Error],
  ['a TypeError', new TypeError('type'), TypeError as new () => Error],
  [
    'a RangeError with a cause',
    new RangeError('range', { cause: new SyntaxError('s') }),
    RangeError as never,
  ],
  ['a cause that is no error', new Error('e', { cause: { why: ['a', 1n, null] } }), Error as never],
  ['a cause that is undefined', new Error('e', { cause: undefined }), Error as never],
  [
    'an AggregateError',
    new AggregateError([new URIError('u'), 'text', 5], 'many'),
    AggregateError as never,
  ],
  [
    'a RingmasterError',
    new RingmasterError('RM_ASSERT', 'why', { n: 1 }, new Error('c')),
    RingmasterError as never,
  ],
  ['an AbortError', new DOMException('gone', 'AbortError'), Error as never],
  ['a system error', Object.assign(new Error('no file'), { code: 'ENOENT' }), Error as never],
  [
    'an error with another name',
    Object.assign(new TypeError('t'), { name: 'Odd' }),
    Error as never,
  ],
];

describe('errors as data', () => {
  // Guards: D9
  test.each(KEPT)('errors - %s arrives with all that is promised', (_, error, kind) => {
    for (const got of [
      reviveError(errorRecord(error)),
      new CodecLink().send(error),
      (new CodecLink().send({ list: [error] }) as { list: unknown[] }).list[0],
      cloneForLocal({ error }, NO_REFS).error,
    ]) {
      expect(got).toBeInstanceOf(kind);
      expect(surviving(got)).toStrictEqual(surviving(error));
    }
  });

  test('errors - a class that is not built in arrives as Error with its name, code and data', () => {
    const got = new CodecLink().send(new Overdrawn('5 cents')) as Overdrawn;
    expect(got).toBeInstanceOf(Error);
    expect([got.name, got.message, got.code]).toStrictEqual([
      'Overdrawn',
      '5 cents',
      'E_OVERDRAWN',
    ]);
    expect(got.data).toStrictEqual({
      cents: 5,
      at: new Date(1),
      socket: '[an instance of WeakMap]',
      tried: ['[a function]'],
    });
  });

  test('errors - cycles end in words, and a getter that throws does not spread', () => {
    const got = reviveError(errorRecord(cyclic));
    expect((got.cause as Error).message).toBe('inner');
    expect((got.cause as Error).cause).toBe('[circular Error: cyclic]');
    expect(reviveError(errorRecord(hostile)).message).toBe('hostile');
    const data: { self?: unknown } = {};
    data.self = data;
    expect(reviveError(errorRecord(Object.assign(new Error('d'), { data })))).toMatchObject({
      data: { self: '[circular]' },
    });
  });

  test('errors - chains are cut at the depth asked for', () => {
    const chain = Array.from({ length: 50 }).reduce<Error>(
      (cause, _, index) => new Error(`level ${index}`, { cause }),
      new Error('root'),
    );
    const got = reviveError(errorRecord(chain, 2));
    expect((got.cause as Error).message).toBe('level 48');
    expect((got.cause as Error).cause).toBe('[Error: level 47]');
    expect(new CodecLink().send(chain)).toBeInstanceOf(Error);
  });

  test.each([['text'], [null], [undefined], [5], [{ a: [1] }]])(
    'errors - %s can be thrown, too',
    (thrown) => {
      expect(reviveThrown(thrownRecord(thrown))).toStrictEqual(thrown);
    },
  );

  test('errors - one error twice in a payload arrives as one', () => {
    const error = new Error('once');
    const got = new CodecLink().send({ a: error, b: [error] }) as { a: Error; b: Error[] };
    expect(got.b[0]).toBe(got.a);
  });

  test('errors - only records pass for records', () => {
    expect(isErrorRecord(errorRecord(new AggregateError([1], 'm', { cause: 2 })))).toBe(true);
    const bads = [null, 5, {}, { name: 'a' }, { name: 'a', message: 'b', errors: [1] }];
    for (const bad of [...bads, { name: 'a', message: 'b', cause: {} }]) {
      expect(isErrorRecord(bad)).toBe(false);
    }
  });

  test('errors - the stack of the asker is appended under a label', () => {
    const error = new Error('in the handler');
    const own = error.stack as string;
    const asker = 'Error: asked\n    at ask (cart.ts:1:2)\n    at main (main.ts:3:4)';
    expect(appendStack(error, asker, 'asked by')).toBe(error);
    expect(error.stack).toBe(
      `${own}\n    --- asked by ---\n    at ask (cart.ts:1:2)\n    at main (main.ts:3:4)`,
    );
    expect(appendStack('text', asker, 'asked by')).toBe('text');
    expect(appendStack(Object.freeze(new Error('frozen')), asker, 'l').message).toBe('frozen');
  });
});
