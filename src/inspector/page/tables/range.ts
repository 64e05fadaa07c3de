/**
 * Up to where a subscriber knows a topic. Changes come in ranges (from, to], each in one or more parts; a
 * range that begins beyond what is known, or a part whose beginning was not seen, is a gap: then only a new
 * snapshot helps. A range that begins before is fine, as rows are told as they are now. Pure.
 *
 *   unknown ──snapshot, first part──▶ inside ──last part──▶ known ──next range──▶ inside …
 *      └──any other part──▶ gap          └──a first part──▶ inside, or gap
 */

/** A part of a range, as every frame has it. */
export type Part = {
  readonly from: number;
  readonly to: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
};

/** What a part means: take it in (after all that was known is void, or not), or ask for a snapshot. */
export type Meaning = 'snapshot' | 'more' | 'gap';

/** One subscription's reading of its ranges. */
export class RangeReader {
  /** End of the last whole range; null: nothing is known. */
  at: number | null;
  private isInside: boolean;

  constructor() {
    this.at = null;
    this.isInside = false;
  }

  /** Of a new connection, which says where it goes on. */
  interrupted(): void {
    this.isInside = false;
  }

  /** Everything is to be told again. */
  forget(): void {
    this.at = null;
    this.isInside = false;
  }

  read({ from, to, isFirst, isLast }: Part): Meaning {
    const isSnapshot = isFirst && from === 0;
    if (isSnapshot) this.at = null;
    else if (isFirst ? this.at === null || from > this.at : !this.isInside) {
      this.forget();
      return 'gap';
    }
    this.isInside = !isLast;
    if (isLast) this.at = to;
    return isSnapshot ? 'snapshot' : 'more';
  }
}
