/** What was decided and what has happened last, newest first, each in a line with a way to its cause. */
import { timeOfDay } from '../browser.ts';
import { hashOf } from '../place/place.ts';
import { together } from './decisions.tsx';
import { Nothing, Panel } from './panel.tsx';
import { useDecisionTime } from './use-decision-time.ts';
import { useSession, useTable } from './use-session.ts';

/** So many; the views of events and decisions have the rest. */
const SHOWN = 40;

type Change = {
  readonly key: string;
  readonly at: number;
  readonly what: string;
  readonly to: string;
  readonly why: string;
  readonly isBad: boolean;
};

/** The part of the first screen. */
export function Changes() {
  const { state } = useTable('events');
  const newest = [...useEvents(), ...useDecisions()].sort((a, b) => b.at - a.at).slice(0, SHOWN);
  return (
    <Panel class="side" title="Changes" note={<a href={hashOf({ view: 'events' })}>All events</a>}>
      {newest.length === 0 ? (
        <Nothing state={state} text="Nothing has happened yet." />
      ) : (
        <ol class="changes">
          {newest.map(({ key, at, what, to, why, isBad }) => (
            <li key={key}>
              <time>{timeOfDay(at)}</time>
              <div>
                <a href={to} class={isBad ? 'bad' : ''}>
                  {what}
                </a>
                <p>{why}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

function useEvents(): Change[] {
  const { connection } = useSession();
  const { rows } = useTable('events');
  return [...rows].slice(-SHOWN).map(([key, { atMs, kind, path, text, failure }]) => {
    const at = connection.peopleMs(atMs);
    const to =
      path === null ? hashOf({ view: 'events', atMs: at }) : hashOf({ view: 'actor', of: path });
    return { key: `event ${key}`, at, what: kind, to, why: text, isBad: failure !== null };
  });
}

/** None where there is no fleet. */
function useDecisions(): Change[] {
  const { rows } = useTable('decisions');
  const timeOf = useDecisionTime();
  if (timeOf === null) return [];
  return together([...rows.values()].slice(-5 * SHOWN)).map(
    ({ id, lastMs, act, service, why, verdict }) => ({
      key: `decision ${id}`,
      at: timeOf(lastMs),
      what: `${service}: ${act.kind}${verdict.kind === 'admitted' ? '' : `, ${verdict.kind}`}`,
      to: hashOf({ view: 'decisions', filter: `${service} ${act.kind}` }),
      why: verdict.kind === 'admitted' ? why : verdict.why,
      isBad: verdict.kind === 'refused',
    }),
  );
}
