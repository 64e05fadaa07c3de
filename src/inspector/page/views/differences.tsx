/** What is different between two moments: the marked one, A, and the one that is shown, B. */

import { timeOfDay } from '../browser.ts';
import { differencesOf } from '../diff/differences.ts';
import { useMemo } from '../preact.ts';
import type { Played } from '../replay/played.ts';
import type { Replay } from '../replay/replay.ts';
import { ActorDifferences } from './actor-differences.tsx';
import { FigureDifferences, readsOtherwise } from './figure-differences.tsx';
import { grouped, lasting, plural } from './format.ts';
import { Happenings } from './happenings.tsx';
import { RecordingField } from './open-recording.tsx';
import { Panel } from './panel.tsx';
import { ServiceDifferences } from './service-differences.tsx';
import { useChanges, useSession } from './use-session.ts';

/** Milliseconds between two comparisons while the slider moves. */
const LOOK_MS = 250;

/** The view. */
export function Differences() {
  const session = useSession();
  const { comparison, replay } = session;
  useChanges(comparison.changes);
  return (
    <div>
      <h1>Differences</h1>
      {replay === null ? (
        <p class="nothing quiet">
          Moments of a recording are compared: open one, in Events, and mark a moment of it.
        </p>
      ) : (
        <>
          <With replay={replay} played={comparison.played} />
          {comparison.played !== null && <Compared replay={replay} played={comparison.played} />}
        </>
      )}
    </div>
  );
}

type Both = { readonly replay: Replay; readonly played: Played };

/** What A is, and the ways to another one. */
function With({ replay, played }: Pick<Both, 'replay'> & { readonly played: Played | null }) {
  const session = useSession();
  const isOther = played !== null && played.file !== replay.file;
  return (
    <Panel title="Compare with">
      {played === null && (
        <p>
          Mark a moment with <kbd>m</kbd>, then move the slider to another one. Or compare with
          another recording, such as yesterday's.
        </p>
      )}
      {played !== null && (
        <p class="moments">
          <span>
            <b>A</b> {timeOfDay(session.peopleMs(played.file, played.atMs))}
            {isOther && <span class="quiet"> of {played.file.name}</span>}
          </span>
          {isOther && <MomentOf played={played} />}
        </p>
      )}
      <p class="moments">
        <button type="button" onClick={() => session.mark()}>
          Mark the moment that is shown
        </button>
        <RecordingField
          label="Compare with another recording"
          opened={(name, bytes) => session.compareWith(name, bytes)}
        />
      </p>
    </Panel>
  );
}

/** Its end at first. */
function MomentOf({ played }: Pick<Both, 'played'>) {
  const session = useSession();
  const { file, atMs } = played;
  return (
    <input
      type="range"
      aria-label="Moment A"
      aria-valuetext={timeOfDay(session.peopleMs(file, atMs))}
      min={file.beginMs}
      max={file.endMs}
      step={1000}
      value={atMs}
      onInput={({ currentTarget }) => session.comparison.with(file, Number(currentTarget.value))}
    />
  );
}

function Compared({ replay, played }: Both) {
  const session = useSession();
  const { comparison } = session;
  const version = useChanges(replay.changes, LOOK_MS);
  const { version: comparedWith } = comparison.changes;
  // What is compared changes in its place: versions tell when.
  const found = useMemo(() => {
    const { shown } = session;
    if (shown === null) return null;
    const all = differencesOf(played, shown);
    return { ...all, figures: all.figures.filter(readsOtherwise) };
  }, [session, played, version, comparedWith]);
  if (found === null) return null;
  const { figures, services, actors, hasRates, events, deadLetters, decisions } = found;
  return (
    <>
      <HowMuch found={found} replay={replay} played={played} />
      <div class="compared-parts">
        <FigureDifferences figures={figures} />
        {services.length > 0 && <ServiceDifferences services={services} />}
      </div>
      <ActorDifferences actors={actors} hasRates={hasRates} />
      <Happenings events={events} deadLetters={deadLetters} decisions={decisions} />
    </>
  );
}

type HowMuchProps = Both & { readonly found: ReturnType<typeof differencesOf> };

/** In a line, how much is different. */
function HowMuch({ found, replay, played }: HowMuchProps) {
  const session = useSession();
  const { figures, services, actors, events, deadLetters, decisions } = found;
  const kinds = (kind: string): number => actors.filter((one) => one.kind === kind).length;
  const from = session.peopleMs(played.file, played.atMs);
  const to = session.peopleMs(replay.file, replay.nowMs);
  const happened = (one: typeof events | typeof deadLetters | typeof decisions): string =>
    one.isOneRun ? grouped(one.rows.length + one.missed) : plural(one.kinds.length, 'kind');
  const shown: readonly (readonly [string, string])[] = [
    ['figures', grouped(figures.length)],
    ['services', grouped(services.length)],
    ['actors came', grouped(kinds('came'))],
    ['actors went', grouped(kinds('went'))],
    ['actors changed', grouped(kinds('changed'))],
    ['events', happened(events)],
    ['dead letters', happened(deadLetters)],
    ['decisions', happened(decisions)],
  ];
  return (
    <section class="verdict" aria-label="How much is different">
      <p>
        <b>A</b> {timeOfDay(from)} → <b>B</b> {timeOfDay(to)}
        <br />
        <span class="quiet">
          {to === from
            ? 'the same moment'
            : `${lasting(Math.abs(to - from))} ${to > from ? 'later' : 'earlier'}`}
        </span>
      </p>
      <dl class="figures">
        {shown.map(([name, value]) => (
          <div key={name} class="figure">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
