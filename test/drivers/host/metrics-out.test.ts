/** What a host shows of itself: documented, named as Prometheus wants it, escaped, and read by our reader. */
import { readFileSync } from 'node:fs';
import parsePrometheus from 'parse-prometheus-text-format';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { start } from 'ringmaster';
import { fleet, newService, type ServiceSpec } from 'ringmaster/control-plane';
import {
  ExpositionReader,
  exportFleetMetrics,
  HOST_FAMILIES,
  type HostFigures,
} from 'ringmaster/drivers';
import { exportFamilies, exportMetrics, gauge } from 'ringmaster/prometheus';
import { describe, expect, test } from 'vitest';

const { web: SPEC } = fleet({
  name: 'shop',
  regions: [{ name: 'eu', zones: ['a'] }],
  services: {
    web: {
      kind: 'stateless',
      command: ['x'],
      autoscale: { min: 1, max: 2, metric: { name: 'load', target: 1 } },
      metrics: { scrape: '/' },
    },
  },
}).services as { readonly web: ServiceSpec };
const PROCESS = { cpuSeconds: 1.5, residentBytes: 1e8, heapBytes: 1e7, upSeconds: 9 };

async function figuresOf(more: Partial<HostFigures> = {}, threads = 0): Promise<HostFigures> {
  const system = await start({ threads });
  const none = { services: [], tallies: [], scrapes: [], requests: [], ingest: null };
  const figures = { ...none, system: system.figures(), process: PROCESS, ...more };
  await system.close();
  return figures;
}

/** Figures in which every family has a sample. */
function everything(): Partial<HostFigures> {
  const record = {
    ...newService('web', SPEC, 'r1', 0),
    ring: { generation: 1, members: [] },
    hold: { count: 1, untilMs: 1 },
    controllers: { rollout: null, healer: null, autoscaler: { outcome: { wanted: 2 } } },
    operations: new Map([['1', { outcome: 'running' }]]),
    instances: new Map([['i', { zone: 'a', revision: 'r1', life: { state: 'ready' } }]]),
  };
  const service = { record, heldBy: null, attention: [], isSettled: true, isFleetFrozen: false };
  const services = [service] as unknown as HostFigures['services'];
  const seconds = { bounds: [1], counts: [1, 0], sum: 1 };
  const counted = (words: readonly string[]) => [{ words, count: 1 }];
  const tally = {
    service: 'web',
    passes: counted(['done']),
    seconds,
    verdicts: counted(['delayed', 'ring']),
    over: counted(['start', 'done']),
    violations: counted(['A1']),
    probesFailed: counted(['readiness']),
  };
  const numbers = { bodyBytes: 1, requestBytes: 1, seriesCreated: 1, seriesRefused: 1 };
  const lost = { exemplars: 1, histograms: 1, inputsLost: 1, aggregatorRestarts: 1 };
  const samples = { accepted: 1 };
  const aggregators = [{ forgotten: 1, inputs: 1, series: 1 }];
  const ingest = { requests: { taken: 1 }, samples, aggregators, ...numbers, ...lost };
  return {
    services,
    tallies: [tally],
    scrapes: [{ service: 'web', ok: 1, failed: 0 }],
    requests: [{ service: 'web', revision: 'r1', ok: 1, errors: 0, seconds }],
    ingest: ingest as unknown as HostFigures['ingest'],
  };
}

describe('metrics of a host', () => {
  test('metrics out - each family is in the documentation, and nothing else is', async () => {
    const text = readFileSync(new URL('../../../docs/metrics-out.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| ([\w, ]*) \| (.+) \|$/gm)];
    const figures = await figuresOf(everything(), 1);
    expect(
      rows.map(([, name, kind, labels = '', help]) => [name, kind, labels.trim(), help]),
    ).toEqual(
      HOST_FAMILIES.map(({ name, kind, help, read }) => {
        const [first] = read(figures);
        expect(first, name).toBeDefined();
        // Of a histogram the bucket's bound is everybody's.
        const labels = Object.keys(first?.[0] ?? {}).filter((label) => label !== 'le');
        return [name, kind, labels.join(', '), help];
      }),
    );
  });

  test('metrics out - counters end in _total and gauges do not; each has a sentence', async () => {
    for (const { name, kind, help } of HOST_FAMILIES) {
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
    const figures = await figuresOf({ tallies: [tally], scrapes });
    const text = await exportFamilies(HOST_FAMILIES, () => figures).text();
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
    const figures = await figuresOf();
    const odd = gauge<HostFigures>('odd', 'Odd.', () => [
      [{ a: 'x"\\\n}' }, 2],
      [{}, 3],
    ]);
    const text = await exportFamilies([...HOST_FAMILIES, odd], () => figures).text();
    const reader = new ExpositionReader(['ringmaster_odd', 'process_cpu_seconds_total']);
    expect(reader.read(new TextEncoder().encode(text))).toMatchObject({
      malformed: 0,
      metrics: [
        { name: 'ringmaster_odd', kind: 'gauge', sum: 5, series: 2 },
        { name: 'process_cpu_seconds_total', kind: 'counter', sum: 1.5 },
      ],
    });
  });

  test('metrics out - in OpenMetrics a name is the same, whatever was asked for before', async () => {
    const figures = await figuresOf();
    const open = exportFamilies(HOST_FAMILIES, () => figures, { openMetrics: true });
    const [first, second] = [await open.text(), await open.text()];
    expect(open.contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(first).toBe(second);
    expect(first.endsWith('\n# EOF\n')).toBe(true);
    expect(first).toContain('# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total 1.5\n');
    const names = HOST_FAMILIES.map(({ name }) => name);
    const read = (text: string) => new ExpositionReader(names).read(new TextEncoder().encode(text));
    const plain = await exportFamilies(HOST_FAMILIES, () => figures).text();
    expect(read(first)).toEqual(read(plain));
    expect(read(first).malformed).toBe(0);
  });

  test("metrics out - a program's own registry has the fleet's, the system's and its own", async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const figures = await figuresOf();
    const system = await start({ threads: 0 });
    exportMetrics(system, { registry, actors: true });
    let looks = 0;
    const look = async () => {
      looks += 1;
      return figures;
    };
    const { text } = exportFleetMetrics({ figures: look }, { registry });
    const read = parsePrometheus(await text()).map(({ name }) => name);
    expect(looks).toBe(1);
    expect(new Set(read).size).toBe(read.length);
    for (const name of [
      'process_cpu_seconds_total',
      'ringmaster_asks_total',
      'ringmaster_settled',
    ]) {
      expect(read).toContain(name);
    }
    await system.close();
    expect(() => exportMetrics(system, { registry })).toThrow(/already been registered/);
  });
});
