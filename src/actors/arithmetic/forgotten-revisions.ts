/**
 * Which old revisions, oldest first, are beyond the history that is kept; one that still has or wants
 * instances stays. `limit` null: all are kept. @returns their indices
 */
export function forgottenRevisions(
  old: readonly { readonly wanted: number; readonly present: number }[],
  limit: number | null,
): readonly number[] {
  if (limit === null) return [];
  const surplus = old.length - limit;
  return old.flatMap(({ wanted, present }, i) =>
    i < surplus && wanted === 0 && present === 0 ? [i] : [],
  );
}
