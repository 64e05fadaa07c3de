/**
 * `GET /metrics` of a host, on a port of 127.0.0.1: in OpenMetrics to whoever prefers it, else in Prometheus
 * text. Read when somebody asks; who asks while figures are looked at gets the same. It knows no number;
 * metric-families.ts does.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { exportFamilies, type MetricsText } from '../../runtime/system/prometheus.ts';
import { hangUp, listenLocally } from '../local-port.ts';
import { prefersOpenMetrics } from './accept-header.ts';
import type { FleetHost } from './fleet-host.ts';
import { HOST_FAMILIES, type HostFigures } from './metric-families.ts';
import { processFigures } from './process-figures.ts';

const CONNECTIONS_MAX = 64;
/** For the head of a request, as also for a client that reads nothing of its answer. Milliseconds. */
const SLOW_MS = 5_000;

/** How it is started. */
export type MetricsServerOptions = {
  /** Of a client's silence, in milliseconds. Lower: one that is slow is hung up on. Default 5000. */
  readonly slowMs?: number;
};

/** Null: it is answered. */
function refusalOf({ method = '', url = '' }: IncomingMessage): 404 | 405 | null {
  if (url.split('?', 1)[0] !== '/metrics') return 404;
  return method === 'GET' || method === 'HEAD' ? null : 405;
}

/** Thread rule: the host's. */
export class MetricsServer {
  private readonly server: Server;
  constructor(host: Pick<FleetHost, 'figures'>, { slowMs = SLOW_MS }: MetricsServerOptions = {}) {
    const look = async (): Promise<HostFigures> => ({
      ...(await host.figures()),
      process: processFigures(),
    });
    const plain = exportFamilies(HOST_FAMILIES, look);
    const open = exportFamilies(HOST_FAMILIES, look, { openMetrics: true });
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
      const shown: MetricsText = prefersOpenMetrics(request.headers.accept) ? open : plain;
      const headers = { 'content-type': shown.contentType, vary: 'accept' };
      shown.text().then(
        (text) => response.writeHead(200, headers).end(text),
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
}
