/**
 * How much is asked for in one slice of the keys, and who bears most of it where one member does: a hot
 * slice is a key or two, which have one owner, and nobody can tell which from the ring alone. Pure.
 */

/** Of one slice. */
export type SliceReading = {
  /** Requests in a second. */
  readonly load: number;
  /** Member of the ring's table who bears most of it: surely, if he bears more than half. Null: nobody. */
  readonly holder: string | null;
  /** At least this part of the load is his: from 0 to 1. */
  readonly share: number;
};

/** Two counts of one slice together. */
export function withReading(one: SliceReading, other: SliceReading): SliceReading {
  const load = one.load + other.load;
  if (load === 0) return one;
  const votes = one.share * one.load;
  const others = other.share * other.load;
  // Votes for one are votes against another.
  const isSame = one.holder === other.holder;
  const left = isSame ? votes + others : Math.abs(votes - others);
  const { holder } = votes >= others ? one : other;
  return { load, holder: left > 0 ? holder : null, share: left / load };
}
