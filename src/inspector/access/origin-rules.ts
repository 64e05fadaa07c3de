/**
 * By which names the server may be called, and from which pages. Exact: a name that only means the same
 * (`localhost.`, `localhost6`, `2130706433`, another case or port) is another name, so a page of somebody
 * else that makes its own name point here is refused. Pure.
 */

/** Why a request is refused; null: it is not. */
export type Refusal = 'host' | 'origin' | null;

/** Headers as they came, name and value in turn. */
export type RawHeaders = readonly string[];

/** Names and pages that are let in. */
export class OriginRules {
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  /**
   * @param scheme of the server: what its own pages have in their origin
   * @param names `host:port` by which it may be called
   * @param origins of other pages that may call it, such as `https://panel.example`
   */
  constructor(scheme: 'http' | 'https', names: readonly string[], origins: readonly string[]) {
    this.hosts = new Set(names);
    this.origins = new Set([...names.map((name) => `${scheme}://${name}`), ...origins]);
  }

  /** Exactly one Host, which is known; no Origin, or one that is known. */
  refusal(headers: RawHeaders): Refusal {
    const [host, ...others] = valuesOf(headers, 'host');
    if (host === undefined || others.length > 0 || !this.hosts.has(host)) return 'host';
    const origins = valuesOf(headers, 'origin');
    if (origins.length > 1) return 'origin';
    return origins.every((origin) => this.origins.has(origin)) ? null : 'origin';
  }
}

/** Names of a loopback server, as its users write them. */
export function loopbackNames(port: number): readonly string[] {
  return [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`];
}

/** All values of a header. */
export function valuesOf(headers: RawHeaders, name: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) values.push(headers[at + 1] as string);
  }
  return values;
}
