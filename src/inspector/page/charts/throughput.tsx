/** Messages a second over five minutes, with the peak as its limit and a mark for seconds with a crash. */
import { count } from '../views/format.ts';
import { useSession } from '../views/use-session.ts';
import { drawLimit, LinePlot, type Plot } from './line-plot.tsx';
import type { Palette } from './palette.ts';
import { GUTTER, type Second, SPAN } from './time-axis.ts';

const HEIGHT = 130;

/** The chart. A click on a second shows what has happened until then. */
export function Throughput({ seconds }: { readonly seconds: readonly Second[] }) {
  const { connection, place } = useSession();
  const last = seconds.at(-1);
  const peak = seconds.reduce((most, { handled }) => Math.max(most, handled), 0);
  return (
    <LinePlot
      label={`Throughput of the last five minutes; now ${count(last?.handled ?? 0)} messages a second`}
      height={HEIGHT}
      gutter={GUTTER.left}
      of="throughput"
      version={last?.atMs ?? 0}
      data={() => [
        seconds.map(({ atMs }) => connection.peopleMs(atMs) / 1000),
        seconds.map(({ handled }) => handled),
      ]}
      lines={({ accent }) => [{ colour: accent, width: 1.5, fill: `${accent}22` }]}
      span={() => SPAN}
      range={(_, most) => [0, Math.max(1, most * 1.2)]}
      text={(value) => (value === 0 ? '0 /s' : count(value))}
      read={([value]) => (value == null ? '' : `${count(value)}/s`)}
      mark={(plot, palette) => {
        if (peak > 0) drawLimit(plot, palette, peak, `peak ${count(peak)}/s`);
        drawCrashes(plot, palette, seconds);
      }}
      chosen={(atMs) => place.go({ view: 'events', atMs })}
    />
  );
}

/** Seconds with crashes, as triangles at the foot. */
function drawCrashes(plot: Plot, palette: Palette, seconds: readonly Second[]): void {
  const { ctx: pen, data } = plot;
  const foot = plot.bbox.top + plot.bbox.height;
  const sharpness = devicePixelRatio;
  pen.save();
  pen.fillStyle = palette.bad;
  for (const [index, { crashes }] of seconds.entries()) {
    if (crashes === 0) continue;
    const x = plot.valToPos(data[0]?.[index] ?? 0, 'x', true);
    pen.beginPath();
    pen.moveTo(x, foot - 9 * sharpness);
    pen.lineTo(x + 5 * sharpness, foot);
    pen.lineTo(x - 5 * sharpness, foot);
    pen.fill();
  }
  pen.restore();
}
