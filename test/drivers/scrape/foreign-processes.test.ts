/**
 * Programs that know nothing of Ringmaster, with the metrics that prom-client collects of any Node process:
 * scraped, fed and read, and compared with what they themselves say that they have said.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ActorDefinition, type AnyRef, actor, type System, start } from 'ringmaster';
import { type MetricReading, Metrics, type ServiceSpec } from 'ringmaster/control-plane';
import { AddressBook, ExpositionReader, Scraper } from 'ringmaster/drivers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { specOf } from '../process/process-rig.ts';

const APP = fileURLToPath(new URL('../apps/foreign.mjs', import.meta.url));
const FORMATS = ['text', 'openmetrics'] as const;
/** One instance each. */
const instanceOf = (format: string): string => `shop/eu/a/${FORMATS.indexOf(format as 'text')}#1`;

/** An arbiter that has one service. */
const OneService: ActorDefinition<{ readonly spec: ServiceSpec }, { status(): unknown }> = actor(
  import.meta.url,
  {
    name: 'OneService',
    setup: ({ spec }: { readonly spec: ServiceSpec }) => ({
      status: () => ({ hasPassed: true, record: { spec, revisions: [], instances: new Map() } }),
    }),
  },
);

let system: System;
let children: ChildProcess[] = [];
const ports = new Map<string, number>();
beforeEach(async () => {
  system = await start({ threads: 0 });
  for (const format of FORMATS) {
    const env = { ...process.env, FORMAT: format };
    const child = spawn(process.execPath, [APP], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [said] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [
      Buffer,
    ];
    ports.set(format, Number(said.toString()));
  }
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await system.close();
});

const portOf = (format: string): number => ports.get(format) as number;
const textOf = async (format: string): Promise<string> =>
  await (await fetch(`http://127.0.0.1:${portOf(format)}/metrics`)).text();

/** Sums by name over all lines, as anybody would read them. */
function sumsOf(text: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [, name = '', value] of text.matchAll(/^([a-z]\w*)(?:\{.*\})? (\S+)$/gim)) {
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

test('foreign - every metric that prom-client knows of a Node process is read as it is', async () => {
  const text = await textOf('text');
  const sums = sumsOf(text);
  const names = [...sums.keys()];
  const { metrics, malformed, samples } = new ExpositionReader(names).read(Buffer.from(text));
  expect(malformed).toBe(0);
  expect(samples).toBe(text.split('\n').filter((line) => /^[^#\s]/.test(line)).length);
  expect(metrics.map(({ name }) => name)).toEqual(names);
  expect(names.length).toBeGreaterThan(30);
  for (const { name, kind, sum } of metrics) {
    const wanted = sums.get(name) as number;
    if (Number.isNaN(wanted)) expect(sum, name).toBeNaN();
    else expect(Math.abs(sum - wanted), name).toBeLessThanOrEqual(1e-9 * Math.abs(wanted));
    const isTyped = new RegExp(`# TYPE ${name} gauge`).test(text);
    expect(kind, name).toBe(
      isTyped ? 'gauge' : /_(total|count|sum|bucket)$/.test(name) ? 'counter' : 'gauge',
    );
  }
});

test('foreign - what is read of scraped processes is what they have said', async () => {
  const gauges = ['depth', 'not_a_number', 'process_start_time_seconds', 'nodejs_version_info'];
  const counters = ['jobs_total', 'took_seconds_count', 'process_cpu_seconds_total'];
  const [metric, ...others] = [...gauges, ...counters].map((name) => ({ name, target: 1 }));
  const spec = specOf({
    metrics: { scrape: '/metrics', interval: '500ms' },
    autoscale: { min: 1, max: 2, metric, metrics: others },
  } as never);
  const here = { placement: 'same' } as const;
  const book = new AddressBook();
  const family = system.supervisor({ name: 'brain' });
  const metrics = await family.spawn(Metrics, {
    ...here,
    id: 'metrics',
    args: { interval: 250, stale: 2_000, kept: 1_000 },
  });
  const scraper = await family.spawn(Scraper, {
    ...here,
    id: 'scraper',
    args: { book, metrics: metrics as never as AnyRef },
  });
  const arbiter = await family.spawn(OneService, { ...here, id: 'arbiter', args: { spec } });
  for (const format of FORMATS) {
    const instance = instanceOf(format);
    const slot = instance.split('#', 1)[0] as string;
    const where = { instance, slot, service: 'shop', zone: 'a', revision: 'r1' };
    book.enter({ ...where, port: portOf(format), pid: null });
  }
  scraper.tell('attach', arbiter as never as AnyRef);
  const read = async (name: string, format: string): Promise<MetricReading> => {
    const scope = { service: 'shop', instance: instanceOf(format) };
    const [reading] = await metrics.ask('read', [{ name, scope, windowMs: 10_000 }]);
    return reading as MetricReading;
  };
  const numberOf = async (name: string, format: string): Promise<number | null> => {
    const reading = await read(name, format);
    return reading.kind === 'value' ? reading.value : null;
  };
  for (const format of FORMATS) {
    // Two scrapes make an increase.
    while ((await numberOf('jobs_total', format)) === null) await scraper.ask('look');
    const last = await fetch(`http://127.0.0.1:${portOf(format)}/said`);
    const { said } = (await last.json()) as { readonly said: string };
    const own = new ExpositionReader(gauges).read(Buffer.from(said)).metrics;
    expect(await numberOf('depth', format)).toBe(10.5);
    // One of its labels has no value that anybody could add: it is none.
    expect(await numberOf('not_a_number', format)).toBe(null);
    for (const name of ['process_start_time_seconds', 'nodejs_version_info']) {
      expect(await numberOf(name, format), name).toBe(own.find((one) => one.name === name)?.sum);
    }
    const jobs = (await numberOf('jobs_total', format)) as number;
    const observed = (await numberOf('took_seconds_count', format)) as number;
    // Five jobs and one observation for each scrape.
    expect(jobs).toBeGreaterThan(0);
    expect(jobs / observed).toBeCloseTo(5, 9);
    expect(await numberOf('process_cpu_seconds_total', format)).toBeGreaterThan(0);
  }
  const scraped = await scraper.ask('status');
  expect(scraped.map(({ failed, malformed }) => ({ failed, malformed }))).toEqual([
    { failed: 0, malformed: 0 },
    { failed: 0, malformed: 0 },
  ]);
});
