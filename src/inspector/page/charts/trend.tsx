/** A figure with the line of its last minutes; the highest value is the limit of its axis. */
import { Canvas, type Paper } from './canvas.tsx';

const HEIGHT = 44;

/** What it shows. */
export type TrendProps = {
  readonly name: string;
  readonly unit: string;
  /** NaN: nothing was measured. */
  readonly points: readonly number[];
  readonly text: (value: number) => string;
};

/** A tile. */
export function Trend({ name, unit, points, text }: TrendProps) {
  const now = points.at(-1) ?? Number.NaN;
  const most = points.reduce((one, other) => (other > one ? other : one), 0);
  const value = Number.isNaN(now) ? '–' : text(now);
  return (
    <figure class="tile">
      <figcaption>
        <b>{name}</b> <span class="quiet">{unit}</span>
      </figcaption>
      <p class="big">{value}</p>
      <Canvas
        label={`${name}: now ${value}, at most ${text(most)} since this was opened`}
        height={HEIGHT}
        version={`${points.length} ${now} ${most}`}
        draw={(paper) => drawTrend(paper, points, most, text(most))}
      />
    </figure>
  );
}

function drawTrend(
  { pen, width, palette }: Paper,
  points: readonly number[],
  most: number,
  mostText: string,
): void {
  pen.clearRect(0, 0, width, HEIGHT);
  pen.strokeStyle = palette.line;
  pen.setLineDash([4, 4]);
  pen.beginPath();
  pen.moveTo(0, 3.5);
  pen.lineTo(width, 3.5);
  pen.stroke();
  pen.setLineDash([]);
  pen.fillStyle = palette.quiet;
  pen.textAlign = 'left';
  pen.textBaseline = 'top';
  if (most > 0) pen.fillText(`max ${mostText}`, 0, 6);
  pen.strokeStyle = palette.accent;
  pen.lineWidth = 1.5;
  pen.beginPath();
  const column = width / Math.max(60, points.length);
  const first = width - points.length * column;
  let isDown = false;
  for (const [index, point] of points.entries()) {
    const x = first + (index + 0.5) * column;
    const y = HEIGHT - 2 - (most === 0 ? 0 : (point / most) * (HEIGHT - 6));
    if (Number.isNaN(point)) isDown = false;
    else if (isDown) pen.lineTo(x, y);
    else {
      pen.moveTo(x, y);
      isDown = true;
    }
  }
  pen.stroke();
}
