/** The deterministic exponential and logarithm against the engine's, to the last places. */
import { fc, test } from '@fast-check/vitest';
import { exp, log, power } from 'ringmaster/control-plane';
import { expect } from 'vitest';

const near = (got: number, expected: number): number =>
  got === expected ? 0 : Math.abs(got - expected) / Math.abs(expected);

test.prop([fc.double({ min: -708, max: 709, noNaN: true })], { numRuns: 2000 })(
  'arithmetic - exp is the exponential',
  (x) => {
    expect(near(exp(x), Math.exp(x))).toBeLessThan(4e-16);
  },
);

test.prop([fc.double({ min: 5e-324, noNaN: true, noDefaultInfinity: true })], { numRuns: 2000 })(
  'arithmetic - log is the natural logarithm',
  (x) => {
    // Near 1 the logarithm itself is small: then the distance counts.
    expect(Math.abs(log(x) - Math.log(x))).toBeLessThan(4e-16 * Math.max(1, Math.abs(Math.log(x))));
  },
);

test.prop([
  fc.double({ min: 0.01, max: 100, noNaN: true }),
  fc.double({ min: -9, max: 9, noNaN: true }),
])('arithmetic - power is the power', (x, y) => {
  expect(near(power(x, y), x ** y)).toBeLessThan(4e-14);
});

test('arithmetic - the ends', () => {
  expect([exp(710), exp(-746), exp(0), exp(Number.NaN)]).toEqual([
    Number.POSITIVE_INFINITY,
    0,
    1,
    Number.NaN,
  ]);
  expect([log(0), log(-1), log(1), log(Number.POSITIVE_INFINITY), log(Number.NaN)]).toEqual([
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    0,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ]);
  // The smallest number there is.
  expect(log(5e-324)).toBeCloseTo(-744.440_071_921_381_3, 12);
  expect(exp(-745)).toBe(5e-324);
});
