/**
 * Paints one cell per actor into an image: only the rows that have changed since the last time, and only the
 * lines of the image that they touch. Cells are in the order of rows, so that an actor stays where it is.
 */
import type { ActorColumns } from '../tables/actor-columns.ts';
import { columnOf } from '../tables/actor-index.ts';
import type { Palette } from './palette.ts';
import { type Scale, stepOf } from './scales.ts';

/** CSS pixels of a cell: larger ones would look like a table, smaller ones do not exist. */
const CELL_MAX = 12;
/** From this size on there is a gap between cells. */
const GAP_FROM = 4;
/** Cells that fit in no box of this height are not drawn. */
const HEIGHT_MAX = 900;

/** Where cells are; in device pixels. */
export type Grid = { readonly cell: number; readonly columns: number; readonly lines: number };

/** The largest cells with which `rows` fit into the width, and a height that looks well. */
export function gridOf(rows: number, width: number, height: number): Grid {
  const fits = Math.floor(Math.sqrt((width * height) / Math.max(1, rows)));
  let cell = Math.max(1, Math.min(CELL_MAX, fits));
  // Whole columns and lines may need a little more room than the area says.
  while (cell > 1 && Math.ceil(rows / Math.floor(width / cell)) * cell > height) cell--;
  const columns = Math.max(1, Math.floor(width / cell));
  const lines = Math.min(Math.ceil(HEIGHT_MAX / cell), Math.ceil(rows / columns));
  return { cell, columns, lines };
}

/** The image of one canvas. */
export class Cells {
  grid: Grid;
  private readonly actors: ActorColumns;
  private pen: CanvasRenderingContext2D | null;
  private image: ImageData | null;
  private words: Uint32Array;
  private seenStamp: number;
  private seenSnapshots: number;
  private seenRates: number;
  private seenBy: string;

  constructor(actors: ActorColumns) {
    this.actors = actors;
    this.grid = { cell: 1, columns: 1, lines: 0 };
    this.pen = null;
    this.image = null;
    this.words = new Uint32Array(0);
    this.seenStamp = -1;
    this.seenSnapshots = -1;
    this.seenRates = -1;
    this.seenBy = '';
  }

  /** Another size, or other colours: everything is painted anew next time. */
  reset(canvas: HTMLCanvasElement, width: number, height: number): void {
    this.grid = gridOf(this.actors.end, width, height);
    canvas.width = this.grid.columns * this.grid.cell;
    canvas.height = Math.max(1, this.grid.lines * this.grid.cell);
    this.pen = canvas.getContext('2d');
    this.image = this.pen?.createImageData(canvas.width, canvas.height) ?? null;
    this.words = new Uint32Array(this.image?.data.buffer ?? new ArrayBuffer(0));
    this.seenStamp = -1;
    this.seenSnapshots = this.actors.snapshots;
  }

  /** Whether there are more rows than the grid has cells, or they are other actors altogether. */
  get isOutgrown(): boolean {
    const { columns, lines, cell } = this.grid;
    if (this.seenSnapshots !== this.actors.snapshots) return true;
    return this.actors.end > columns * lines && lines < Math.ceil(HEIGHT_MAX / cell);
  }

  paint(scale: Scale, palette: Palette): void {
    const { actors, pen, image, grid } = this;
    if (pen === null || image === null) return;
    const isNew = this.seenStamp < 0 || this.seenBy !== scale.by;
    // A rate falls to nothing, and an age grows, when nothing is told of its actor.
    const isMoving = scale.by === 'rate' || scale.by === 'age';
    const isAll = isNew || (isMoving && this.seenRates !== actors.rateVersion);
    if (isNew) this.words.fill(palette.emptyWord);
    const rows = Math.min(actors.end, grid.columns * grid.lines);
    let [first, last] = [grid.lines, -1];
    const column = columnOf(actors, scale.by);
    for (let row = 0; row < rows; row++) {
      if (!isAll && (actors.stamps[row] as number) <= this.seenStamp) continue;
      const line = Math.floor(row / grid.columns);
      if (line < first) first = line;
      if (line > last) last = line;
      const step = stepOf(column[row] as number, scale.octaves);
      this.fill(row, line, actors.isThere[row] === 1 ? palette.words[step] : palette.emptyWord);
    }
    this.seenStamp = actors.stamp;
    this.seenRates = actors.rateVersion;
    this.seenBy = scale.by;
    if (isNew) pen.putImageData(image, 0, 0);
    else if (last >= first) {
      const { cell } = grid;
      pen.putImageData(image, 0, 0, 0, first * cell, image.width, (last - first + 1) * cell);
    }
  }

  private fill(row: number, line: number, word = 0): void {
    const { cell, columns } = this.grid;
    const size = cell >= GAP_FROM ? cell - 1 : cell;
    const width = columns * cell;
    const start = line * cell * width + (row % columns) * cell;
    for (let y = 0; y < size; y++) {
      const from = start + y * width;
      for (let x = 0; x < size; x++) this.words[from + x] = word;
    }
  }
}
