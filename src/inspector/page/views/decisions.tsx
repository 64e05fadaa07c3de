/** What was decided, by whom, from what, and why not: refused and delayed ones too, the newest first. */
import type { RowOf } from '../../protocol/topics.ts';
import { timeOfDay } from '../browser.ts';
import { hashOf } from '../place/place.ts';
import { useState } from '../preact.ts';
import { FilterBox } from './filter-box.tsx';
import { duration, grouped } from './format.ts';
import { Nothing } from './panel.tsx';
import { useDecisionTime } from './use-decision-time.ts';
import { usePlace, useTable } from './use-session.ts';

/** So many at a time. */
const SHOWN = 150;

/** One decision. */
export type DecisionRow = RowOf<'decisions'>;

const SIGNS = { admitted: '✓', delayed: '◷', refused: '✕' } as const;

/** The verdict as a word with a sign. */
export function VerdictWord({ kind }: { readonly kind: DecisionRow['verdict']['kind'] }) {
  return (
    <span class={`decided ${kind}`}>
      <span aria-hidden="true">{SIGNS[kind]}</span> {kind}
    </span>
  );
}

/** The view. */
export function Decisions() {
  const { filter } = usePlace();
  const table = useTable('decisions');
  const words = filter.toLowerCase().split(/\s+/);
  const found = [...table.rows.values()]
    .filter((row) => words.every((word) => textOf(row).includes(word)))
    .sort((a, b) => b.lastMs - a.lastMs || b.id - a.id);
  return (
    <div>
      <h1>Decisions</h1>
      <FilterBox label="Filter" hint="words, such as a service, refused, a controller" />
      {found.length === 0 ? (
        <Nothing state={table.state} text="Nothing of the kind was decided." />
      ) : (
        <DecisionList rows={found} most={SHOWN} />
      )}
      {found.length > SHOWN && (
        <p class="quiet">
          The newest {SHOWN} of {grouped(found.length)}; a filter shows others.
        </p>
      )}
    </div>
  );
}

/** The newest so many of them, each dated. */
export function DecisionList({
  rows,
  most,
}: {
  readonly rows: readonly DecisionRow[];
  readonly most: number;
}) {
  const timeOf = useDecisionTime();
  return (
    <ol class="events">
      {together(rows)
        .slice(0, most)
        .map((row) => (
          <Decision
            key={row.id}
            row={row}
            at={timeOf === null ? '…' : timeOfDay(timeOf(row.lastMs))}
          />
        ))}
    </ol>
  );
}

/** One of them, with what it was decided from when it is asked for. */
export function Decision({ row, at }: { readonly row: DecisionRow; readonly at: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const { who, service, act, why, verdict, times, inputs, alternatives } = row;
  const hasMore = inputs.length > 0 || alternatives.length > 0;
  return (
    <li class="event">
      <time>{at}</time>
      <div>
        <p>
          <VerdictWord kind={verdict.kind} /> <b>{act.kind}</b>{' '}
          <a href={hashOf({ view: 'service', of: service })}>{service}</a>{' '}
          <span class="quiet">
            by {who}
            {times > 1 && `, ${grouped(times)} times`}
          </span>{' '}
          {hasMore && (
            <button
              type="button"
              class="plain"
              aria-expanded={isOpen}
              onClick={() => setIsOpen(!isOpen)}
            >
              {isOpen ? 'Hide what it was decided from' : 'From what?'}
            </button>
          )}
        </p>
        <p>{why}</p>
        {verdict.kind !== 'admitted' && (
          <p class={verdict.kind === 'refused' ? 'bad' : ''}>
            {verdict.rule}: {verdict.why}{' '}
            <span class="quiet">To let it pass: {verdict.unblock}</span>
          </p>
        )}
        {isOpen && (
          <ul class="plain-list">
            {inputs.map(({ name, value, ageMs, from }) => (
              <li key={name}>
                <code>{name}</code> = <b>{value}</b>{' '}
                <span class="quiet">
                  {duration(ageMs * 1000)} old{from !== undefined && `, from ${from}`}
                </span>
              </li>
            ))}
            {alternatives.map((text) => (
              <li key={text}>
                <span class="quiet">instead of</span> {text}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

/** Equal ones in a row are one that was decided several times: six instances start for one reason. */
export function together(rows: readonly DecisionRow[]): DecisionRow[] {
  const found: DecisionRow[] = [];
  for (const row of rows) {
    const last = found.at(-1);
    if (last !== undefined && sameOf(last) === sameOf(row)) {
      found[found.length - 1] = { ...last, times: last.times + row.times };
    } else found.push(row);
  }
  return found;
}

const sameOf = ({ service, who, why, act, verdict }: DecisionRow): string =>
  [service, who, why, act.kind, verdict.kind].join('\n');

function textOf({ line, service, who, verdict, act }: DecisionRow): string {
  return `${line} ${service} ${who} ${verdict.kind} ${act.kind}`.toLowerCase();
}
