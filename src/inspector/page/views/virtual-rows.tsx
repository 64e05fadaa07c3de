/**
 * A table of any length of which only what can be seen is drawn. One row is chosen: arrow keys, page keys,
 * Home and End move it, Enter opens it. Rows are all of one height, so where a row is needs no looking.
 */
import { type ComponentChildren, useEffect, useRef, useState } from '../preact.ts';

/** CSS pixels of a row; tables.css says the same. */
export const ROW_HEIGHT = 26;
/** Rows drawn above and below what can be seen, so that scrolling shows no gap. */
const BESIDE = 6;

/** What a table says and draws. */
export type VirtualRowsProps = {
  readonly label: string;
  readonly length: number;
  readonly columns: number;
  readonly head: ComponentChildren;
  /** The cells of a row. */
  readonly row: (index: number) => ComponentChildren;
  readonly open: (index: number) => void;
  /** The pointer moves over rows: who reads them wants them to stay. */
  readonly pointed: () => void;
};

/** The table. */
export function VirtualRows({
  label,
  length,
  columns,
  head,
  row,
  open,
  pointed,
}: VirtualRowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [chosen, setChosen] = useState(0);
  useEffect(() => {
    const measure = (): void => setHeight(box.current?.clientHeight ?? 600);
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const seen = Math.ceil(height / ROW_HEIGHT);
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - BESIDE);
  const last = Math.min(length, first + seen + 2 * BESIDE);
  const choose = (index: number): void => {
    const next = Math.max(0, Math.min(length - 1, index));
    setChosen(next);
    reveal(box.current, next);
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.target !== box.current) return;
    if (event.key === 'Enter' && chosen < length) open(chosen);
    const next = movedTo(event.key, chosen, seen - 2, length);
    if (next === null) return;
    event.preventDefault();
    choose(next);
  };
  return (
    <div
      class="grid"
      role="grid"
      aria-label={label}
      aria-rowcount={length + 1}
      aria-colcount={columns}
      aria-activedescendant={length > 0 ? `row-${chosen}` : undefined}
      tabIndex={0}
      ref={box}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      onKeyDown={pressed}
      onPointerMove={pointed}
    >
      <div class="grid-head" role="row" aria-rowindex={1}>
        {head}
      </div>
      <div class="grid-body" role="rowgroup" style={{ height: `${length * ROW_HEIGHT}px` }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, slot) => first + slot).map(
          (index) => (
            <div
              key={index}
              id={`row-${index}`}
              role="row"
              class={index === chosen ? 'grid-row chosen' : 'grid-row'}
              aria-rowindex={index + 2}
              aria-selected={index === chosen}
              style={{ transform: `translateY(${index * ROW_HEIGHT}px)` }}
              onPointerDown={() => setChosen(index)}
            >
              {row(index)}
            </div>
          ),
        )}
      </div>
    </div>
  );
}

/** Scrolls as little as needed; the head covers one row. */
function reveal(box: HTMLDivElement | null, index: number): void {
  if (box === null) return;
  const top = index * ROW_HEIGHT;
  const room = box.clientHeight - 2 * ROW_HEIGHT;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top > box.scrollTop + room) box.scrollTop = top - room;
}

/** Null: the key does not move. */
function movedTo(key: string, index: number, page: number, length: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return index + 1;
    case 'ArrowUp':
      return index - 1;
    case 'PageDown':
      return index + page;
    case 'PageUp':
      return index - page;
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return null;
  }
}
