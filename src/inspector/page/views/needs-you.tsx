/** What somebody has to look at, each with a way to its cause. */
import { hashOf } from '../place/place.ts';
import { causeOf, loopsOf } from './causes.ts';
import { Panel } from './panel.tsx';
import { useSession, useTable } from './use-session.ts';

/** So many; the rest is in the events. */
const LOOPS_MAX = 5;

/** The list; when nothing needs anybody, it says so in a line. */
export function NeedsYou() {
  const { connection } = useSession();
  const system = useTable('system').rows.get('now');
  const { rows: events } = useTable('events');
  const loops = loopsOf(events.values(), connection.serverMs()).slice(0, LOOPS_MAX);
  // A loop is told with its error below; the verdict's sentence about the same actor says less.
  const because = (system?.because ?? []).filter(
    (text) => !loops.some(({ path }) => text.includes(path)),
  );
  const isCalm = because.length === 0 && loops.length === 0;
  return (
    <Panel title="Needs you" class={isCalm ? 'needs calm' : 'needs'}>
      {isCalm ? (
        <p class="nothing quiet">Nothing needs you.</p>
      ) : (
        <ul class="needs-list">
          {loops.map(({ path, crashes, last }) => (
            <li key={path}>
              <span class="sign" aria-hidden="true">
                ↻
              </span>
              <div>
                <a href={hashOf({ view: 'actor', of: path })}>
                  <span class="path">{path}</span> crashes in a loop
                </a>
                <p class="quiet">
                  {crashes} times in five minutes, last with {last.failure?.name}:{' '}
                  {last.failure?.message}
                </p>
              </div>
            </li>
          ))}
          {because.map((text) => (
            <li key={text}>
              <span class="sign" aria-hidden="true">
                ▲
              </span>
              <a href={causeOf(text)}>{text}</a>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
