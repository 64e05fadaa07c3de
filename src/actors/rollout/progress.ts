/** Whether a rollout is done, moves, or has stopped moving. */

/** Instances of a service: all, of the new revision, ready, available. */
export type RolloutCounts = {
  readonly current: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
};

/** All that is desired is of the new revision and available, and nothing else is left. */
export function isComplete(
  desired: number,
  { updated, current, available }: Omit<RolloutCounts, 'ready'>,
): boolean {
  return updated === desired && current === desired && available === desired;
}

/** Something moved forward between two looks. */
export function hasProgressed(before: RolloutCounts, after: RolloutCounts): boolean {
  return (
    after.updated > before.updated ||
    after.current - after.updated < before.current - before.updated ||
    after.ready > before.ready ||
    after.available > before.available
  );
}

/** Nothing moved for longer than the deadline (null: there is none) and it is not complete. */
export function isOverdue(
  deadlineS: number | null,
  sinceProgressS: number,
  hasCompleted: boolean,
): boolean {
  return deadlineS !== null && !hasCompleted && sinceProgressS > deadlineS;
}
