/** How a figure of an actor becomes a colour: fixed scales, so that a colour always means the same. Pure. */
import type { NumberName } from '../place/filter.ts';
import { count, duration, seconds } from '../views/format.ts';
import { STEPS } from './palette.ts';

/** What actors can be coloured by. */
export type ColourBy = Extract<NumberName, 'depth' | 'wait' | 'restarts' | 'age' | 'rate'>;

/** A logarithmic scale: step 1 at 1, the last step at `top`; 0 and what was not measured: none. */
export type Scale = {
  readonly by: ColourBy;
  readonly name: string;
  readonly unit: string;
  /** Octaves from the first step to the last. */
  readonly octaves: number;
  readonly text: (value: number) => string;
};

/** In the order of the switch. */
export const SCALES: readonly Scale[] = [
  { by: 'depth', name: 'Mailbox', unit: 'messages waiting', octaves: 14, text: count },
  { by: 'wait', name: 'Wait', unit: 'mean time in mailbox', octaves: 24, text: duration },
  { by: 'restarts', name: 'Restarts', unit: 'restarts', octaves: 7, text: count },
  { by: 'age', name: 'Age', unit: 'since it last began', octaves: 22, text: seconds },
  { by: 'rate', name: 'Handled', unit: 'messages a second', octaves: 20, text: count },
];

/** The scale of a name; the first where there is none. */
export function scaleOf(by: string): Scale {
  return SCALES.find((scale) => scale.by === by) ?? (SCALES[0] as Scale);
}

/** From 0 to STEPS. */
export function stepOf(value: number, octaves: number): number {
  if (!(value > 0)) return 0;
  const step = 1 + Math.floor((Math.log2(value) / octaves) * (STEPS - 1));
  return step < 1 ? 1 : step > STEPS ? STEPS : step;
}

/** Values to write beside a scale, from 1 to its top. */
export function ticksOf({ octaves }: Scale): readonly number[] {
  return [0, 1 / 3, 2 / 3, 1].map((share) => 2 ** Math.round(octaves * share));
}
