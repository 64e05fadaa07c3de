/**
 * Where in the page somebody is, as the fragment of its address carries it: view, what of it, filter, time.
 *
 *   #/actors?filter=depth>10   #/actor/%2Fuser%2Fcart   #/events?at=1790000000000
 *   #/differences?mark=1790000000000
 *
 * A fragment never reaches a server. What cannot be read is the first screen. Pure.
 */

/** All views. */
export const VIEWS = [
  'overview',
  'services',
  'service',
  'decisions',
  'ring',
  'actors',
  'tree',
  'actor',
  'threads',
  'events',
  'dead',
  'healing',
  'regions',
  'metrics',
  'differences',
] as const;

/** One of them. */
export type View = (typeof VIEWS)[number];

/** Where somebody is. */
export type Place = {
  readonly view: View;
  /** What of the view: an actor's path, a service. Empty: all. */
  readonly of: string;
  readonly filter: string;
  /** Milliseconds since 1970 that are looked at; null: now. */
  readonly atMs: number | null;
  /** Milliseconds since 1970 of the moment of a recording that others are compared with; null: none. */
  readonly markMs: number | null;
};

/** From `location.hash`. */
export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name = '', of = ''] = path.split('/', 2);
  const view = VIEWS.find((one) => one === name) ?? 'overview';
  const params = new URLSearchParams(query);
  const momentOf = (key: string): number | null => {
    const ms = Number(params.get(key) ?? Number.NaN);
    return Number.isFinite(ms) && ms > 0 ? ms : null;
  };
  return {
    view,
    of: view === 'overview' ? '' : readable(of),
    filter: params.get('filter') ?? '',
    atMs: momentOf('at'),
    markMs: momentOf('mark'),
  };
}

/** For a link. */
export function hashOf(place: Partial<Place> & { readonly view: View }): string {
  const { view, of = '', filter = '', atMs = null, markMs = null } = place;
  const params = new URLSearchParams();
  if (filter !== '') params.set('filter', filter);
  if (atMs !== null) params.set('at', String(Math.round(atMs)));
  if (markMs !== null) params.set('mark', String(Math.round(markMs)));
  const query = params.size === 0 ? '' : `?${params}`;
  return `#/${view}${of === '' ? '' : `/${encodeURIComponent(of)}`}${query}`;
}

function readable(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
