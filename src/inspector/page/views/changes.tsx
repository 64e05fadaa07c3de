/** What has happened last, newest first, each in a line with a way to its cause. */
import { timeOfDay } from '../browser.ts';
import { hashOf } from '../place/place.ts';
import { Nothing, Panel } from './panel.tsx';
import { useSession, useTable } from './use-session.ts';

/** So many; the view of events has the rest. */
const SHOWN = 40;

/** The part of the first screen. */
export function Changes() {
  const { connection } = useSession();
  const table = useTable('events');
  const newest = [...table.rows].sort(([a], [b]) => Number(b) - Number(a)).slice(0, SHOWN);
  return (
    <Panel class="side" title="Changes" note={<a href={hashOf({ view: 'events' })}>All events</a>}>
      {newest.length === 0 ? (
        <Nothing state={table.state} text="Nothing has happened yet." />
      ) : (
        <ol class="changes">
          {newest.map(([key, { atMs, kind, path, text, failure }]) => {
            const at = connection.peopleMs(atMs);
            const to =
              path === null
                ? hashOf({ view: 'events', atMs: at })
                : hashOf({ view: 'actor', of: path });
            return (
              <li key={key}>
                <time>{timeOfDay(at)}</time>
                <div>
                  <a href={to} class={failure === null ? '' : 'bad'}>
                    {kind}
                  </a>
                  <p>{text}</p>
                </div>
              </li>
            );
          })}
        </ol>
      )}
    </Panel>
  );
}
