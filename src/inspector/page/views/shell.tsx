/** The frame around every view: the bar with the connection, the navigation, and the view itself. */
import type { ConnectionState } from '../connection/connection.ts';
import { hashOf, type View } from '../place/place.ts';
import { THEMES } from '../place/theme.ts';
import { Fragment, type JSX, useEffect, useLayoutEffect, useRef } from '../preact.ts';
import { ActorDetail } from './actor-detail.tsx';
import { Actors } from './actors.tsx';
import { Banner } from './banner.tsx';
import { Boundary } from './boundary.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { Decisions } from './decisions.tsx';
import { Differences } from './differences.tsx';
import { Events } from './events.tsx';
import { Healing } from './healing.tsx';
import { Metrics } from './metrics.tsx';
import { Overview } from './overview.tsx';
import { Regions } from './regions.tsx';
import { ReplayBar } from './replay-bar.tsx';
import { Ring } from './ring.tsx';
import { Service } from './service.tsx';
import { Services } from './services.tsx';
import { SignIn } from './sign-in.tsx';
import { Threads } from './threads.tsx';
import { Tree } from './tree.tsx';
import { useChanges, usePlace, useSession } from './use-session.ts';

type Entry = {
  readonly view: View;
  readonly name: string;
  readonly key: string;
  /** The method without which there is nothing to see; and the view of one of them. */
  readonly needs?: string;
  /** Of a recording only. */
  readonly isOfRecording?: true;
  readonly one?: View;
};

/** What the navigation offers, and the letter that leads there after a g. */
const ENTRIES: readonly Entry[] = [
  { view: 'overview', name: 'Overview', key: 'o' },
  { view: 'services', name: 'Services', key: 's', needs: 'Fleet.list', one: 'service' },
  { view: 'decisions', name: 'Decisions', key: 'c', needs: 'Decisions.list' },
  { view: 'ring', name: 'Hash ring', key: 'h', needs: 'Ring.get' },
  { view: 'actors', name: 'Actors', key: 'a', one: 'actor' },
  { view: 'tree', name: 'Tree', key: 't' },
  { view: 'threads', name: 'Threads and rings', key: 'r' },
  { view: 'events', name: 'Events', key: 'e' },
  { view: 'dead', name: 'Dead letters', key: 'd' },
  { view: 'healing', name: 'Healing', key: 'l' },
  { view: 'regions', name: 'Regions and leader', key: 'n', needs: 'Fleet.leader' },
  { view: 'metrics', name: 'Metrics', key: 'm', needs: 'Metrics.list' },
  { view: 'differences', name: 'Differences', key: 'f', isOfRecording: true },
];

const DRAWN: Readonly<Record<View, () => JSX.Element>> = {
  overview: Overview,
  services: Services,
  service: Service,
  decisions: Decisions,
  ring: Ring,
  actors: Actors,
  tree: Tree,
  actor: ActorDetail,
  threads: Threads,
  events: Events,
  dead: DeadLetters,
  healing: Healing,
  regions: Regions,
  metrics: Metrics,
  differences: Differences,
};

/** The whole page. */
export function Shell() {
  const { connection, replay } = useSession();
  useChanges(connection.changes);
  useShortcuts();
  const { state } = connection;
  if (state.kind === 'signed-out') return <SignIn because={state.because} />;
  return (
    <Fragment>
      <a class="skip" href="#main">
        To the content
      </a>
      <Bar />
      {state.kind === 'replaying' && replay !== null && <ReplayBar replay={replay} />}
      <div class="frame">
        <Navigation />
        <Content />
      </div>
    </Fragment>
  );
}

const WORDS: Readonly<Record<ConnectionState['kind'], string>> = {
  open: 'Live',
  connecting: 'Connecting',
  waiting: 'Not connected',
  mismatch: 'Not connected',
  'signed-out': 'Not connected',
  replaying: 'Recording',
};

function Bar() {
  const session = useSession();
  const { hello, state } = session.connection;
  return (
    <header class="bar">
      <a class="brand" href={hashOf({ view: 'overview' })}>
        <span class="ring" aria-hidden="true" /> Ringmaster
      </a>
      <span class={`link ${state.kind}`}>
        <span class="dot" aria-hidden="true" />
        {WORDS[state.kind]}
      </span>
      <span class="spacer" />
      {hello !== null && <span class="role quiet">{hello.role}</span>}
      <ThemeSwitch />
      <button type="button" class="plain" onClick={() => session.signOut()}>
        Sign out
      </button>
    </header>
  );
}

function ThemeSwitch() {
  const { theme } = useSession();
  useChanges(theme.changes);
  const next = THEMES[(THEMES.indexOf(theme.chosen) + 1) % THEMES.length] ?? 'system';
  return (
    <button
      type="button"
      class="plain"
      aria-label={`Colours: ${theme.chosen}; change to ${next}`}
      onClick={() => theme.choose(next)}
    >
      {{ system: '◐', light: '○', dark: '●' }[theme.chosen]}{' '}
      <span class="wide">{theme.chosen}</span>
    </button>
  );
}

function Navigation() {
  const { view } = usePlace();
  const { connection, replay } = useSession();
  const entries = ENTRIES.filter(
    ({ needs, isOfRecording = false }) =>
      (needs === undefined || connection.knows(needs)) && (!isOfRecording || replay !== null),
  );
  return (
    <nav aria-label="Views">
      <ul>
        {entries.map((entry) => {
          const isHere = entry.view === view || entry.one === view;
          return (
            <li key={entry.view}>
              <a href={hashOf({ view: entry.view })} aria-current={isHere ? 'page' : undefined}>
                {entry.name} <kbd>g {entry.key}</kbd>
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function Content() {
  const { view, of } = usePlace();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  // Before anybody sees the view: later, the focus would be taken from whoever is in its filter already.
  useLayoutEffect(() => {
    const name = ENTRIES.find((entry) => entry.view === view)?.name ?? of;
    document.title = `${name} – Ringmaster`;
    // Whoever goes somewhere by keyboard goes on from there.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    scrollTo(0, 0);
  }, [view, of]);
  const Drawn = DRAWN[view];
  return (
    <main id="main" ref={main} tabIndex={-1} class={`view-${view}`}>
      <Banner />
      <Boundary key={`${view} ${of}`}>
        <Drawn />
      </Boundary>
    </main>
  );
}

/** g and a letter: a view. /: the filter. m: marks a moment of a recording. Not while somebody types. */
function useShortcuts(): void {
  const session = useSession();
  const { place } = session;
  useEffect(() => {
    let isAfterG = false;
    const pressed = (event: KeyboardEvent): void => {
      const { key, target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      // A slider takes no letters.
      const isTyping = target instanceof HTMLInputElement && target.type !== 'range';
      if (isTyping || target instanceof HTMLTextAreaElement) return;
      const entry = isAfterG ? ENTRIES.find((one) => one.key === key) : undefined;
      isAfterG = key === 'g';
      if (entry !== undefined) place.go({ view: entry.view });
      else if (key === 'm') session.mark();
      else if (key === '/') {
        const filter = document.querySelector<HTMLInputElement>('input[type=search]');
        if (filter === null) place.go({ view: 'actors' });
        else filter.focus();
        event.preventDefault();
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [session, place]);
}
