/** Time × threads: a share of each thread (its utilisation, its fullest ring), each second, 0 to 100 %. */
import { percent } from '../views/format.ts';
import { Canvas, type Paper } from './canvas.tsx';
import { STEPS } from './palette.ts';
import { columnsOf, GUTTER, type Second } from './time-axis.ts';

const STRIP_HEIGHT = 12;
/** With more threads, strips become thinner instead of the chart higher. */
const HEIGHT_MAX = 200;
const HEIGHT_MIN = 24;

/** Strips, one below the other. */
export type ThreadStripsProps = {
  readonly name: string;
  readonly seconds: readonly Second[];
  readonly shareOf: (second: Second) => readonly number[];
};

/** The chart. */
export function ThreadStrips({ name, seconds, shareOf }: ThreadStripsProps) {
  const last = seconds.at(-1);
  const shares = last === undefined ? [] : shareOf(last);
  const height = Math.max(HEIGHT_MIN, Math.min(HEIGHT_MAX, shares.length * STRIP_HEIGHT));
  const highest = shares.reduce((one, other) => Math.max(one, other), 0);
  return (
    <Canvas
      label={`${name} of ${shares.length} threads in the last five minutes; highest now ${percent(highest)}`}
      height={height}
      version={`${last?.atMs} ${name}`}
      draw={(paper) => drawStrips(paper, seconds, shareOf)}
    />
  );
}

function drawStrips(
  { pen, width, height, palette }: Paper,
  seconds: readonly Second[],
  shareOf: ThreadStripsProps['shareOf'],
): void {
  pen.clearRect(0, 0, width, height);
  const columns = columnsOf(seconds, width);
  const last = seconds.at(-1);
  const threads = last === undefined ? 0 : shareOf(last).length;
  const strip = threads === 0 ? 0 : height / threads;
  for (const second of seconds) {
    const x = columns.x(second.atMs);
    for (const [thread, share] of shareOf(second).entries()) {
      const step = share <= 0 ? 0 : Math.min(STEPS, 1 + Math.floor(share * STEPS));
      pen.fillStyle = palette.steps[step] as string;
      pen.fillRect(x, thread * strip, columns.width + 0.5, Math.max(1, strip - 1));
    }
  }
  pen.fillStyle = palette.quiet;
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  const each = Math.max(1, Math.ceil(STRIP_HEIGHT / Math.max(1, strip)));
  for (let thread = 0; thread < threads; thread += each) {
    pen.fillText(`thread ${thread}`, GUTTER.left - 6, (thread + 0.5) * strip);
  }
}
