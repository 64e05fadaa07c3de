/**
 * B19, what a line of an instance's exposition costs from its bytes to the sums that somebody decides by: the
 * same instance scraped again and again, as scrapes are, with other numbers each time. Against a parser of
 * one regular expression a line, and one from npm, which make objects of every line. Does not answer: HTTP.
 * Checksum: the sums of what is asked for, in whole numbers; equal for all.
 */
import { ExpositionReader } from 'ringmaster/drivers';
import type { BenchContender, BenchRow } from './harness/row.ts';

const SCRAPES = 8;

/** Lines as instances have them: histograms by path and code, and what a process says of itself. */
function textOf(series: number, scrape: number): string {
  const lines = [
    '# HELP http_request_duration_seconds Time until the last byte of the answer.',
    '# TYPE http_request_duration_seconds histogram',
  ];
  for (let i = 0; i < series; i += 1) {
    const labels = `method="GET",path="/api/v1/items/${i >> 4}",code="${200 + (i & 3)}"`;
    lines.push(
      `http_request_duration_seconds_bucket{${labels},le="${(i & 15) / 8}"} ${i * 7 + scrape}`,
    );
  }
  lines.push('# HELP http_requests_total Requests.', '# TYPE http_requests_total counter');
  for (let i = 0; i < series / 4; i += 1) {
    lines.push(`http_requests_total{method="GET",path="/api/v1/items/${i}"} ${i * 3 + scrape * 5}`);
  }
  lines.push('# TYPE queue_depth gauge', `queue_depth{queue="in"} ${scrape}.5`, '');
  return lines.join('\n');
}

const ALL = ['http_request_duration_seconds_bucket', 'http_requests_total', 'queue_depth'];
const FEW = ['queue_depth'];

type Read = (body: Uint8Array) => number;

function contender(makeRead: () => Read | Promise<Read>): BenchContender {
  return {
    prepare: async ({ quick }) => {
      const encoder = new TextEncoder();
      const bodies = Array.from({ length: SCRAPES }, (_, scrape) =>
        encoder.encode(textOf(quick ? 64 : 4_000, scrape)),
      );
      const lines = (quick ? 64 : 4_000) * 1.25 + 1;
      const read = await makeRead();
      return {
        opsPerCall: SCRAPES * lines,
        call: () => bodies.reduce((sum, body) => sum + Math.floor(read(body)), 0),
      };
    },
  };
}

const ours = (names: readonly string[]): BenchContender =>
  contender(() => {
    const reader = new ExpositionReader(names);
    return (body) => reader.read(body).metrics.reduce((sum, one) => sum + one.sum, 0);
  });

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** A regular expression for a line, and one for a label. */
const expressions = (names: readonly string[]): BenchContender =>
  contender(() => {
    const wanted = new Set(names);
    return (body) => {
      let sum = 0;
      for (const line of Buffer.from(body).toString().split('\n')) {
        if (line.startsWith('#')) continue;
        const match = LINE.exec(line);
        if (match === null) continue;
        const [, name = '', inner = '', value] = match;
        const labels = Object.fromEntries([...inner.matchAll(LABEL)].map(([, k, v]) => [k, v]));
        if (wanted.has(name) && labels !== null) sum += Number(value);
      }
      return sum;
    };
  });

type Family = {
  readonly name: string;
  readonly metrics: readonly {
    readonly value?: string;
    readonly buckets?: Readonly<Record<string, string>>;
  }[];
};

/** Counts the same samples, where it keeps them: buckets of one name and one bound are one to it. */
const fromNpm: BenchContender = contender(async () => {
  const { default: parse } = (await import('parse-prometheus-text-format')) as unknown as {
    readonly default: (text: string) => readonly Family[];
  };
  return (body) => parse(Buffer.from(body).toString()).length;
});

const EXPRESSIONS = 'regular expressions';
const NPM = 'parse-prometheus-text-format';

export const rows: readonly BenchRow[] = [
  {
    id: 'B19',
    name: '5,001 lines again and again, all of them asked for',
    unit: 'M ops/s',
    ours: ours(ALL),
    peers: { [EXPRESSIONS]: expressions(ALL), [NPM]: fromNpm },
    target: { perSecondAtLeast: 5_000_000, ratioAtLeast: { [EXPRESSIONS]: 10 } },
    warmupMs: 1000,
  },
  {
    id: 'B19',
    name: '5,001 lines again and again, one of them asked for',
    unit: 'M ops/s',
    ours: ours(FEW),
    peers: { [EXPRESSIONS]: expressions(FEW) },
    target: { perSecondAtLeast: 5_000_000 },
    warmupMs: 1000,
    sameWork: true,
  },
];
