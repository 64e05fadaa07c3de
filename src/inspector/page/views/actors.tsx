/** All actors as a table that can be filtered and ordered, however many there are. */
import { monotonicMs } from '../browser.ts';
import { type NumberName, type Order, parseFilter, withOrder } from '../place/filter.ts';
import { useEffect, useMemo, useRef, useState } from '../preact.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import { ActorIndex } from '../tables/actor-index.ts';
import { FilterBox } from './filter-box.tsx';
import { count, duration, grouped } from './format.ts';
import { OrderHead } from './order-head.tsx';
import { Nothing } from './panel.tsx';
import { PathLink } from './path-link.tsx';
import { useActors, useChanges, usePlace, useSession, watchFrames } from './use-session.ts';
import { VirtualRows } from './virtual-rows.tsx';

/** Milliseconds between two orders of all rows. Lower: costs more, and rows jump. */
const ORDER_MS = 500;
/** Milliseconds between two looks at the figures of rows that are seen. */
const FIGURES_MS = 100;
/** Milliseconds for which rows keep their places after the pointer has moved over them. */
const HOLD_MS = 3000;

type Column = { readonly by: NumberName | 'path'; readonly name: string };

const COLUMNS: readonly Column[] = [
  { by: 'path', name: 'Actor' },
  { by: 'thread', name: 'Thread' },
  { by: 'depth', name: 'Mailbox' },
  { by: 'wait', name: 'Wait' },
  { by: 'rate', name: 'Messages/s' },
  { by: 'handled', name: 'Handled' },
  { by: 'restarts', name: 'Restarts' },
];

const HINT = 'cart depth>10 wait>=5ms restarts>=1 thread:2 path:/user/shop* sort:-depth';

/** The view. */
export function Actors() {
  const actors = useActors();
  const { place } = useSession();
  const { filter: text } = usePlace();
  const filter = useMemo(() => parseFilter(text), [text]);
  const heldUntilMs = useRef(0);
  const index = useOrdered(actors, text, heldUntilMs);
  useChanges(actors.changes, FIGURES_MS);
  const order: Order = filter.order ?? { by: 'depth', isDescending: true };
  const pathAt = (at: number): string => actors.paths[index.rows[at] ?? -1] ?? '';
  return (
    <div class="fill">
      <h1>Actors</h1>
      <FilterBox label="Filter" hint={HINT} wrong={filter.wrong} />
      <p class="quiet found" role="status">
        {grouped(index.length)} of {grouped(actors.count)} actors
      </p>
      {index.length === 0 ? (
        <Nothing state={actors.state} text="No actor is as the filter wants." />
      ) : (
        <VirtualRows
          label="Actors"
          length={index.length}
          columns={COLUMNS.length}
          head={
            <Head
              order={order}
              choose={(next) => place.refine({ filter: withOrder(text, next) })}
            />
          }
          row={(at) => <Cells actors={actors} row={index.rows[at] ?? -1} />}
          open={(at) => place.go({ view: 'actor', of: pathAt(at) })}
          pointed={() => {
            heldUntilMs.current = monotonicMs() + HOLD_MS;
          }}
        />
      )}
    </div>
  );
}

/** The index of a filter, recomputed as the actors change; not while somebody points at rows. */
function useOrdered(
  actors: ActorColumns,
  text: string,
  heldUntilMs: { readonly current: number },
): ActorIndex {
  const index = useMemo(() => new ActorIndex(actors, parseFilter('')), [actors]);
  const [, setVersion] = useState(0);
  useMemo(() => {
    index.use(parseFilter(text));
    index.recompute();
  }, [index, text]);
  useEffect(
    () =>
      watchFrames(actors.changes, ORDER_MS, () => {
        if (heldUntilMs.current > monotonicMs()) return;
        index.recompute();
        setVersion(actors.changes.version);
      }),
    [actors, index, heldUntilMs],
  );
  return index;
}

type HeadProps = { readonly order: Order; readonly choose: (order: Order) => void };

function Head({ order, choose }: HeadProps) {
  return COLUMNS.map(({ by, name }) => (
    <OrderHead key={by} by={by} name={name} order={order} choose={choose} />
  ));
}

function Cells({ actors, row }: { readonly actors: ActorColumns; readonly row: number }) {
  const restarts = actors.restarts[row] ?? 0;
  const depth = actors.depth[row] ?? 0;
  const figures = [
    String(actors.thread[row] ?? ''),
    count(depth),
    duration(actors.waitUs[row] ?? null),
    count(actors.rate[row] ?? 0),
    grouped(actors.handled[row] ?? 0),
    count(restarts),
  ];
  return (
    <>
      <span role="gridcell" class="path-cell">
        <PathLink path={actors.paths[row] ?? ''} isInGrid />
      </span>
      {figures.map((figure, at) => (
        <span
          key={COLUMNS[at + 1]?.by}
          role="gridcell"
          class={`number ${loudness(figure, at === 5 && restarts > 0)}`}
        >
          {figure}
        </span>
      ))}
    </>
  );
}

/** What is nothing is quiet; what is bad is not. */
function loudness(figure: string, isBad: boolean): string {
  if (isBad) return 'bad';
  return figure === '0' || figure === '–' ? 'quiet' : '';
}
