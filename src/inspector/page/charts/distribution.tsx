/** A distribution of times on an axis that is always the same: from a microsecond to a minute, by octaves. */
import { duration, tick } from '../views/format.ts';
import { Canvas, type Paper } from './canvas.tsx';
import { indexOf } from './histogram.ts';

const HEIGHT = 58;
const AXIS = 16;
const TOP_US = 60_000_000;
const TICKS_US = [1, 1000, 1_000_000] as const;

/** What it shows. */
export type DistributionProps = {
  /** Such as: times in the mailbox. */
  readonly name: string;
  /** By element, see histogram.ts. */
  readonly counts: readonly number[];
  readonly p99Us: number | null;
};

/** Bars, the highest as high as there is room; the line is the p99. */
export function Distribution({ name, counts, p99Us }: DistributionProps) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return (
    <Canvas
      label={`Distribution of ${name}, of ${all}; p99 ${duration(p99Us)}`}
      height={HEIGHT}
      version={counts.join()}
      draw={(paper) => drawDistribution(paper, counts, p99Us)}
    />
  );
}

function drawDistribution(
  { pen, width, palette }: Paper,
  counts: readonly number[],
  p99Us: number | null,
): void {
  pen.clearRect(0, 0, width, HEIGHT);
  const floor = HEIGHT - AXIS;
  const column = width / indexOf(TOP_US);
  const most = counts.reduce((one, other) => Math.max(one, other), 1);
  pen.fillStyle = palette.accent;
  for (const [index, count] of counts.entries()) {
    // One of a million is seen, too.
    const height = count === 0 ? 0 : Math.max(1.5, (count / most) * (floor - 4));
    pen.fillRect(index * column, floor - height, Math.max(1, column - 1), height);
  }
  pen.strokeStyle = palette.line;
  pen.beginPath();
  pen.moveTo(0, floor + 0.5);
  pen.lineTo(width, floor + 0.5);
  pen.stroke();
  pen.fillStyle = palette.quiet;
  pen.textBaseline = 'bottom';
  for (const us of TICKS_US) {
    const x = indexOf(us) * column;
    pen.textAlign = x === 0 ? 'left' : 'center';
    pen.fillText(tick(duration(us)), x, HEIGHT);
  }
  if (p99Us === null) return;
  const x = Math.round(indexOf(p99Us) * column) + 0.5;
  pen.strokeStyle = palette.text;
  pen.setLineDash([4, 3]);
  pen.beginPath();
  pen.moveTo(x, 0);
  pen.lineTo(x, floor);
  pen.stroke();
  pen.setLineDash([]);
}
