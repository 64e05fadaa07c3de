/**
 * `GET /metrics` of a host, in Prometheus text, on a port of 127.0.0.1. Read when somebody asks; one answer
 * is made at a time, and whoever asks meanwhile gets the same. It knows no number; metric-families.ts does.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { TEXT_TYPE } from '../ingest/aggregated-text.ts';
import { hangUp, listenLocally } from '../local-port.ts';
import type { FleetHost } from './fleet-host.ts';
import { type HostFigures, metricFamilies } from './metric-families.ts';
import type { MetricFamily } from './metric-family.ts';

const CONNECTIONS_MAX = 64;
/** For the head of a request, as also for a client that reads nothing of its answer. Milliseconds. */
const SLOW_MS = 5_000;

/** How it is started. */
export type MetricsServerOptions = {
  /** Of a client's silence, in milliseconds. Lower: one that is slow is hung up on. Default 5000. */
  readonly slowMs?: number;
};

/** Families as text; one without a sample is its head alone. Pure. */
export function familiesText(families: readonly MetricFamily[]): string {
  return families
    .map(({ name, kind, help, samples }) => {
      const lines = samples.map(([labels, value, suffix = '']) => {
        const inner = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
        return `${name}${suffix}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${value}\n`;
      });
      return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function ofProcess(): HostFigures['process'] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapBytes: heapUsed,
    upSeconds: process.uptime(),
  };
}

/** Null: it is answered. */
function refusalOf({ method = '', url = '' }: IncomingMessage): 404 | 405 | null {
  if (url.split('?', 1)[0] !== '/metrics') return 404;
  return method === 'GET' || method === 'HEAD' ? null : 405;
}

/** Thread rule: the host's. */
export class MetricsServer {
  private readonly server: Server;
  private answer: Promise<string> | null = null;

  constructor(host: Pick<FleetHost, 'figures'>, { slowMs = SLOW_MS }: MetricsServerOptions = {}) {
    const waits = {
      headersTimeout: slowMs,
      requestTimeout: slowMs,
      connectionsCheckingInterval: slowMs,
    };
    this.server = createServer(waits, (request, response) => {
      const refusal = refusalOf(request);
      if (refusal !== null) {
        const allowed = refusal === 405 ? { allow: 'GET, HEAD' } : {};
        response.writeHead(refusal, { 'content-type': 'text/plain', ...allowed });
        response.end('there is GET /metrics.\n');
        return;
      }
      this.text(host).then(
        (text) => response.writeHead(200, { 'content-type': TEXT_TYPE }).end(text),
        (error: Error) => response.writeHead(503).end(`${error.message}\n`),
      );
    });
    this.server.maxConnections = CONNECTIONS_MAX;
    // Whoever reads nothing of its answer has one of few connections.
    this.server.timeout = 2 * slowMs;
  }

  /** @returns the port. @throws (rejects) what the system says */
  listen(port: number): Promise<number> {
    return listenLocally(this.server, port);
  }

  /** Hangs up on everybody. */
  close(): void {
    hangUp(this.server);
  }

  private text(host: Pick<FleetHost, 'figures'>): Promise<string> {
    this.answer ??= host
      .figures()
      .then((figures) => familiesText(metricFamilies({ ...figures, process: ofProcess() })))
      .finally(() => {
        this.answer = null;
      });
    return this.answer;
  }
}
