/** How a service is, in a few lines, and what keeps it from being well. */
import { hashOf } from '../place/place.ts';
import type { ComponentChildren } from '../preact.ts';
import { count } from './format.ts';
import { type ServiceRow, StateWord } from './service-rows.tsx';

/** What it says: `more` in its first line, `children` below that. */
export type ServiceSummaryProps = {
  readonly row: ServiceRow;
  readonly more?: ComponentChildren;
  readonly children?: ComponentChildren;
};

/** The lines. */
export function ServiceSummary({ row, more, children }: ServiceSummaryProps) {
  return (
    <div class="summary">
      <p>
        <StateWord state={row.state} /> · {row.kind} · {count(row.ready)} of {count(row.wanted)}{' '}
        ready, {count(row.demand)} needed{more} ·{' '}
        <a href={hashOf({ view: 'decisions', filter: row.service })}>its decisions</a>
        {row.generation !== null && (
          <>
            {' '}
            · <a href={hashOf({ view: 'ring', of: row.service })}>its ring</a>
          </>
        )}
      </p>
      {children}
      {row.heldBy !== null && <p class="bad">▲ Held: {row.heldBy} did not hold.</p>}
      {row.attention.map((text) => (
        <p key={text} class="bad">
          ▲ {text}
        </p>
      ))}
      {row.isFrozen && (
        <p>
          {row.isFleetFrozen ? 'The whole fleet is frozen' : 'It is frozen'}: nothing voluntary is
          done.
        </p>
      )}
    </div>
  );
}
