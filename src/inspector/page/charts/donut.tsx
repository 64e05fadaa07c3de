/** Shares of a whole as a ring, in the order of its members. Who has which share is in a table beside it. */
import { Canvas, type Paper } from './canvas.tsx';
import { STEPS } from './palette.ts';

const HEIGHT = 200;

/** A member's weight. */
export type Member = { readonly name: string; readonly weight: number };

/** The ring; `marked` members are drawn outwards. */
export type DonutProps = {
  readonly members: readonly Member[];
  readonly marked: readonly string[];
};

/** The chart. */
export function Donut({ members, marked }: DonutProps) {
  return (
    <Canvas
      label={`A ring of ${members.length} members, each with its share of the keys`}
      height={HEIGHT}
      version={JSON.stringify([members, marked])}
      draw={(paper) => drawDonut(paper, members, marked)}
    />
  );
}

/** The colour of a member, so that the table has the same. */
export function memberStep(index: number): number {
  // Neighbours are far apart on the scale.
  return 1 + ((index * 4) % STEPS);
}

function drawDonut(
  { pen, width, palette }: Paper,
  members: readonly Member[],
  marked: readonly string[],
): void {
  pen.clearRect(0, 0, width, HEIGHT);
  const all = members.reduce((sum, { weight }) => sum + weight, 0);
  if (all === 0) return;
  const [x, y] = [Math.min(width, HEIGHT) / 2, HEIGHT / 2];
  const radius = Math.min(width, HEIGHT) / 2 - 12;
  let from = -Math.PI / 2;
  for (const [index, { name, weight }] of members.entries()) {
    const to = from + (weight / all) * 2 * Math.PI;
    const isMarked = marked.includes(name);
    pen.beginPath();
    pen.arc(x, y, radius + (isMarked ? 9 : 0), from, to);
    pen.arc(x, y, radius * 0.62, to, from, true);
    pen.closePath();
    pen.fillStyle = palette.steps[memberStep(index)] as string;
    pen.fill();
    pen.strokeStyle = palette.ground;
    pen.lineWidth = 2;
    pen.stroke();
    from = to;
  }
  pen.fillStyle = palette.text;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.font = '600 20px system-ui, sans-serif';
  pen.fillText(String(members.length), x, y - 8);
  pen.font = '11px system-ui, sans-serif';
  pen.fillStyle = palette.quiet;
  pen.fillText('members', x, y + 12);
}
