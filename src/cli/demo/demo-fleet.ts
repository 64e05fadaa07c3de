/**
 * The fleet of the demo: the one of `examples/receiver`, with shorter windows and ports that are free, so
 * that what takes a quarter of an hour in earnest can be watched in one minute. Every change is listed,
 * for people to see what they are shown. Pure but for the ports.
 */
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { readFleetFile } from '../fleet-file.ts';

/** Where the programs are. */
export const EXAMPLE: string = fileURLToPath(
  new URL('../../../examples/receiver/', import.meta.url),
);

type Data = Readonly<Record<string, unknown>>;

/** What differs from release to release. */
export type DemoRelease = {
  readonly version: string;
  /** What a bad one does: `errors=0.2,delay=40`. */
  readonly fault?: string;
};

/** One release of each service. */
export type DemoReleases = Readonly<Record<'gateway' | 'receiver', DemoRelease>>;

/** Where routers listen. */
export type DemoPorts = Readonly<Record<'gateway' | 'receiver', number>>;

const READINESS = { http: '/ready', period: '250ms', timeout: '250ms' };
const LIVENESS = { http: '/healthz', period: '1s', timeout: '1s' };
const BACKOFF = { backoff: { first: '500ms' } };
// One bad second may be the machine's.
const MEASURED = { interval: '1s', minSamples: 10, failureLimit: 1 };
const DOWN = { window: '5s', policies: [{ percent: '100%', period: '5s' }] };

/** As they are in the demo, by service; in earnest they stand in the example's fleet. */
const WINDOWS: Readonly<Record<'gateway' | 'receiver', Data>> = {
  gateway: {
    health: { liveness: LIVENESS, readiness: READINESS },
    heal: BACKOFF,
    rollout: {
      strategy: 'canary',
      steps: [{ weight: 20 }, { analyze: '4s' }, { weight: 50 }, { analyze: '3s' }],
      analysis: [
        { metric: 'error_ratio', max: '5%', ...MEASURED },
        { metric: 'p99', max: '1s', ...MEASURED },
      ],
      comparison: { enabled: false },
    },
    autoscale: {
      min: 3,
      max: 6,
      metric: { name: 'rate', target: 45, window: '4s' },
      down: DOWN,
      settle: '3s',
    },
  },
  receiver: {
    health: { liveness: LIVENESS, readiness: READINESS, drain: { http: '/prepare-shutdown' } },
    heal: BACKOFF,
    metrics: { scrape: '/metrics', interval: '1s' },
    rollout: {
      strategy: 'zones',
      minReady: '500ms',
      soak: '2s',
      analysis: [
        { metric: 'error_ratio', max: '5%', ...MEASURED },
        { metric: 'p99', max: '1s', ...MEASURED },
      ],
      comparison: { enabled: false },
    },
    autoscale: {
      min: 2,
      max: 3,
      metric: { name: 'rate', target: 80, window: '4s' },
      down: DOWN,
      settle: '3s',
    },
  },
};

/** What a reader should know before anything is shown. */
export const SHORTENED: string = [
  'looks each 250 ms, and nothing older than 3 s is believed',
  'canary steps 4 s and 3 s, zones soak 2 s',
  'thresholds each second, two bad ones abort',
  'load is a mean of 4 s',
  'shrinking waits 5 s',
].join('; ');

/** The whole document, as `apply` takes it. */
export async function demoFleet(releases: DemoReleases, ports: DemoPorts): Promise<Data> {
  const { data } = await readFleetFile(`${EXAMPLE}fleet.yaml`);
  const base = data as Data & {
    readonly services: Readonly<Record<'gateway' | 'receiver', Data & { readonly route: Data }>>;
  };
  const serviceOf = (name: 'gateway' | 'receiver', env: Data): Data => {
    const { version, fault } = releases[name];
    const written = base.services[name];
    return {
      ...written,
      ...WINDOWS[name],
      version,
      route: { ...written.route, port: ports[name] },
      env: { ...env, ...(fault === undefined ? {} : { FAULT: fault }) },
    };
  };
  return {
    ...base,
    name: 'demo',
    policy: { period: '250ms', answerWithin: '200ms', maxStaleness: '3s' },
    services: {
      gateway: serviceOf('gateway', { RECEIVER: `http://127.0.0.1:${ports.receiver}` }),
      receiver: serviceOf('receiver', {}),
    },
  };
}

/** Those of the example if nobody has them, else any. */
export async function demoPorts(): Promise<DemoPorts> {
  const gateway = (await freePort(8080)) ?? (await freePort(0)) ?? 0;
  const receiver = (await freePort(8081)) ?? (await freePort(0)) ?? 0;
  return { gateway, receiver };
}

function freePort(wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : null;
      server.close(() => resolve(port));
    });
  });
}
