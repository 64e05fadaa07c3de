/** Crashes with their causes, lost threads: the last thousand things that happened, newest first. */
import { timeOfDay } from '../browser.ts';
import { useState } from '../preact.ts';
import type { Happened } from './causes.ts';
import { Failure } from './failure.tsx';
import { FilterBox } from './filter-box.tsx';
import { grouped } from './format.ts';
import { OpenRecording } from './open-recording.tsx';
import { Nothing } from './panel.tsx';
import { PathLink } from './path-link.tsx';
import { useChanges, usePlace, useSession, useTable } from './use-session.ts';

/** So many at a time. */
const SHOWN = 200;

/** The view. */
export function Events() {
  const { connection, place } = useSession();
  const { filter, atMs } = usePlace();
  const table = useTable('events');
  const words = filter.toLowerCase().split(/\s+/);
  const untilMs = atMs ?? Number.POSITIVE_INFINITY;
  const found = [...table.rows]
    .filter(([, event]) => connection.peopleMs(event.atMs) <= untilMs + 1000)
    .filter(([, event]) => words.every((word) => textOf(event).includes(word)))
    .sort(([a], [b]) => Number(b) - Number(a));
  return (
    <div>
      <div class="title">
        <h1>Events</h1>
        <Recording />
      </div>
      <FilterBox label="Filter" hint="words of the path, kind or text" />
      {atMs !== null && (
        <p class="pinned">
          Up to {timeOfDay(atMs)}.{' '}
          <button type="button" onClick={() => place.refine({ atMs: null })}>
            Go on to now
          </button>
        </p>
      )}
      {found.length === 0 ? (
        <Nothing state={table.state} text="Nothing of the kind has happened." />
      ) : (
        <ol class="events">
          {found.slice(0, SHOWN).map(([key, event]) => (
            <Event key={key} event={event} at={timeOfDay(connection.peopleMs(event.atMs))} />
          ))}
        </ol>
      )}
      {found.length > SHOWN && (
        <p class="quiet">
          The newest {SHOWN} of {grouped(found.length)}; a filter shows others.
        </p>
      )}
    </div>
  );
}

/** The last minutes of everything, as a file. */
function Recording() {
  const { connection } = useSession();
  const [said, setSaid] = useState('');
  useChanges(connection.changes);
  if (connection.state.kind === 'replaying') return null;
  return (
    <div>
      <OpenRecording />
      <span role="status" class="quiet">
        {said}
      </span>{' '}
      <button type="button" onClick={() => void connection.saveRecording().then(setSaid)}>
        Save the recording
      </button>
    </div>
  );
}

/** One of them, with its error when it is asked for. */
export function Event({ event, at }: { readonly event: Happened; readonly at: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const { kind, path, thread, text, failure } = event;
  return (
    <li class={failure === null ? 'event' : 'event crash'}>
      <time>{at}</time>
      <div>
        <p>
          <b class={failure === null ? '' : 'bad'}>{kind}</b>{' '}
          {path !== null && <PathLink path={path} />}{' '}
          {thread !== null && <span class="quiet">thread {thread}</span>}
        </p>
        <p>{text}</p>
        {failure !== null && (
          <button
            type="button"
            class="plain"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? 'Hide the error' : `${failure.name}: show the error and its causes`}
          </button>
        )}
        {isOpen && failure !== null && <Failure failure={failure} />}
      </div>
    </li>
  );
}

function textOf({ kind, path, text, failure }: Happened): string {
  return `${kind} ${path ?? ''} ${text} ${failure?.name ?? ''}`.toLowerCase();
}
