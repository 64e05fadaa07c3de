/** A ring in sentences: how even it is, and what moved when it changed. Pure. */
import type { ResultOf } from '../../protocol/schema.ts';
import { ago, plural } from './format.ts';

/** A ring. */
export type RingShown = ResultOf<'Ring.get'>;
/** One generation after another. */
export type RingStep = RingShown['changes'][number];

/** Of 1, to a tenth of a percent: what is compared is never rounded away. */
export const exactly = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What moved, against what had to. */
export function movedText({
  from,
  to,
  movedShare,
  minimumShare,
  isExact,
  slices,
}: RingStep): string {
  const moved = `${isExact ? '' : 'about '}${exactly(movedShare)} of keys moved`;
  const hot = slices === 0 ? '' : `; ${plural(slices, 'hot slice')} of 1,024 moved apart from it`;
  if (movedShare === 0) {
    return `generation ${from} → ${to}: ${slices === 0 ? 'no key moved' : `no key moved by the table${hot}`}`;
  }
  return `generation ${from} → ${to}: ${moved}; ${exactly(minimumShare)} is the least possible${hot}`;
}

/** Moved more than a tenth above what had to: so much the what-if bears, too. */
export const isWasteful = ({ movedShare, minimumShare }: RingStep): boolean =>
  movedShare > 1.1 * minimumShare;

/** When, and why. */
export function becauseOf({ agoMs, why }: RingStep): string {
  const when = agoMs === null ? '' : ago(agoMs);
  return [when, why ?? ''].filter((text) => text !== '').join(': ');
}

/** The largest share against its mean, and the limit. `used`: of the way from even to the limit. */
export function balanceOf({ balance }: RingShown): {
  readonly used: number;
  readonly isOver: boolean;
  readonly text: string;
} | null {
  if (balance === null) return null;
  const { imbalance, most, isExact } = balance;
  const above = Math.max(0, imbalance - 1);
  const measured = isExact ? '' : ', measured over fixed keys';
  const text = `${imbalance.toFixed(3)} × the mean; up to ${most.toFixed(2)} × is borne${measured}`;
  return { used: most <= 1 ? 1 : above / (most - 1), isOver: imbalance > most, text };
}
