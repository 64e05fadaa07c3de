/** Lines of some series, of five minutes at most, each in a colour and a dash of its own, below a limit. */
import type { MetricLine } from '../tables/metric-history.ts';
import { tick } from '../views/format.ts';
import { useSession } from '../views/use-session.ts';
import { drawLimit, LinePlot } from './line-plot.tsx';
import { paletteOf } from './palette.ts';
import { GUTTER, SPAN } from './time-axis.ts';

const HEIGHT = 200;
/** CSS pixels for values, which have units. */
const VALUES_WIDTH = GUTTER.left + 14;
/** Seconds from the left to the right, at least. */
const SPAN_LEAST = 60;
/** Lines of one chart. More: nobody tells one from another. */
export const LINES_MAX = 6;
/** By line, in CSS pixels: colour alone tells nothing. */
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [10, 3, 2, 3], [4, 4], [14, 4]];

/** What is drawn. */
export type MetricLinesProps = {
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly MetricLine[];
  readonly text: (value: number) => string;
  /** Null: the highest that there was is the limit. */
  readonly limit: number | null;
};

/** The chart. */
export function MetricLines({ label, times, lines, text, limit }: MetricLinesProps) {
  let peak = 0;
  for (const { points } of lines) for (const point of points) peak = Math.max(peak, point ?? 0);
  const top = Math.max(limit ?? 0, peak);
  return (
    <LinePlot
      label={label}
      height={HEIGHT}
      gutter={VALUES_WIDTH}
      of={lines.map(({ key }) => key).join('\n')}
      version={times.at(-1) ?? 0}
      data={() => [times.map((ms) => ms / 1000), ...lines.map(({ points }) => [...points])]}
      lines={(palette) =>
        lines.map((_, index) => ({
          colour: palette.lines[index] ?? palette.text,
          width: 1.75,
          dash: DASHES[index] ?? [],
        }))
      }
      span={(first, last) => Math.min(SPAN, Math.max(SPAN_LEAST, last - first))}
      range={(least) => [Math.min(0, least), top * 1.2 || 1]}
      text={(value) => (value === 0 ? '0' : tick(text(value)))}
      read={(values) => values.map((value) => (value === null ? '–' : text(value))).join(' · ')}
      mark={(plot, palette) => {
        const name = limit === null ? 'peak' : 'limit';
        if (top > 0) drawLimit(plot, palette, limit ?? peak, `${name} ${text(limit ?? peak)}`);
      }}
    />
  );
}

/** A swatch of a line, for tables. */
export function LineSign({ index }: { readonly index: number }) {
  const { theme } = useSession();
  const colour = paletteOf(theme.isDark).lines[index] ?? 'none';
  return (
    <svg class="line-sign" width="28" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="28"
        y2="4"
        stroke={colour}
        stroke-width="2.5"
        stroke-dasharray={(DASHES[index] ?? []).join(' ')}
      />
    </svg>
  );
}
