/**
 * What has happened between two moments. Rows of one run of a server have numbers that only grow, so what
 * is in one and not in the other was between; rows of two runs can only be counted by their kinds. Pure.
 */

/** What was between, the newest first. */
export type Between<R> = {
  readonly rows: readonly (readonly [key: string, row: R])[];
  /** So many more had gone from the table by the later moment. */
  readonly missed: number;
};

/** Of a table that keeps its newest rows. `isAgain`: a row that was known has happened once more. */
export function between<R>(
  earlier: ReadonlyMap<string, R>,
  later: ReadonlyMap<string, R>,
  isAgain: (old: R, row: R) => boolean = () => false,
): Between<R> {
  const known = highest(earlier);
  const rows = [...later]
    .filter(([key, row]) => {
      const old = earlier.get(key);
      return Number(key) > known || (old !== undefined && isAgain(old, row));
    })
    .sort(([x], [y]) => Number(y) - Number(x));
  const isNew = rows.filter(([key]) => Number(key) > known).length;
  return { rows, missed: Math.max(0, highest(later) - known) - isNew };
}

/** A kind, and how many there are of it. */
export type KindChange = { readonly kind: string; readonly from: number; readonly to: number };

/** Kinds of which there are more, or fewer; the largest difference first. */
export function kindChanges<R>(
  a: ReadonlyMap<string, R>,
  b: ReadonlyMap<string, R>,
  kindOf: (row: R) => string,
): KindChange[] {
  const found = new Map<string, { kind: string; from: number; to: number }>();
  const countedIn = (rows: ReadonlyMap<string, R>, side: 'from' | 'to'): void => {
    for (const row of rows.values()) {
      const kind = kindOf(row);
      const one = found.get(kind) ?? { kind, from: 0, to: 0 };
      found.set(kind, one);
      one[side]++;
    }
  };
  countedIn(a, 'from');
  countedIn(b, 'to');
  return [...found.values()]
    .filter(({ from, to }) => from !== to)
    .sort(
      (x, y) => Math.abs(y.to - y.from) - Math.abs(x.to - x.from) || (x.kind < y.kind ? -1 : 1),
    );
}

const highest = (rows: ReadonlyMap<string, unknown>): number => {
  let most = 0;
  for (const key of rows.keys()) most = Math.max(most, Number(key));
  return most;
};
