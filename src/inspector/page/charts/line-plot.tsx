/**
 * Lines over time, drawn by uPlot: as wide as its box, in the colours of the theme, with what is under the
 * pointer in words. The only file that knows uPlot; what a chart draws besides says the chart.
 */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { timeOfDay } from '../browser.ts';
import { useEffect, useRef } from '../preact.ts';
import { useSession } from '../views/use-session.ts';
import { type Palette, paletteOf } from './palette.ts';
import { GUTTER } from './time-axis.ts';

const AXIS_HEIGHT = 22;

/** What is drawn on. */
export type Plot = uPlot;
/** Seconds since 1970, and a column of values for each line; null: a gap. */
export type PlotData = uPlot.AlignedData;

/** One line. */
export type PlotLine = {
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
  readonly fill?: string;
};

/** What a chart says of itself; asked again for each picture. */
export type LinePlotProps = {
  readonly label: string;
  readonly height: number;
  /** CSS pixels for the values at the left. */
  readonly gutter: number;
  /** Other lines: it is made anew. */
  readonly of: string;
  /** Grows when there is more to draw. */
  readonly version: number;
  readonly data: () => PlotData;
  readonly lines: (palette: Palette) => readonly PlotLine[];
  /** Seconds from the left to the right. */
  readonly span: (first: number, last: number) => number;
  /** The lowest and the highest value, of what there is. */
  readonly range: (least: number, most: number) => [number, number];
  readonly text: (value: number) => string;
  /** Of the values under the pointer. */
  readonly read: (values: readonly (number | null)[]) => string;
  /** Limits and marks, in pixels of the screen. */
  readonly mark: (plot: Plot, palette: Palette) => void;
  /** A moment was clicked, in milliseconds since 1970. Without it, nothing comes of a click. */
  readonly chosen?: (atMs: number) => void;
};

/** The chart. */
export function LinePlot(props: LinePlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const readout = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { theme } = useSession();
  const { label, height, of, version, chosen } = props;
  // What is drawn is another one with another `of`.
  useEffect(() => {
    const read = (text: string): void => {
      if (readout.current !== null) readout.current.textContent = text;
    };
    const make = (): void => {
      plot.current?.destroy();
      if (box.current === null) return;
      const width = Math.max(1, box.current.clientWidth);
      const options = optionsOf(paletteOf(theme.isDark), () => latest.current, read);
      const made = new uPlot({ ...options, width }, latest.current.data(), box.current);
      plot.current = made;
      made.over.addEventListener('click', () => {
        const at = made.cursor.idx == null ? undefined : made.data[0][made.cursor.idx];
        if (at !== undefined) latest.current.chosen?.(at * 1000);
      });
    };
    make();
    const observer = new ResizeObserver(() => {
      const width = box.current?.clientWidth ?? 0;
      if (width > 0) plot.current?.setSize({ width, height: latest.current.height });
    });
    if (box.current !== null) observer.observe(box.current);
    const unwatch = theme.changes.watch(make);
    return () => {
      observer.disconnect();
      unwatch();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme, of]);
  useEffect(() => plot.current?.setData(latest.current.data()), [version]);
  return (
    <div class={chosen === undefined ? 'plot-box still' : 'plot-box'}>
      <div
        class="plot"
        style={{ minHeight: `${height}px` }}
        ref={box}
        role="img"
        aria-label={label}
      />
      <div class="readout quiet" ref={readout} aria-hidden="true" />
    </div>
  );
}

function optionsOf(
  palette: Palette,
  props: () => LinePlotProps,
  read: (text: string) => void,
): Omit<uPlot.Options, 'width'> {
  const axis = {
    stroke: palette.quiet,
    font: '11px system-ui, sans-serif',
    ticks: { show: false },
  };
  const { height, gutter, lines } = props();
  return {
    height,
    padding: [10, GUTTER.right, 0, 0],
    cursor: { y: false, points: { show: false } },
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, first, last) => [last - props().span(first, last), last] },
      y: { range: (_, least, most) => props().range(least ?? 0, most ?? 0) },
    },
    axes: [
      {
        ...axis,
        size: AXIS_HEIGHT,
        space: 90,
        grid: { show: false },
        values: (_, ticks) => ticks.map((tick) => timeOfDay(tick * 1000)),
      },
      {
        ...axis,
        size: gutter,
        grid: { stroke: palette.line, width: 1 },
        values: (_, ticks) => ticks.map((tick) => props().text(tick)),
      },
    ],
    series: [
      {},
      ...lines(palette).map(({ colour, width, dash = [], fill }) => ({
        stroke: colour,
        width,
        dash: [...dash],
        points: { show: false },
        ...(fill === undefined ? {} : { fill }),
      })),
    ],
    hooks: {
      draw: [(plot) => props().mark(plot, palette)],
      setCursor: [(plot) => read(readAt(plot, props()))],
    },
  };
}

/** What is under the pointer; empty: it is elsewhere. */
function readAt({ cursor: { idx }, data }: uPlot, { read }: LinePlotProps): string {
  const at = idx == null ? undefined : data[0][idx];
  if (at === undefined || idx == null) return '';
  const values = data.slice(1).map((column) => column[idx] ?? null);
  return `${timeOfDay(at * 1000)}: ${read(values)}`;
}

/** A dashed line at a value, with its name above its end. */
export function drawLimit(
  { ctx: pen, bbox, valToPos }: Plot,
  palette: Palette,
  value: number,
  text: string,
): void {
  const sharpness = devicePixelRatio;
  const { left, width } = bbox;
  const y = valToPos(value, 'y', true);
  pen.save();
  pen.strokeStyle = palette.quiet;
  pen.setLineDash([4 * sharpness, 4 * sharpness]);
  pen.beginPath();
  pen.moveTo(left, y);
  pen.lineTo(left + width, y);
  pen.stroke();
  pen.font = `${11 * sharpness}px system-ui, sans-serif`;
  pen.textAlign = 'right';
  pen.textBaseline = 'bottom';
  const wide = pen.measureText(text).width + 4 * sharpness;
  pen.fillStyle = palette.ground;
  pen.fillRect(left + width - wide, y - 15 * sharpness, wide, 13 * sharpness);
  pen.fillStyle = palette.quiet;
  pen.fillText(text, left + width, y - 2 * sharpness);
  pen.restore();
}
