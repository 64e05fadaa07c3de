/** Whether the system is well, in words, and how much it does. */
import { hashOf } from '../place/place.ts';
import { count, duration, grouped } from './format.ts';
import { useNeeds } from './use-needs.ts';
import { useTable } from './use-session.ts';

/** The band at the top. */
export function Verdict() {
  const { rows, state } = useTable('system');
  const now = rows.get('now');
  const needs = useNeeds();
  if (now === undefined) {
    return (
      <section class="verdict" aria-label="Verdict">
        <h1 class="quiet">{state === 'unsupported' ? 'No verdict' : 'Looking …'}</h1>
      </section>
    );
  }
  // Whatever needs somebody is below: the word and the list say the same.
  const isWell = now.verdict === 'healthy' && needs.length === 0;
  return (
    <section class={`verdict ${isWell ? 'healthy' : 'attention'}`} aria-label="Verdict">
      <h1>
        <span class="sign" aria-hidden="true">
          {isWell ? '✓' : '▲'}
        </span>
        {isWell ? 'HEALTHY' : 'ATTENTION'}
      </h1>
      <dl class="figures">
        <Figure name="actors" value={grouped(now.actors)} to={hashOf({ view: 'actors' })} />
        <Figure
          name={now.threads === 1 ? 'thread' : 'threads'}
          value={count(now.threads)}
          to={hashOf({ view: 'threads' })}
        />
        <Figure name="messages/s" value={count(now.handledPerSecond)} />
        <Figure name="p99 wait" value={duration(now.p99WaitUs)} to={waits} />
        <Figure
          name="restarts/min"
          value={count(now.restartsPerMinute)}
          to={hashOf({ view: 'events' })}
          isBad={now.restartsPerMinute > 0}
        />
        <Figure
          name="dead letters"
          value={count(now.deadLetters)}
          to={hashOf({ view: 'dead' })}
          isBad={now.deadLetters > 0}
        />
        {now.lost > 0 && (
          <Figure name="lost" value={count(now.lost)} to={hashOf({ view: 'events' })} isBad />
        )}
      </dl>
    </section>
  );
}

const waits = hashOf({ view: 'actors', filter: 'sort:-wait' });

type FigureProps = {
  readonly name: string;
  readonly value: string;
  readonly to?: string;
  readonly isBad?: boolean;
};

function Figure({ name, value, to, isBad = false }: FigureProps) {
  return (
    <div class={isBad ? 'figure bad' : 'figure'}>
      <dt>{name}</dt>
      <dd>{to === undefined ? value : <a href={to}>{value}</a>}</dd>
    </div>
  );
}
