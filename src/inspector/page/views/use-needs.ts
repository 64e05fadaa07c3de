/** What somebody has to look at, each with a way to its cause: the list, and what the verdict goes by. */
import { hashOf } from '../place/place.ts';
import { causeOf, loopsOf } from './causes.ts';
import type { ServiceRow } from './service-rows.tsx';
import { useSession, useTable } from './use-session.ts';

/** So many; the rest is in the events. */
const LOOPS_MAX = 5;

/** One thing. */
export type Need = {
  readonly sign: string;
  readonly what: string;
  readonly to: string;
  /** Why, in a line or two. */
  readonly why: string;
};

/** As it is now. */
export function useNeeds(): readonly Need[] {
  const { connection } = useSession();
  const system = useTable('system').rows.get('now');
  const { rows: events } = useTable('events');
  const { rows: services } = useTable('services');
  const loops = loopsOf(events.values(), connection.serverMs()).slice(0, LOOPS_MAX);
  return [
    ...[...services.values()].flatMap((row) => needsOf(row, connection.knows('Service.verb'))),
    ...loops.map(({ path, crashes, last }) => ({
      sign: '↻',
      what: `${path} crashes in a loop`,
      to: hashOf({ view: 'actor', of: path }),
      why: `${crashes} times in five minutes, last with ${last.failure?.name}: ${last.failure?.message}`,
    })),
    // A loop is told with its error above; the verdict's sentence about the same actor says less.
    ...(system?.because ?? [])
      .filter((text) => !loops.some(({ path }) => text.includes(path)))
      .map((text) => ({ sign: '▲', what: text, to: causeOf(text), why: '' })),
  ];
}

/** Of a service that waits for somebody. `mayAct`: what can be done is in its view. */
function needsOf(row: ServiceRow, mayAct: boolean): Need[] {
  const { service, state, attention, heldBy, message, allowedActions } = row;
  const to = hashOf({ view: 'service', of: service });
  const verbs = mayAct ? ['promote', 'resume', 'retry', 'abort', 'undo'] : [];
  const can = verbs.filter((verb) => allowedActions.some((action) => action === verb));
  const choices = can.length === 0 ? '' : ` You can ${can.join(', ')}.`;
  const needs = attention.map((text) => ({ sign: '▲', what: `${service}: ${text}`, to, why: '' }));
  if (heldBy !== null) {
    const why = 'Nothing is changed until somebody has looked.';
    needs.push({ sign: '▲', what: `${service} is held: ${heldBy} did not hold`, to, why });
  }
  if (state === 'paused' || state === 'aborted') {
    const sign = state === 'paused' ? '❚❚' : '✕';
    needs.push({
      sign,
      what: `${service}: its rollout is ${state}`,
      to,
      why: `${message}${choices}`,
    });
  }
  return needs;
}
