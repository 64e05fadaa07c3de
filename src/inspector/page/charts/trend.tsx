/** A figure with the line of its last minutes and that of its limit; without one, of its highest value. */
import { Canvas, type Paper } from './canvas.tsx';

const HEIGHT = 44;

/** What it shows. */
export type TrendProps = {
  readonly name: string;
  readonly unit: string;
  /** NaN: nothing was measured. */
  readonly points: readonly number[];
  readonly text: (value: number) => string;
  /** From where on it is too much, and what that means. */
  readonly limit?: { readonly at: number; readonly name: string };
};

/** A tile. */
export function Trend({ name, unit, points, text, limit }: TrendProps) {
  const now = points.at(-1) ?? Number.NaN;
  const most = points.reduce((one, other) => (other > one ? other : one), 0);
  const value = Number.isNaN(now) ? '–' : text(now);
  const isOver = limit !== undefined && now >= limit.at;
  const line = {
    at: limit?.at ?? most,
    text: `${limit?.name ?? 'max'} ${text(limit?.at ?? most)}`,
  };
  const told = limit === undefined ? '' : `; ${limit.name} from ${text(limit.at)} on`;
  return (
    <figure class="tile">
      <figcaption>
        <b>{name}</b> <span class="quiet">{unit}</span>
      </figcaption>
      <p class={isOver ? 'big bad' : 'big'}>{isOver ? `▲ ${value}` : value}</p>
      <Canvas
        label={`${name}: now ${value}, at most ${text(most)} in the time that is shown${told}`}
        height={HEIGHT}
        version={`${points.length} ${now} ${most}`}
        draw={(paper) => drawTrend(paper, points, Math.max(most, line.at), line)}
      />
    </figure>
  );
}

function drawTrend(
  { pen, width, palette }: Paper,
  points: readonly number[],
  most: number,
  line: { readonly at: number; readonly text: string },
): void {
  const heightOf = (value: number): number =>
    HEIGHT - 2 - (most === 0 ? 0 : (value / most) * (HEIGHT - 6));
  const lineAt = Math.round(heightOf(line.at)) - 0.5;
  pen.clearRect(0, 0, width, HEIGHT);
  pen.strokeStyle = palette.line;
  pen.setLineDash([4, 4]);
  pen.beginPath();
  pen.moveTo(0, lineAt);
  pen.lineTo(width, lineAt);
  pen.stroke();
  pen.setLineDash([]);
  pen.fillStyle = palette.quiet;
  pen.textAlign = 'left';
  pen.textBaseline = 'top';
  if (most > 0) pen.fillText(line.text, 0, lineAt + 2);
  pen.strokeStyle = palette.accent;
  pen.lineWidth = 1.5;
  pen.beginPath();
  const column = width / Math.max(60, points.length);
  const first = width - points.length * column;
  let isDown = false;
  for (const [index, point] of points.entries()) {
    const x = first + (index + 0.5) * column;
    const y = heightOf(point);
    if (Number.isNaN(point)) isDown = false;
    else if (isDown) pen.lineTo(x, y);
    else {
      pen.moveTo(x, y);
      isDown = true;
    }
  }
  pen.stroke();
}
