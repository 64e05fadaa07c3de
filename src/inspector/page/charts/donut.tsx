/**
 * Shares of a whole as a ring, in the order of its members. Who has which share is in a table beside it.
 * When they become others it moves there, unless somebody wants nothing to move.
 */
import { monotonicMs, nextFrame, wantsStillness } from '../browser.ts';
import { useEffect, useRef, useState } from '../preact.ts';
import { Canvas, type Paper } from './canvas.tsx';
import { isSame, type Part, sharesBetween } from './moving-shares.ts';
import { STEPS } from './palette.ts';

const HEIGHT = 200;
/** Of a movement, milliseconds. Longer: seen better, and late to say how it is. */
const MOVE_MS = 900;

/** A member's weight. */
export type Member = { readonly name: string; readonly weight: number };

/** The ring; `marked` members are drawn outwards. */
export type DonutProps = {
  readonly members: readonly Member[];
  readonly marked: readonly string[];
};

/** The chart. */
export function Donut({ members, marked }: DonutProps) {
  const parts = members.map((one, index) => ({ ...one, step: memberStep(index) }));
  const shown = useMoving(parts);
  return (
    <Canvas
      label={`A ring of ${members.length} members, each with its share of the keys`}
      height={HEIGHT}
      version={JSON.stringify([shown, marked])}
      draw={(paper) => drawDonut(paper, shown, marked, members.length)}
    />
  );
}

/** As they are, or on their way there. */
function useMoving(parts: readonly Part[]): readonly Part[] {
  const last = useRef(parts);
  const [moving, setMoving] = useState<readonly Part[] | null>(null);
  const words = JSON.stringify(parts);
  useEffect(() => {
    const before = last.current;
    const after = JSON.parse(words) as readonly Part[];
    last.current = after;
    if (isSame(before, after) || wantsStillness()) return undefined;
    const begunMs = monotonicMs();
    let stop = (): void => undefined;
    const move = (): void => {
      const at = (monotonicMs() - begunMs) / MOVE_MS;
      setMoving(at < 1 ? sharesBetween(before, after, at) : null);
      if (at < 1) stop = nextFrame(move);
    };
    move();
    return () => {
      stop();
      setMoving(null);
    };
  }, [words]);
  return moving ?? parts;
}

/** The colour of a member, so that the table has the same. */
export function memberStep(index: number): number {
  // Neighbours are far apart on the scale.
  return 1 + ((index * 4) % STEPS);
}

function drawDonut(
  { pen, width, palette }: Paper,
  parts: readonly Part[],
  marked: readonly string[],
  count: number,
): void {
  pen.clearRect(0, 0, width, HEIGHT);
  const all = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (all === 0) return;
  const [x, y] = [Math.min(width, HEIGHT) / 2, HEIGHT / 2];
  const radius = Math.min(width, HEIGHT) / 2 - 12;
  let from = -Math.PI / 2;
  for (const { name, weight, step } of parts) {
    const to = from + (weight / all) * 2 * Math.PI;
    const isMarked = marked.includes(name);
    pen.beginPath();
    pen.arc(x, y, radius + (isMarked ? 9 : 0), from, to);
    pen.arc(x, y, radius * 0.62, to, from, true);
    pen.closePath();
    pen.fillStyle = palette.steps[step] as string;
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
  pen.fillText(String(count), x, y - 8);
  pen.font = '11px system-ui, sans-serif';
  pen.fillStyle = palette.quiet;
  pen.fillText('members', x, y + 12);
}
