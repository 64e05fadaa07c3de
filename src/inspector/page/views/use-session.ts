/** How a component reads the session: it is drawn again when what it reads has changed, once per picture. */
import type { RowOf } from '../../protocol/topics.ts';
import { after, monotonicMs, nextFrame } from '../browser.ts';
import type { Place } from '../place/place.ts';
import { createContext, useContext, useEffect, useState } from '../preact.ts';
import type { Session } from '../session.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import type { Changes } from '../tables/changes.ts';
import type { Table } from '../tables/table.ts';
import type { TableTopic } from '../tables/table-topic.ts';

/** Given by main.tsx. */
export const SessionContext = createContext<Session | null>(null);

/** The session. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('a component outside of SessionContext');
  return session;
}

/** Calls `listener` for changes: in the next picture, and not sooner than `everyMs` after the last call. */
export function watchFrames(changes: Changes, everyMs: number, listener: () => void): () => void {
  let stop: (() => void) | null = null;
  let lastMs = Number.NEGATIVE_INFINITY;
  const run = (): void => {
    stop = null;
    lastMs = monotonicMs();
    listener();
  };
  const unwatch = changes.watch(() => {
    if (stop !== null) return;
    const waitMs = lastMs + everyMs - monotonicMs();
    if (waitMs <= 4) stop = nextFrame(run);
    else
      stop = after(waitMs, () => {
        stop = nextFrame(run);
      });
  });
  return () => {
    stop?.();
    unwatch();
  };
}

/** Draws the component again when something has changed. @returns its version */
export function useChanges(changes: Changes, everyMs = 0): number {
  const [, setVersion] = useState(changes.version);
  useEffect(() => {
    setVersion(changes.version);
    return watchFrames(changes, everyMs, () => setVersion(changes.version));
  }, [changes, everyMs]);
  return changes.version;
}

/** A topic's rows, told for as long as the component is there. */
export function useTable<T extends TableTopic>(topic: T): Table<RowOf<T>> {
  const session = useSession();
  useEffect(() => session.subscriptions.hold(topic), [session, topic]);
  const table = session.table(topic);
  useChanges(table.changes);
  return table;
}

/** All actors, told for as long as the component is there. It is not drawn again for their changes. */
export function useActors(): ActorColumns {
  const session = useSession();
  useEffect(() => session.subscriptions.hold('actors'), [session]);
  return session.actors;
}

/** Where somebody is. */
export function usePlace(): Place {
  const { place } = useSession();
  useChanges(place.changes);
  return place.now;
}
