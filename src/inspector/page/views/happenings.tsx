/** Events, dead letters and decisions between two moments; of two runs of a server, how many of each kind. */

import type { RowOf } from '../../protocol/topics.ts';
import { timeOfDay } from '../browser.ts';
import type { Differences, Happenings as Found, HappeningTopic } from '../diff/differences.ts';
import type { KindChange } from '../diff/happened.ts';
import type { ComponentChildren } from '../preact.ts';
import { Decision } from './decisions.tsx';
import { Event } from './events.tsx';
import { signed } from './figure-differences.tsx';
import { count, grouped } from './format.ts';
import { Panel } from './panel.tsx';
import { PathLink } from './path-link.tsx';
import { Scroller } from './scroller.tsx';
import { useDecisionTime } from './use-decision-time.ts';
import { useSession } from './use-session.ts';

/** So many of each. */
const SHOWN = 50;

/** The parts of the view. */
export function Happenings({ events, deadLetters, decisions }: Pick<Differences, HappeningTopic>) {
  const { connection } = useSession();
  const timeOf = useDecisionTime();
  return (
    <>
      <Part title="Events" found={events}>
        {(key, event) => (
          <Event key={key} event={event} at={timeOfDay(connection.peopleMs(event.atMs))} />
        )}
      </Part>
      <Part title="Dead letters" of="of the starting thread" found={deadLetters}>
        {(key, { path, message, reason }) => (
          <li key={key} class="event">
            <span class="quiet">{reason}</span>
            <p>
              <code>{message}</code> to <PathLink path={path} />
            </p>
          </li>
        )}
      </Part>
      {connection.knows('Decisions.list') && (
        <Part title="Decisions" found={decisions}>
          {(key, row) => (
            <Decision
              key={key}
              row={row}
              at={timeOf === null ? '…' : timeOfDay(timeOf(row.lastMs))}
            />
          )}
        </Part>
      )}
    </>
  );
}

type PartProps<T extends HappeningTopic> = {
  readonly title: string;
  /** Which of them are told. */
  readonly of?: string;
  readonly found: Found<T>;
  readonly children: (key: string, row: RowOf<T>) => ComponentChildren;
};

function Part<T extends HappeningTopic>({ title, of = '', found, children }: PartProps<T>) {
  if (!found.isOneRun) {
    return (
      <Panel title={title} note={`${of} in two runs: how many of each kind`}>
        <Kinds title={title} kinds={found.kinds} />
      </Panel>
    );
  }
  const { rows, missed } = found;
  const hidden = Math.max(0, rows.length - SHOWN) + missed;
  return (
    <Panel title={title} note={`${of} between the two moments, the newest first`}>
      {rows.length === 0 ? (
        <p class="nothing quiet">None.</p>
      ) : (
        <ol class="events">{rows.slice(0, SHOWN).map(([key, row]) => children(key, row))}</ol>
      )}
      {hidden > 0 && <p class="quiet">And {grouped(hidden)} older ones.</p>}
    </Panel>
  );
}

type KindsProps = { readonly title: string; readonly kinds: readonly KindChange[] };

function Kinds({ title, kinds }: KindsProps) {
  if (kinds.length === 0) return <p class="nothing quiet">As many of each kind.</p>;
  return (
    <Scroller label={`Table of ${title.toLowerCase()}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col" class="number">
              A
            </th>
            <th scope="col" class="number">
              B
            </th>
            <th scope="col" class="number">
              Difference
            </th>
          </tr>
        </thead>
        <tbody>
          {kinds.slice(0, SHOWN).map(({ kind, from, to }) => (
            <tr key={kind}>
              <th scope="row">{kind}</th>
              <td class="number">{count(from)}</td>
              <td class="number">{count(to)}</td>
              <td class="number">
                <b>{signed(to - from, count)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}
