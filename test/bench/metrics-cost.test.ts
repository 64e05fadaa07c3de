/** The copy without figures, which `npm run metrics-cost` compares with: each cut finds its place. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CUTS, cut } from '../../bench/metrics-cost/copies.ts';

test.each(CUTS)('metrics cost - $from still stands in the built $file', (one) => {
  const text = readFileSync(new URL(`../../${one.file}`, import.meta.url), 'utf8');
  expect(cut(text, one).length).toBeLessThan(text.length);
});

test('metrics cost - a cut that finds nothing is an error', () => {
  const [first] = CUTS;
  if (first !== undefined) expect(() => cut('nothing', first)).toThrow(/mend CUTS/);
  expect(CUTS.length).toBeGreaterThan(0);
});
