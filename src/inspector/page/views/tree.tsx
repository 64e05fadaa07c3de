/** Actors by their supervisors' paths: a folder's rectangle is as large as its actors are many. */
import { Legend } from '../charts/legend.tsx';
import { paletteOf } from '../charts/palette.ts';
import { type ColourBy, SCALES, type Scale, scaleOf, stepOf } from '../charts/scales.ts';
import { type Placed, placed, type Weighed } from '../charts/treemap.ts';
import { hashOf } from '../place/place.ts';
import { useEffect, useMemo, useRef, useState } from '../preact.ts';
import type { ActorColumns } from '../tables/actor-columns.ts';
import { columnOf } from '../tables/actor-index.ts';
import { type Folder, PathTree } from '../tables/path-tree.ts';
import { count, grouped, plural } from './format.ts';
import { Nothing } from './panel.tsx';
import { useActors, useChanges, usePlace, useSession } from './use-session.ts';

/** Milliseconds between two sums of everything. */
const SUMS_MS = 1000;
/** Rectangles, and those inside of one; what is smaller is put together. */
const SHOWN = 40;
const SHOWN_INSIDE = 10;
/** CSS pixels for the name of a folder above what is in it. */
const NAME_HEIGHT = 26;
const HEIGHT = 460;
/** What folders can be coloured by: what can be added up. */
const BY = ['depth', 'restarts', 'rate'] as const satisfies readonly ColourBy[];
type FolderColour = (typeof BY)[number];

/** One rectangle. */
type Box = {
  readonly name: string;
  readonly to: string;
  /** Its path; null: it is none. */
  readonly folder: string | null;
  readonly actors: number;
  readonly value: number;
};

/** The view. */
export function Tree() {
  const actors = useActors();
  const { of } = usePlace();
  const tree = useMemo(() => new PathTree(actors), [actors]);
  const [by, setBy] = useState<FolderColour>('depth');
  useChanges(actors.changes, SUMS_MS);
  tree.recompute();
  const here = tree.at(of) ?? tree.root;
  return (
    <div>
      <h1>Tree</h1>
      <Crumbs here={here} />
      <div class="toolbar">
        <fieldset class="switch">
          <legend class="unseen">Colour by</legend>
          {SCALES.filter((scale) => BY.some((one) => one === scale.by)).map((scale) => (
            <button
              key={scale.by}
              type="button"
              aria-pressed={scale.by === by}
              onClick={() => setBy(scale.by as FolderColour)}
            >
              {scale.name}
            </button>
          ))}
        </fieldset>
        <Legend scale={scaleOf(by)} />
      </div>
      {here.actors === 0 ? (
        <Nothing state={actors.state} text="There is no actor." />
      ) : (
        <Rectangles boxes={boxesOf(tree, here, actors, by)} scale={scaleOf(by)} />
      )}
      <p class="quiet">
        {grouped(here.actors)} actors, {count(here.rate)} messages/s,{' '}
        {plural(here.depth, 'message')} waiting, {plural(here.restarts, 'restart')}.{' '}
        <a href={hashOf({ view: 'actors', filter: here.path === '' ? '' : `path:${here.path}/*` })}>
          As a table
        </a>
      </p>
    </div>
  );
}

function Crumbs({ here }: { readonly here: Folder }) {
  const chain: Folder[] = [];
  for (let each: Folder | null = here; each !== null; each = each.parent) chain.unshift(each);
  return (
    <nav class="crumbs" aria-label="Folders">
      {chain.map((folder) => (
        <a
          key={folder.path}
          href={hashOf({ view: 'tree', of: folder.path })}
          aria-current={folder === here ? 'location' : undefined}
        >
          {folder.parent === null ? 'all' : folder.name}
        </a>
      ))}
    </nav>
  );
}

/** What is in a folder, with what is in those folders. */
function boxesOf(
  tree: PathTree,
  here: Folder,
  actors: ActorColumns,
  by: FolderColour,
): Weighed<Box>[] {
  return partsOf(tree, here, actors, by, SHOWN).map((one) => {
    const folder = tree.at(one.item.folder ?? '');
    if (folder === undefined || one.item.folder === null) return one;
    return { ...one, parts: partsOf(tree, folder, actors, by, SHOWN_INSIDE) };
  });
}

function partsOf(
  tree: PathTree,
  here: Folder,
  actors: ActorColumns,
  by: FolderColour,
  shown: number,
): Weighed<Box>[] {
  const column = columnOf(actors, by);
  const folders = here.folders.map((each) => ({
    name: `${each.name}/`,
    to: hashOf({ view: 'tree', of: each.path }),
    folder: each.path,
    actors: each.actors,
    value: each[by],
  }));
  const own = tree.rowsIn(here).map((row) => ({
    name: (actors.paths[row] ?? '').slice(here.path.length + 1),
    to: hashOf({ view: 'actor', of: actors.paths[row] ?? '' }),
    folder: null,
    actors: 1,
    value: column[row] ?? 0,
  }));
  const all = [...folders, ...own]
    .filter((box) => box.actors > 0)
    .sort((a, b) => b.actors - a.actors || b.value - a.value);
  const rest = all.slice(shown);
  const boxes: Box[] = all.slice(0, shown);
  if (rest.length > 0) {
    boxes.push({
      name: `… ${grouped(rest.length)} others`,
      to: hashOf({ view: 'actors', filter: `path:${here.path}/* sort:-${by}` }),
      folder: null,
      actors: rest.reduce((sum, box) => sum + box.actors, 0),
      value: rest.reduce((sum, box) => sum + box.value, 0),
    });
  }
  // Thousands beside one: the one would not be seen; nor would anything beside all others together.
  const most = boxes.length / 4;
  return boxes.map((item) => {
    const weight = Math.sqrt(item.actors);
    return { item, weight: item.folder === null ? Math.min(weight, most) : weight, parts: [] };
  });
}

function Rectangles({
  boxes,
  scale,
}: {
  readonly boxes: readonly Weighed<Box>[];
  readonly scale: Scale;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(() => setWidth(box.current?.clientWidth ?? 0));
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div class="treemap" ref={box} style={{ height: `${HEIGHT}px` }}>
      {width > 0 &&
        placed(boxes, { width, height: HEIGHT, nameHeight: NAME_HEIGHT }).map((one) => (
          <Rectangle key={one.item.to} {...one} scale={scale} />
        ))}
    </div>
  );
}

function Rectangle({
  item,
  left,
  top,
  width,
  height,
  scale,
}: Placed<Box> & { readonly scale: Scale }) {
  const { theme } = useSession();
  const colour = paletteOf(theme.isDark).steps[stepOf(item.value, scale.octaves)] ?? '';
  const style = {
    left: `${left}px`,
    top: `${top}px`,
    width: `${width}px`,
    height: `${height}px`,
    // What has no room for words is a cell of colour.
    ...(height > 22 ? { borderTopColor: colour } : { background: colour }),
  };
  const about = `${item.name}: ${plural(item.actors, 'actor')}, ${scale.text(item.value)} ${scale.unit}`;
  return (
    <a class="box" href={item.to} style={style} title={about}>
      {height > 22 && width > 30 ? (
        <span class="box-name">{item.name}</span>
      ) : (
        <span class="unseen">{about}</span>
      )}
      {height > 42 && width > 60 && (
        <span class="quiet">
          {plural(item.actors, 'actor')} · {scale.text(item.value)}
        </span>
      )}
    </a>
  );
}
