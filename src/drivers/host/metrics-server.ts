/**
 * `GET /metrics` of a host, in Prometheus text, on a port of 127.0.0.1. Read when somebody asks; one answer
 * is made at a time, and whoever asks meanwhile gets the same. It knows no number; metric-families.ts does.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TEXT_TYPE } from '../ingest/aggregated-text.ts';
import type { FleetHost } from './fleet-host.ts';
import { type HostFigures, type MetricFamily, metricFamilies } from './metric-families.ts';

const CONNECTIONS_MAX = 64;
/** For the head of a request; there is nothing else to wait for. Milliseconds. */
const HEAD_MS = 5_000;

/** Families as text; one without a sample is its head alone. Pure. */
export function familiesText(families: readonly MetricFamily[]): string {
  return families
    .map(({ name, kind, help, samples }) => {
      const lines = samples.map(([labels, value]) => {
        const inner = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
        return `${name}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${value}\n`;
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

/** Thread rule: the host's. */
export class MetricsServer {
  private readonly server: Server;
  private answer: Promise<string> | null = null;

  constructor(host: FleetHost) {
    this.server = createServer(
      { headersTimeout: HEAD_MS, requestTimeout: HEAD_MS },
      (request, response) => {
        if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
          response.writeHead(404, { 'content-type': 'text/plain' }).end('there is GET /metrics.\n');
          return;
        }
        this.text(host).then(
          (text) => response.writeHead(200, { 'content-type': TEXT_TYPE }).end(text),
          (error: Error) => response.writeHead(503).end(`${error.message}\n`),
        );
      },
    );
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** @returns the port. @throws (rejects) what the system says */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  /** Hangs up on everybody. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private text(host: FleetHost): Promise<string> {
    this.answer ??= host
      .figures()
      .then((figures) => familiesText(metricFamilies({ ...figures, process: ofProcess() })))
      .finally(() => {
        this.answer = null;
      });
    return this.answer;
  }
}
