/**
 * Which service a request is for: by the port it came in at, then its host, then the longest path. A
 * service that names a host comes before one that names none. Pure.
 */
import type { RouteConfig } from './router-protocol.ts';

/** Whatever has a place. */
export type Placed = { readonly config: Pick<RouteConfig, 'port' | 'host' | 'path'> };

/** Thread rule: one thread. Made anew when a place changes. */
export class ServiceIndex<T extends Placed> {
  private readonly byPort: Map<number, T[]> = new Map();

  constructor(services: Iterable<T>) {
    for (const one of services) {
      const list = this.byPort.get(one.config.port);
      if (list === undefined) this.byPort.set(one.config.port, [one]);
      else list.push(one);
    }
    for (const list of this.byPort.values()) {
      list.sort((a, b) => rankOf(b.config) - rankOf(a.config));
    }
  }

  /** Where services are found. */
  ports(): readonly number[] {
    return [...this.byPort.keys()];
  }

  /** Null: nobody is there. `host` may have a port; `path` may have a query. */
  find(port: number, host: string | undefined, path: string): T | null {
    const list = this.byPort.get(port);
    if (list === undefined) return null;
    for (const one of list) {
      const { host: wanted, path: prefix } = one.config;
      if (wanted !== null && wanted !== nameOf(host)) continue;
      if (prefix === null || isBelow(path, prefix)) return one;
    }
    return null;
  }
}

/** Those with a host first, then those with longer paths. */
function rankOf({ host, path }: Placed['config']): number {
  return (host === null ? 0 : 1_000_000) + (path?.length ?? 0);
}

function nameOf(host: string | undefined): string | undefined {
  return host?.replace(/:\d+$/, '').toLowerCase();
}

/** By whole segments: `/cart` is not above `/carts`. */
function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path[prefix.length];
  return next === undefined || next === '/' || next === '?';
}
