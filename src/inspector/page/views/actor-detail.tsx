/** One actor: its figures and how they went since this was opened, its crashes, and the way to end it. */
import { timeOfDay } from '../browser.ts';
import { Trend } from '../charts/trend.tsx';
import { hashOf } from '../place/place.ts';
import { useEffect, useRef } from '../preact.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import { ActorTimes } from './actor-times.tsx';
import { Failure } from './failure.tsx';
import { count, duration, grouped } from './format.ts';
import { Panel } from './panel.tsx';
import { StopActor } from './stop-actor.tsx';
import { Trace } from './trace.tsx';
import { useActors, useChanges, usePlace, useSession, useTable } from './use-session.ts';

/** Points of a line, one a second: five minutes. */
const POINTS = 300;
/** Crashes that are shown. */
const SHOWN = 5;

/** The view. */
export function ActorDetail() {
  const actors = useActors();
  const { connection } = useSession();
  const { of: path } = usePlace();
  useChanges(actors.changes, 250);
  const row = useRow(actors, path);
  const trends = useTrends(actors, row);
  const folder = path.slice(0, path.lastIndexOf('/'));
  return (
    <div>
      <p class="crumbs">
        <a href={hashOf({ view: 'tree', of: folder })}>{folder === '' ? 'all' : folder}</a>
      </p>
      <h1 class="path">{path}</h1>
      {row < 0 ? (
        <p class="nothing quiet">
          {actors.state === 'known'
            ? 'There is no actor of this path now.'
            : 'Waiting for the actors …'}
        </p>
      ) : (
        <>
          <div class="tiles">
            <Trend name="Mailbox" unit="messages waiting" points={trends.depth} text={count} />
            <Trend name="Wait" unit="mean time in mailbox" points={trends.wait} text={duration} />
            <Trend name="Handled" unit="messages a second" points={trends.rate} text={count} />
            <Trend
              name="Restarts"
              unit="since it was first started"
              points={trends.restarts}
              text={count}
            />
          </div>
          <p class="quiet">
            Thread {actors.thread[row]} · {grouped(actors.handled[row] ?? 0)}{' '}
            {actors.handled[row] === 1 ? 'message' : 'messages'} handled
          </p>
          <ActorTimes path={path} />
        </>
      )}
      <Crashes path={path} />
      {row >= 0 && connection.may('Trace.start') && <Trace path={path} />}
      {row >= 0 && connection.may('Actors.stop') && <StopActor path={path} />}
    </div>
  );
}

/** Looked for again only when actors came or went. */
function useRow(actors: ActorColumns, path: string): number {
  const found = useRef({ row: -1, version: -1 });
  if (found.current.version !== actors.namesVersion) {
    found.current = { row: actors.rowOf(path), version: actors.namesVersion };
  }
  return found.current.row;
}

type Trends = {
  readonly depth: number[];
  readonly wait: number[];
  readonly rate: number[];
  readonly restarts: number[];
};

/** A point a second, since the view was opened. */
function useTrends(actors: ActorColumns, row: number): Trends {
  const trends = useRef<Trends>({ depth: [], wait: [], rate: [], restarts: [] });
  const version = useRef(-1);
  useEffect(() => {
    trends.current = { depth: [], wait: [], rate: [], restarts: [] };
    version.current = -1;
  }, []);
  // The rates are counted once a second, also when nothing is told.
  if (row >= 0 && version.current !== actors.rateVersion) {
    version.current = actors.rateVersion;
    const { depth, wait, rate, restarts } = trends.current;
    depth.push(actors.depth[row] ?? 0);
    wait.push(actors.waitUs[row] ?? Number.NaN);
    rate.push(actors.rate[row] ?? 0);
    restarts.push(actors.restarts[row] ?? 0);
    for (const points of [depth, wait, rate, restarts]) if (points.length > POINTS) points.shift();
  }
  return trends.current;
}

function Crashes({ path }: { readonly path: string }) {
  const { connection } = useSession();
  const { rows } = useTable('events');
  const mine = [...rows]
    .filter(([, event]) => event.path === path)
    .sort(([a], [b]) => Number(b) - Number(a));
  const crashes = mine.filter(([, { failure }]) => failure !== null);
  const [newest] = crashes;
  const last = mine[0]?.[1];
  return (
    <Panel
      title="Last crash"
      note={
        mine.length > 0 && <a href={hashOf({ view: 'events', filter: path })}>All of its events</a>
      }
    >
      {newest?.[1].failure == null ? (
        <p class="nothing quiet">None is known.</p>
      ) : (
        <>
          <p class="quiet">
            {timeOfDay(connection.peopleMs(newest[1].atMs))} · {newest[1].text}
          </p>
          {last?.kind === 'restart-waits' && <p class="quiet">{last.text}</p>}
          <Failure failure={newest[1].failure} />
          {crashes.length > 1 && (
            <p class="quiet">
              And before:{' '}
              {crashes
                .slice(1, SHOWN)
                .map(([, event]) => timeOfDay(connection.peopleMs(event.atMs)))
                .join(', ')}
              {crashes.length > SHOWN && `, and ${crashes.length - SHOWN} more`}
            </p>
          )}
        </>
      )}
    </Panel>
  );
}
