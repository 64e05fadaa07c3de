/** All actors as cells, coloured by a figure; pointer or arrow keys choose one, Enter or a click opens it. */
import { useEffect, useMemo, useRef, useState } from '../preact.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import { duration, grouped, plural, seconds } from '../views/format.ts';
import { useActors, useChanges, useSession, watchFrames } from '../views/use-session.ts';
import { Cells } from './cells.ts';
import { Legend } from './legend.tsx';
import { paletteOf } from './palette.ts';
import { type ColourBy, SCALES, scaleOf } from './scales.ts';

const HEIGHT = 420;

/** The heatmap with its switch and its legend. */
export function ActorHeatmap() {
  const actors = useActors();
  const { theme, place } = useSession();
  const [by, setBy] = useState<ColourBy>('depth');
  const [row, setRow] = useState(-1);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const cells = useMemo(() => new Cells(actors), [actors]);
  useEffect(() => {
    const scale = scaleOf(by);
    const paint = (): void => {
      if (canvas.current === null || box.current === null) return;
      if (cells.isOutgrown) cells.reset(canvas.current, box.current.clientWidth, HEIGHT);
      cells.paint(scale, paletteOf(theme.isDark));
    };
    const reset = (): void => {
      if (canvas.current === null || box.current === null) return;
      cells.reset(canvas.current, box.current.clientWidth, HEIGHT);
      paint();
    };
    reset();
    const observer = new ResizeObserver(reset);
    if (box.current !== null) observer.observe(box.current);
    const stops = [watchFrames(actors.changes, 0, paint), theme.changes.watch(reset)];
    return () => {
      observer.disconnect();
      for (const stop of stops) stop();
    };
  }, [actors, cells, theme, by]);
  const open = (): void => {
    if (row >= 0) place.go({ view: 'actor', of: actors.paths[row] ?? '' });
  };
  return (
    <div class="heatmap">
      <div class="toolbar">
        <Switch by={by} choose={setBy} />
        <Legend scale={scaleOf(by)} />
      </div>
      <div class="cells" ref={box}>
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-roledescription="heatmap"
          aria-label="One cell per actor. Arrow keys go from cell to cell, Enter opens the actor."
          onPointerMove={(event) => setRow(rowAt(cells, actors, event))}
          onKeyDown={(event) => {
            if (event.key === 'Enter') open();
            const next = stepTo(event.key, row, cells.grid.columns, actors.end);
            if (next === null) return;
            event.preventDefault();
            setRow(next);
          }}
          onClick={open}
        />
        <Cursor cells={cells} row={row} />
      </div>
      <Which actors={actors} row={row} />
    </div>
  );
}

function Switch({
  by,
  choose,
}: {
  readonly by: ColourBy;
  readonly choose: (by: ColourBy) => void;
}) {
  return (
    <fieldset class="switch">
      <legend class="unseen">Colour actors by</legend>
      {SCALES.map((scale) => (
        <button
          key={scale.by}
          type="button"
          aria-pressed={scale.by === by}
          onClick={() => choose(scale.by)}
        >
          {scale.name}
        </button>
      ))}
    </fieldset>
  );
}

/** A frame around the cell that is meant. */
function Cursor({ cells, row }: { readonly cells: Cells; readonly row: number }) {
  if (row < 0) return null;
  const { cell, columns } = cells.grid;
  const size = Math.max(5, cell + 1);
  const left = (row % columns) * cell - (size - cell) / 2 - 1;
  const top = Math.floor(row / columns) * cell - (size - cell) / 2 - 1;
  const style = { left: `${left}px`, top: `${top}px`, width: `${size}px`, height: `${size}px` };
  return <div class="cursor" style={style} />;
}

/** The actor that is meant, in a line. */
function Which({ actors, row }: { readonly actors: ActorColumns; readonly row: number }) {
  useChanges(actors.changes, 250);
  if (actors.state === 'waiting') return <p class="which quiet">Waiting for the actors …</p>;
  if (row < 0 || actors.isThere[row] !== 1) {
    return (
      <p class="which quiet">
        {grouped(actors.count)} named actors, one cell each, in the order they came.
      </p>
    );
  }
  return (
    <p class="which" aria-live="polite">
      <b class="path">{actors.paths[row]}</b> thread {actors.thread[row]} ·{' '}
      {plural(actors.depth[row] ?? 0, 'message')} waiting · wait{' '}
      {duration(actors.waitUs[row] ?? null)} · {plural(actors.restarts[row] ?? 0, 'restart')} ·{' '}
      {grouped(actors.handled[row] ?? 0)} handled · began {seconds(actors.age[row] ?? 0)} ago
    </p>
  );
}

function rowAt(cells: Cells, actors: ActorColumns, event: PointerEvent): number {
  const { cell, columns } = cells.grid;
  const [x, y] = [Math.floor(event.offsetX / cell), Math.floor(event.offsetY / cell)];
  const row = y * columns + x;
  return x >= 0 && x < columns && row >= 0 && row < actors.end ? row : -1;
}

/** Null: the key does not move. */
function stepTo(key: string, row: number, columns: number, end: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
  };
  const step = key === 'Home' ? -row : key === 'End' ? end - 1 - row : steps[key];
  if (step === undefined) return null;
  return row < 0 ? 0 : Math.max(0, Math.min(end - 1, row + step));
}
