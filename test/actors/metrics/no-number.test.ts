/** What instances say that is no number: an answer that says nothing, and no silence. */
import type { MetricReading } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { Bench, by } from './metric-bench.ts';

describe('no number', () => {
  test.each(['gauge', 'counter'] as const)(
    'metrics - a %s of which no number was said last is not a number, and neither missing nor stale',
    (kind) => {
      // Guards: A9.
      const bench = new Bench(1);
      const say = (i: number, value: number): MetricReading['kind'] => {
        bench.feeds[0]?.[kind](by(i), 'lag', value);
        return bench.next(1000).read({ name: 'lag' }).kind;
      };
      const scope = { service: 'shop', instance: by(2).instance };
      expect(say(1, Number.NaN)).toBe('notANumber');
      // Of a sum with it there is none, of others there is.
      expect(say(2, 5)).toBe('notANumber');
      expect(bench.read({ name: 'lag', scope }).kind).toBe('value');
      expect(bench.read({ name: 'other' }).kind).toBe('missing');
      expect(say(1, 7)).toBe('value');
      for (let i = 0; i < 20; i++) expect(say(1, Number.POSITIVE_INFINITY)).toBe('notANumber');
      // What it said in numbers is long stale; what it says is not.
      bench.feeds[0]?.[kind](by(1), 'lag', Number.NaN);
      bench.feeds[0]?.[kind](by(1), 'lag', 7);
      expect(bench.next(1000).read({ name: 'lag' })).toMatchObject({ kind: 'value' });
      expect(say(1, Number.NaN)).toBe('notANumber');
      for (let i = 0; i < 16; i++) bench.next(1000);
      expect(bench.read({ name: 'lag' }).kind).toBe('stale');
    },
  );

  test('metrics - what says no numbers by turns takes no room in the end', () => {
    const bench = new Bench(1, 8, 2);
    for (let i = 0; i < 100; i++) {
      bench.feeds[0]?.gauge(by(1), 'lag', i % 2 === 0 ? Number.NaN : i);
      bench.next(1000);
      expect(bench.read({ name: 'lag' }).kind).toBe(i % 2 === 0 ? 'notANumber' : 'value');
    }
    expect(bench.feeds[0]?.unnamed).toBe(0);
    expect(bench.feeds[0]?.attachment().series.length).toBeLessThan(12);
  });
});
