/**
 * Every door of the server: what is not in this table is refused. `POST /ticket` takes a token and gives a
 * ticket; `GET /inspect` becomes a socket, for whoever shows a ticket (a page) or a token (a program);
 * `GET /recording` gives what the flight recorder holds, for a token in the header.
 */

/** What a request has to show. */
export type Needs = 'token' | 'bearer' | 'ticket-or-token';

/** One door. */
export type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly needs: Needs;
  readonly isSocket: boolean;
};

/** All of them. */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/ticket', needs: 'token', isSocket: false },
  { method: 'GET', path: '/recording', needs: 'bearer', isSocket: false },
  { method: 'GET', path: '/inspect', needs: 'ticket-or-token', isSocket: true },
];

/** Why there is none; `allow`: the methods of the path. */
export type NoRoute = { readonly status: number; readonly allow?: string };

/** A door, or why there is none: no such path, or another method (then which ones). */
export function routeOf(method: string, url: string): Route | NoRoute {
  // A query is nobody's: a token in it would end in a log.
  const here = ROUTES.filter(({ path }) => path === url);
  if (here.length === 0) return { status: 404 };
  const found = here.find((route) => route.method === method);
  return found ?? { status: 405, allow: here.map((route) => route.method).join(', ') };
}
