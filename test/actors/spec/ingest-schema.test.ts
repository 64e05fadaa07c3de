/** The file that says how remote write is taken in. */
import { readIngestYaml } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';

describe('ingest file', () => {
  test('ingest file - units are read, and what is not said is left to the defaults', () => {
    const text = [
      'aggregators: 2',
      'rules: [{ metric: a_total, without: [pod] }, { without: [replica] }]',
      'limits: { nameBytes: 2Mi, requestTime: 1.5s, series: 10 }',
    ].join('\n');
    expect(readIngestYaml(text)).toEqual({
      ok: true,
      config: {
        aggregators: 2,
        rules: [
          { metric: 'a_total', without: ['pod'] },
          { metric: null, without: ['replica'] },
        ],
        limits: { nameBytes: 2 ** 21, requestTime: 1500, series: 10 },
      },
    });
    const nothing = { aggregators: 1, rules: [], limits: {} };
    expect(readIngestYaml('')).toEqual({ ok: true, config: nothing });
  });

  test.each([
    ['aggregators: 33', 'aggregators'],
    ['rules: [{ metric: a }]', 'without'],
    ['rules: [{ without: [a-b] }]', 'without'],
    ['limits: { serie: 10 }', 'series'],
    ['limits: { series: 0 }', 'series'],
    ['limits: { nameBytes: 10 }', 'nameBytes'],
    ['a: [', ''],
    ['- 1', ''],
  ])('ingest file - %s is said, with its line', (text, word) => {
    const reading = readIngestYaml(text);
    if (reading.ok) throw new Error('it was read');
    const [problem] = reading.problems;
    expect(`${problem?.path.join('.')}: ${problem?.message}`).toContain(word);
    expect(problem?.line).toBeGreaterThan(0);
  });
});
