/** Actors that crashed of late, how often all are restarted, and threads that had to be replaced. */
import { Trend } from '../charts/trend.tsx';
import { hashOf } from '../place/place.ts';
import {
  type Crashed,
  crashedOf,
  RESTARTS_LIMIT,
  restartsPerMinute,
  threadEvents,
} from './crashes.ts';
import { ago, count, plural } from './format.ts';
import { Nothing, Panel } from './panel.tsx';
import { PathLink } from './path-link.tsx';
import { Scroller } from './scroller.tsx';
import { useSession, useTable } from './use-session.ts';

/** So many of each; the events have all. */
const SHOWN = 30;
const THREADS_SHOWN = 5;

/** The parts of the view that every system has. */
export function HealingActors() {
  const { connection } = useSession();
  const events = useTable('events');
  const seconds = useTable('pulse').inOrder();
  const nowMs = connection.serverMs();
  const crashed = crashedOf([...events.rows.values()], nowMs);
  return (
    <Panel
      title="Actors that crashed"
      note={<a href={hashOf({ view: 'events', filter: 'crashed' })}>of the last ten minutes</a>}
    >
      <div class="tiles">
        <Trend
          name="Restarts"
          unit="in a minute"
          points={restartsPerMinute(seconds)}
          text={count}
          limit={{ at: RESTARTS_LIMIT, name: 'limit' }}
        />
      </div>
      {crashed.length === 0 ? (
        <Nothing state={events.state} text="No actor has crashed in the last ten minutes." />
      ) : (
        <CrashedRows crashed={crashed} nowMs={nowMs} />
      )}
      <Threads />
    </Panel>
  );
}

type CrashedRowsProps = { readonly crashed: readonly Crashed[]; readonly nowMs: number };

function CrashedRows({ crashed, nowMs }: CrashedRowsProps) {
  return (
    <>
      <Scroller label="Table of actors that crashed">
        <table class="sentences">
          <thead>
            <tr>
              <th scope="col">Actor</th>
              <th scope="col" class="number">
                Crashes
              </th>
              <th scope="col" class="number">
                In the last minute
              </th>
              <th scope="col">The last one</th>
              <th scope="col">What is done</th>
            </tr>
          </thead>
          <tbody>
            {crashed
              .slice(0, SHOWN)
              .map(({ path, crashes, lastMinute, last, isLoop, isGivenUp }) => (
                <tr key={path}>
                  <th scope="row">
                    <PathLink path={path} />
                  </th>
                  <td class="number" data-label="Crashes">
                    <a href={hashOf({ view: 'events', filter: path })}>{count(crashes)}</a>
                  </td>
                  <td class="number" data-label="In the last minute">
                    {count(lastMinute)}
                  </td>
                  <td data-label="The last one">
                    {last.failure === null
                      ? last.text
                      : `${last.failure.name}: ${last.failure.message}`}{' '}
                    <span class="quiet">{ago(nowMs - last.atMs)}</span>
                  </td>
                  <td data-label="What is done">
                    {isGivenUp ? (
                      <a class="bad" href={hashOf({ view: 'events', filter: path })}>
                        ✕ given up by its supervisor
                      </a>
                    ) : isLoop ? (
                      <a class="bad" href={hashOf({ view: 'actor', of: path })}>
                        ↻ restarted, and crashes in a loop
                      </a>
                    ) : (
                      'its supervisor decides'
                    )}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </Scroller>
      {crashed.length > SHOWN && (
        <p class="quiet">
          The worst {SHOWN} of {plural(crashed.length, 'actor')}.
        </p>
      )}
    </>
  );
}

/** Nothing, where none was ever replaced. */
function Threads() {
  const { connection } = useSession();
  const replaced = useTable('threads')
    .inOrder()
    .filter(({ replaced: times }) => times > 0);
  const events = threadEvents(useTable('events').rows.values());
  if (replaced.length === 0 && events.length === 0) {
    return <p class="quiet">No thread had to be replaced.</p>;
  }
  const nowMs = connection.serverMs();
  return (
    <>
      <p>
        <a class="warn" href={hashOf({ view: 'events', filter: 'thread' })}>
          ↻ Threads that were replaced
        </a>
        :{' '}
        {replaced
          .map(({ thread, replaced: times }) => `${thread} (${plural(times, 'time')})`)
          .join(', ') || 'none yet'}
      </p>
      <ul class="plain-list">
        {events.slice(0, THREADS_SHOWN).map(({ text, atMs }) => (
          <li key={`${text} ${atMs}`}>
            {text} <span class="quiet">{ago(nowMs - atMs)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
