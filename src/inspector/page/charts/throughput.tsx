/** Messages a second over five minutes, with the peak as its limit and a mark for seconds with a crash. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { timeOfDay } from '../browser.ts';
import { useEffect, useRef } from '../preact.ts';
import { count } from '../views/format.ts';
import { useSession } from '../views/use-session.ts';
import { type Palette, paletteOf } from './palette.ts';
import { GUTTER, type Second, SPAN } from './time-axis.ts';

const HEIGHT = 130;
const AXIS_HEIGHT = 22;

/** The chart. A click on a second shows what has happened until then. */
export function Throughput({ seconds }: { readonly seconds: readonly Second[] }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const readout = useRef<HTMLDivElement>(null);
  const latest = useRef(seconds);
  latest.current = seconds;
  const { theme, connection, place } = useSession();
  useEffect(() => {
    const make = (): void => {
      plot.current?.destroy();
      if (box.current === null) return;
      const options = optionsOf(
        paletteOf(theme.isDark),
        () => latest.current,
        (text) => {
          if (readout.current !== null) readout.current.textContent = text;
        },
      );
      const width = Math.max(1, box.current.clientWidth);
      plot.current = new uPlot(
        { ...options, width },
        dataOf(latest.current, connection),
        box.current,
      );
      const made = plot.current;
      made.over.addEventListener('click', () => {
        const at = made.cursor.idx == null ? undefined : made.data[0][made.cursor.idx];
        if (at !== undefined) place.go({ view: 'events', atMs: at * 1000 });
      });
    };
    make();
    const observer = new ResizeObserver(() => {
      const width = box.current?.clientWidth ?? 0;
      if (width > 0) plot.current?.setSize({ width, height: HEIGHT });
    });
    if (box.current !== null) observer.observe(box.current);
    const unwatch = theme.changes.watch(make);
    return () => {
      observer.disconnect();
      unwatch();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme, connection, place]);
  const lastMs = seconds.at(-1)?.atMs ?? 0;
  useEffect(() => plot.current?.setData(dataOf(latest.current, connection)), [lastMs, connection]);
  const now = seconds.at(-1)?.handled ?? 0;
  const label = `Throughput of the last five minutes; now ${count(now)} messages a second`;
  return (
    <div class="plot-box">
      <div class="plot" ref={box} role="img" aria-label={label} />
      <div class="readout quiet" ref={readout} aria-hidden="true" />
    </div>
  );
}

type Clock = { readonly peopleMs: (atMs: number) => number };

function dataOf(seconds: readonly Second[], clock: Clock): uPlot.AlignedData {
  return [
    seconds.map(({ atMs }) => clock.peopleMs(atMs) / 1000),
    seconds.map(({ handled }) => handled),
  ];
}

function optionsOf(
  palette: Palette,
  seconds: () => readonly Second[],
  read: (text: string) => void,
): Omit<uPlot.Options, 'width'> {
  const axis = { stroke: palette.quiet, font: '11px system-ui, sans-serif' };
  return {
    height: HEIGHT,
    padding: [8, GUTTER.right, 0, 0],
    cursor: { y: false, points: { show: false } },
    legend: { show: false },
    scales: {
      x: { time: false, range: (_plot, _least, most) => [most - SPAN, most] },
      y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.2)] },
    },
    axes: [
      {
        ...axis,
        size: AXIS_HEIGHT,
        space: 90,
        grid: { show: false },
        ticks: { show: false },
        values: (_plot, ticks) => ticks.map((tick) => timeOfDay(tick * 1000)),
      },
      {
        ...axis,
        size: GUTTER.left,
        grid: { stroke: palette.line, width: 1 },
        ticks: { show: false },
        values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? '0 /s' : `${count(tick)}`)),
      },
    ],
    series: [{}, { stroke: palette.accent, width: 1.5, fill: `${palette.accent}22` }],
    hooks: {
      draw: [(plot) => drawMarks(plot, palette, seconds())],
      setCursor: [(plot) => read(readAt(plot))],
    },
  };
}

/** What is under the pointer; empty: it is elsewhere. */
function readAt({ cursor: { idx }, data }: uPlot): string {
  const [at, value] = idx == null ? [] : [data[0][idx], data[1]?.[idx]];
  return at === undefined || value == null ? '' : `${timeOfDay(at * 1000)}: ${count(value)}/s`;
}

/** The peak as a line, and the seconds with crashes as triangles at the foot. */
function drawMarks(plot: uPlot, palette: Palette, seconds: readonly Second[]): void {
  const { ctx: pen, data } = plot;
  const { left, top, width, height } = plot.bbox;
  const peak = seconds.reduce((most, { handled }) => Math.max(most, handled), 0);
  const sharpness = devicePixelRatio;
  pen.save();
  const y = plot.valToPos(peak, 'y', true);
  pen.strokeStyle = palette.quiet;
  pen.setLineDash([4 * sharpness, 4 * sharpness]);
  pen.beginPath();
  pen.moveTo(left, y);
  pen.lineTo(left + width, y);
  pen.stroke();
  pen.fillStyle = palette.quiet;
  pen.font = `${11 * sharpness}px system-ui, sans-serif`;
  pen.textAlign = 'right';
  pen.textBaseline = 'bottom';
  if (peak > 0) {
    const text = `peak ${count(peak)}/s`;
    const wide = pen.measureText(text).width;
    pen.fillStyle = palette.ground;
    pen.fillRect(
      left + width - wide - 4 * sharpness,
      y - 15 * sharpness,
      wide + 4 * sharpness,
      13 * sharpness,
    );
    pen.fillStyle = palette.quiet;
    pen.fillText(text, left + width, y - 2 * sharpness);
  }
  pen.fillStyle = palette.bad;
  for (const [index, { crashes }] of seconds.entries()) {
    if (crashes === 0) continue;
    const x = plot.valToPos(data[0]?.[index] ?? 0, 'x', true);
    pen.beginPath();
    pen.moveTo(x, top + height - 9 * sharpness);
    pen.lineTo(x + 5 * sharpness, top + height);
    pen.lineTo(x - 5 * sharpness, top + height);
    pen.fill();
  }
  pen.restore();
}
