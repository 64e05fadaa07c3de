/**
 * Adds up pieces of the key space by owner before and owner after.
 * `movement` fills it; members of the two tables are matched by name here, and nowhere else. It
 * does not know where pieces come from or what a piece is: a slot, an arc, a sampled key.
 */
import { compareText } from './member.ts';
import type { MemberDirectory } from './member-directory.ts';

/** A part of the key space that changes hands. */
export interface KeyFlow {
  readonly from: string;
  readonly to: string;
  /** Of all keys, 0 to 1. */
  readonly share: number;
}

/** Room for 2^16 member numbers: a pair of them is one exact number. */
const PAIR_RADIX = 0x10000;

/** Sizes by pair of owners. Exact while sizes are integers and add up to less than 2^53. */
export class MovementTally {
  private readonly before: MemberDirectory;
  private readonly after: MemberDirectory;
  private readonly sizes: Map<number, number> = new Map();

  constructor(before: MemberDirectory, after: MemberDirectory) {
    this.before = before;
    this.after = after;
  }

  /** Counts a piece that member `from` of the old table and member `to` of the new one own. */
  add(from: number, to: number, size: number): void {
    const pair = from * PAIR_RADIX + to;
    this.sizes.set(pair, (this.sizes.get(pair) ?? 0) + size);
  }

  /** Sizes of all that moved, of what had to move, and of everything. */
  sums(): { readonly moved: number; readonly minimum: number; readonly total: number } {
    const gains = new Map<string, number>();
    let moved = 0;
    let total = 0;
    for (const { from, to, size } of this.pairs()) {
      total += size;
      if (from === to) continue;
      moved += size;
      gains.set(to, (gains.get(to) ?? 0) + size);
      gains.set(from, (gains.get(from) ?? 0) - size);
    }
    let minimum = 0;
    for (const gain of gains.values()) minimum += Math.max(0, gain);
    return { moved, minimum, total };
  }

  /** What changes hands, as shares of `total`; largest first, then by names. */
  flows(total: number): KeyFlow[] {
    const flows: KeyFlow[] = [];
    for (const { from, to, size } of this.pairs()) {
      if (from !== to && size > 0) flows.push({ from, to, share: size / total });
    }
    return flows.sort(
      (a, b) => b.share - a.share || compareText(a.from, b.from) || compareText(a.to, b.to),
    );
  }

  private *pairs(): Generator<{ from: string; to: string; size: number }> {
    for (const [pair, size] of this.sizes) {
      const from = this.before.name(Math.floor(pair / PAIR_RADIX));
      yield { from, to: this.after.name(pair % PAIR_RADIX), size };
    }
  }
}
