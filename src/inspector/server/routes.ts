/**
 * Every door of the server: what is not in this table is refused. `POST /ticket` takes a token and gives a
 * ticket; `GET /inspect` becomes a socket, for whoever shows a ticket (a page) or a token (a program);
 * `GET /recording` gives what the flight recorder holds, for a token in the header; the page's own files are
 * for everybody who may call the server at all: they hold no secret.
 */

/** What a request has to show. */
export type Needs = 'nothing' | 'token' | 'bearer' | 'ticket-or-token';

/** One door. */
export type Route = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  readonly needs: Needs;
  readonly leadsTo: 'ticket' | 'socket' | 'recording' | 'page';
};

/** Why there is none; `allow`: the methods of the path. */
export type NoRoute = { readonly status: number; readonly allow?: string };

/** All doors of a server whose page has these files, by URL. */
export function routesOf(pageUrls: Iterable<string>): readonly Route[] {
  // The first one is there without a page, too: it says how to build one.
  const urls = new Set(['/', ...pageUrls]);
  return [
    { method: 'POST', path: '/ticket', needs: 'token', leadsTo: 'ticket' },
    { method: 'GET', path: '/recording', needs: 'bearer', leadsTo: 'recording' },
    { method: 'GET', path: '/inspect', needs: 'ticket-or-token', leadsTo: 'socket' },
    ...[...urls].flatMap((path) =>
      (['GET', 'HEAD'] as const).map(
        (method) => ({ method, path, needs: 'nothing', leadsTo: 'page' }) as const,
      ),
    ),
  ];
}

/** The table, to be asked. */
export class RouteTable {
  private readonly byPath: ReadonlyMap<string, readonly Route[]>;

  constructor(routes: readonly Route[]) {
    const byPath = new Map<string, Route[]>();
    for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
    this.byPath = byPath;
  }

  /** A door, or why there is none: no such path, or another method (then which ones). */
  find(method: string, url: string): Route | NoRoute {
    // A query is nobody's: a token in it would end in a log.
    const here = this.byPath.get(url);
    if (here === undefined) return { status: 404 };
    const found = here.find((route) => route.method === method);
    return found ?? { status: 405, allow: here.map((route) => route.method).join(', ') };
  }
}
