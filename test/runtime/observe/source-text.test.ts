/** Payloads as expressions: what is evaluated equals what was written, or there is no expression. */
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { sourceText } from '../../../src/runtime/observe/source-text.ts';

const evaluated = (text: string | null): unknown => new Function(`return (${text});`)();

describe('source text', () => {
  property.prop([
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: false,
    }),
  ])('source text - evaluated it equals what was written', (value) => {
    const text = sourceText(value);
    // Too deep or too long ones are left out.
    if (text !== null) expect(evaluated(text)).toEqual(value);
  });

  test.each([
    ['a text', '"a \\"b\\"\\n\u2028'],
    ['-0', -0],
    ['NaN', Number.NaN],
    ['a key that would be the prototype', JSON.parse('{"__proto__": {"x": 1}}')],
    ['nothing', undefined],
  ])('source text - %s comes back as it is', (_name, value) => {
    expect(evaluated(sourceText(value))).toEqual(value);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['an object of a class', new (class A {})()],
    ['an object with a function', { a: { b: () => 1 } }],
    [
      'a circle',
      (() => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      })(),
    ],
    ['more than fits', 'x'.repeat(20_001)],
    [
      'a getter that throws',
      {
        get a(): never {
          throw new Error('no');
        },
      },
    ],
  ])('source text - %s has none', (_name, value) => {
    expect(sourceText(value)).toBeNull();
  });
});
