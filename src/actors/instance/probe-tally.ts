/** Answers of one probe, counted in a row: a verdict turns only after enough of the other kind. Pure. */

/** How many in a row turn the verdict. */
export type ProbeLimits = { readonly failures: number; readonly successes: number };

/** What the answers say so far. */
export type ProbeTally = {
  /** Null: not enough answers yet. */
  readonly verdict: 'well' | 'failing' | null;
  /** Answers against the verdict, in a row. */
  readonly against: number;
};

/** No answer yet. */
export const NO_ANSWER: ProbeTally = { verdict: null, against: 0 };

/** One more answer. Until there is a verdict, answers of either kind are counted from the last change. */
export function counted(tally: ProbeTally, isWell: boolean, limits: ProbeLimits): ProbeTally {
  const says = isWell ? 'well' : 'failing';
  if (tally.verdict === says) return { verdict: says, against: 0 };
  const enough = isWell ? limits.successes : limits.failures;
  // Without a verdict the sign tells which kind the row is of.
  const row = tally.verdict === null ? sameRow(tally.against, isWell) : tally.against + 1;
  if (Math.abs(row) >= enough) return { verdict: says, against: 0 };
  return { verdict: tally.verdict, against: row };
}

/** Above zero: successes in a row; below: failures. */
function sameRow(row: number, isWell: boolean): number {
  if (isWell) return row > 0 ? row + 1 : 1;
  return row < 0 ? row - 1 : -1;
}
