/** Actors that came, went or have other figures, the largest change first; only rows to be seen are drawn. */
import type { ActorChange, ActorFigures, ActorKind } from '../diff/actor-changes.ts';
import { chosenOf, withKind } from '../diff/actor-choice.ts';
import { type Order, withOrder } from '../place/filter.ts';
import { useMemo } from '../preact.ts';
import { FilterBox } from './filter-box.tsx';
import { count, duration, grouped } from './format.ts';
import { OrderHead } from './order-head.tsx';
import { Panel } from './panel.tsx';
import { PathLink } from './path-link.tsx';
import { usePlace, useSession } from './use-session.ts';
import { ROW_HEIGHT, VirtualRows } from './virtual-rows.tsx';

type Column = {
  readonly by: keyof ActorFigures;
  readonly name: string;
  readonly text: (value: number) => string;
};

const COLUMNS: readonly Column[] = [
  { by: 'depth', name: 'Mailbox', text: count },
  { by: 'wait', name: 'Wait', text: duration },
  { by: 'rate', name: 'Messages/s', text: count },
  { by: 'handled', name: 'Handled', text: count },
  { by: 'restarts', name: 'Restarts', text: count },
];
/** At once; others are scrolled to. */
const ROWS_SEEN = 15;
const KINDS: readonly (readonly [ActorKind | null, string])[] = [
  [null, 'All'],
  ['came', 'Came'],
  ['went', 'Went'],
  ['changed', 'Changed'],
];
const HINT = 'cart depth>10 wait>=5ms came thread:2 sort:-restarts; numbers: by how much';

/** What is shown. */
export type ActorDifferencesProps = {
  readonly actors: readonly ActorChange[];
  readonly hasRates: boolean;
};

/** The part of the view. */
export function ActorDifferences({ actors, hasRates }: ActorDifferencesProps) {
  const { place } = useSession();
  const { filter } = usePlace();
  const { rows, order, kinds, wrong } = useMemo(() => chosenOf(actors, filter), [actors, filter]);
  return (
    <Panel title="Actors" note={`${grouped(rows.length)} of ${grouped(actors.length)}`}>
      <fieldset class="switch">
        <legend class="unseen">Which actors</legend>
        {KINDS.map(([kind, name]) => (
          <button
            key={name}
            type="button"
            aria-pressed={kind === null ? kinds.length === 0 : kinds.includes(kind)}
            onClick={() => place.refine({ filter: withKind(filter, kind) })}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <FilterBox label="Filter" hint={HINT} wrong={wrong} />
      {!hasRates && (
        <p class="quiet">Rates are not known in the first seconds of a minute that was recorded.</p>
      )}
      {rows.length === 0 ? (
        <p class="nothing quiet">No actor is otherwise, as the filter wants.</p>
      ) : (
        <div class="compared-actors" style={{ height: `${heightOf(rows.length)}px` }}>
          <VirtualRows
            label="Actors that are otherwise"
            length={rows.length}
            columns={COLUMNS.length + 2}
            head={
              <Head
                order={order}
                choose={(next) => place.refine({ filter: withOrder(filter, next) })}
              />
            }
            row={(at) => <Cells change={rows[at] as ActorChange} />}
            open={(at) => place.go({ view: 'actor', of: rows[at]?.path ?? '' })}
            pointed={() => undefined}
          />
        </div>
      )}
    </Panel>
  );
}

/** With the head, the borders, and room for a bar to scroll by. */
const heightOf = (rows: number): number => (Math.min(ROWS_SEEN, rows) + 1) * ROW_HEIGHT + 18;

type HeadProps = { readonly order: Order | null; readonly choose: (order: Order) => void };

function Head({ order, choose }: HeadProps) {
  return (
    <>
      <OrderHead by="path" name="Actor" order={order} choose={choose} />
      <span role="columnheader" class="quiet">
        What
      </span>
      {COLUMNS.map(({ by, name }) => (
        <OrderHead key={by} by={by} name={name} order={order} choose={choose} />
      ))}
    </>
  );
}

const SIGNS: Readonly<Record<ActorKind, string>> = { came: '+', went: '−', changed: '→' };

function Cells({ change }: { readonly change: ActorChange }) {
  const { path, kind, from, to } = change;
  return (
    <>
      <span role="gridcell" class="path-cell">
        <PathLink path={path} isInGrid />
      </span>
      <span role="gridcell">
        <span aria-hidden="true">{SIGNS[kind]}</span> {kind}
      </span>
      {COLUMNS.map(({ by, text }) => {
        const said = (figures: ActorFigures | null): string => {
          const value = figures?.[by] ?? Number.NaN;
          return Number.isNaN(value) ? '–' : text(value);
        };
        const isSame = kind === 'changed' && said(from) === said(to);
        return (
          <span key={by} role="gridcell" class={isSame ? 'number quiet' : 'number'}>
            {isSame || to === null
              ? said(from)
              : from === null
                ? said(to)
                : arrow(said(from), said(to))}
          </span>
        );
      })}
    </>
  );
}

const arrow = (from: string, to: string): string => `${from} → ${to}`;
