/** What somebody has to look at, each with a way to its cause: the list, and what the verdict goes by. */
import { hashOf } from '../place/place.ts';
import { causeOf, loopsOf } from './causes.ts';
import { type Need, needsOf } from './service-needs.ts';
import { useSession, useTable } from './use-session.ts';

/** So many; the rest is in the events. */
const LOOPS_MAX = 5;

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
