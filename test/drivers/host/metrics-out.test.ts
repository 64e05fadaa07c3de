/** What a host shows of itself: documented, named as Prometheus wants it, escaped, and read by our reader. */
import { readFileSync } from 'node:fs';
import { start } from 'ringmaster';
import {
  ExpositionReader,
  familiesText,
  type HostFigures,
  metricFamilies,
} from 'ringmaster/drivers';
import { describe, expect, test } from 'vitest';

const PROCESS = { cpuSeconds: 1.5, residentBytes: 1e8, heapBytes: 1e7, upSeconds: 9 };

async function families(more: Partial<HostFigures> = {}) {
  const system = await start({ threads: 0 });
  const none = { services: [], tallies: [], scrapes: [], requests: [], ingest: null };
  const figures = { ...none, system: system.figures(), process: PROCESS, ...more };
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

  test('metrics out - buckets of a histogram are added up, and end with all of them', async () => {
    const seconds = { bounds: [0.1, 1], counts: [2, 0, 3], sum: 9.5 };
    const counted = [{ words: ['delayed', 'ring barrier'], count: 4 }];
    const none = { violations: [], over: [], probesFailed: [] };
    const passes = [{ words: ['done'], count: 5 }];
    const tally = { service: 'web', passes, seconds, verdicts: counted, ...none };
    const scrapes = [{ service: 'web', ok: 7, failed: 1 }];
    const text = familiesText(await families({ tallies: [tally], scrapes }));
    const lines = [
      'ringmaster_pass_duration_seconds_bucket{service="web",le="0.1"} 2',
      'ringmaster_pass_duration_seconds_bucket{service="web",le="1"} 2',
      'ringmaster_pass_duration_seconds_bucket{service="web",le="+Inf"} 5',
      'ringmaster_pass_duration_seconds_sum{service="web"} 9.5',
      'ringmaster_pass_duration_seconds_count{service="web"} 5',
    ];
    expect(text).toContain(`\n${lines.join('\n')}\n`);
    const verdict = 'service="web",verdict="delayed",rule="ring_barrier"';
    expect(text).toContain(`\nringmaster_verdicts_total{${verdict}} 4\n`);
    expect(text).toContain('\nringmaster_scrapes_total{service="web",outcome="failed"} 1\n');
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
