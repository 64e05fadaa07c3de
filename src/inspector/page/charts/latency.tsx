/** Time × log latency: how many messages waited for how long in a mailbox, second by second, with the p99. */
import { duration, tick } from '../views/format.ts';
import { Canvas, type Paper } from './canvas.tsx';
import { indexOf, quantileUs } from './histogram.ts';
import { stepOf } from './scales.ts';
import { columnsOf, GUTTER, type Second } from './time-axis.ts';

const HEIGHT = 150;
/** From a microsecond to sixteen seconds. */
const TOP_INDEX = 96;
const TICKS_US = [1, 100, 10_000, 1_000_000] as const;
const MARGIN = 8;

/** The heatmap. */
export function Latency({ seconds }: { readonly seconds: readonly Second[] }) {
  const last = seconds.at(-1);
  const p99 = last === undefined ? null : quantileUs(last.waits, 0.99);
  return (
    <Canvas
      label={`Latency heatmap of the last five minutes; p99 of the last second ${duration(p99)}`}
      height={HEIGHT}
      version={last?.atMs ?? 0}
      draw={(paper) => drawLatency(paper, seconds)}
    />
  );
}

const yOf = (index: number): number =>
  HEIGHT - MARGIN - (index / TOP_INDEX) * (HEIGHT - 2 * MARGIN);

function drawLatency(paper: Paper, seconds: readonly Second[]): void {
  const { pen, width, palette } = paper;
  pen.clearRect(0, 0, width, HEIGHT);
  const columns = columnsOf(seconds, width);
  let most = 1;
  for (const { waits } of seconds) for (const waited of waits) most = Math.max(most, waited);
  const octaves = Math.max(1, Math.log2(most));
  const cell = yOf(0) - yOf(1);
  for (const { atMs, waits } of seconds) {
    const x = columns.x(atMs);
    for (let index = 0; index < waits.length; index++) {
      const waited = waits[index] as number;
      if (waited === 0) continue;
      pen.fillStyle = palette.steps[stepOf(waited, octaves)] as string;
      pen.fillRect(x, yOf(index + 1), columns.width + 0.5, cell + 0.5);
    }
  }
  drawAxis(paper);
  drawP99(paper, seconds, columns.x);
}

function drawAxis({ pen, width, palette }: Paper): void {
  pen.textBaseline = 'middle';
  pen.textAlign = 'right';
  for (const us of TICKS_US) {
    const y = Math.round(yOf(indexOf(us))) + 0.5;
    pen.strokeStyle = palette.line;
    pen.beginPath();
    pen.moveTo(GUTTER.left, y);
    pen.lineTo(width - GUTTER.right, y);
    pen.stroke();
    pen.fillStyle = palette.quiet;
    pen.fillText(tick(duration(us)), GUTTER.left - 6, y);
  }
}

function drawP99(
  { pen, palette }: Paper,
  seconds: readonly Second[],
  x: (ms: number) => number,
): void {
  pen.beginPath();
  let isDown = false;
  for (const { atMs, waits } of seconds) {
    const us = quantileUs(waits, 0.99);
    if (us === null) isDown = false;
    else {
      const y = yOf(indexOf(us));
      if (isDown) pen.lineTo(x(atMs), y);
      else pen.moveTo(x(atMs), y);
      isDown = true;
    }
  }
  // On a ground of its own, or it would be lost in the brightest cells.
  pen.lineJoin = 'round';
  for (const [colour, width] of [
    [palette.ground, 4],
    [palette.text, 1.5],
  ] as const) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
  }
}
