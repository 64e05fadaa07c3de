/** What the colours of a scale mean: its steps, with values and a unit. */
import { tick } from '../views/format.ts';
import { useChanges, useSession } from '../views/use-session.ts';
import { paletteOf } from './palette.ts';
import { type Scale, ticksOf } from './scales.ts';

/** One line. */
export function Legend({ scale }: { readonly scale: Scale }) {
  const { theme } = useSession();
  useChanges(theme.changes);
  const { steps } = paletteOf(theme.isDark);
  return (
    <div class="legend">
      <span class="quiet">{scale.unit}</span>
      <span class="swatch" style={{ background: steps[0] }} /> <span>0</span>
      <span
        class="ramp"
        style={{ background: `linear-gradient(90deg, ${steps.slice(1).join(', ')})` }}
      />
      <span class="ticks">
        {ticksOf(scale).map((value) => (
          <span key={value}>{tick(scale.text(value))}</span>
        ))}
      </span>
    </div>
  );
}
