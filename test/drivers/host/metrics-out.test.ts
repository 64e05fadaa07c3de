/** What a host shows of itself: documented, named as Prometheus wants it, escaped, and read by our reader. */
import { readFileSync } from 'node:fs';
import { start } from 'ringmaster';
import { ExpositionReader, familiesText, metricFamilies } from 'ringmaster/drivers';
import { describe, expect, test } from 'vitest';

const PROCESS = { cpuSeconds: 1.5, residentBytes: 1e8, heapBytes: 1e7, upSeconds: 9 };

async function families() {
  const system = await start({ threads: 0 });
  const figures = { services: [], system: system.figures(), ingest: null, process: PROCESS };
  await system.close();
  return metricFamilies(figures);
}

describe('metrics of a host', () => {
  test('metrics out - each family is in the documentation, and nothing else is', async () => {
    const text = readFileSync(new URL('../../../docs/metrics-out.md', import.meta.url), 'utf8');
    const documented = [...text.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, n, kind]) => [
      n,
      kind,
    ]);
    expect(documented).toEqual((await families()).map(({ name, kind }) => [name, kind]));
  });

  test('metrics out - counters end in _total and gauges do not; each has a sentence', async () => {
    for (const { name, kind, help } of await families()) {
      expect(name.endsWith('_total'), name).toBe(kind === 'counter');
      expect(help, name).toMatch(/^[^\n"\\]+\.$/);
    }
  });

  test('metrics out - the text is read back as it was meant', async () => {
    const odd = {
      name: 'odd',
      kind: 'gauge' as const,
      help: 'Odd.',
      samples: [
        [{ a: 'x"\\\n}' }, 2],
        [{}, 3],
      ] as const,
    };
    const text = familiesText([...(await families()), odd]);
    const reader = new ExpositionReader(['odd', 'process_cpu_seconds_total']);
    expect(reader.read(new TextEncoder().encode(text))).toMatchObject({
      malformed: 0,
      metrics: [
        { name: 'odd', kind: 'gauge', sum: 5, series: 2 },
        { name: 'process_cpu_seconds_total', kind: 'counter', sum: 1.5 },
      ],
    });
  });
});
