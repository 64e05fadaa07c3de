/**
 * Members that are told before they leave: whoever is to stay is told so again, whoever is to go is
 * asked to prepare, and only those at the end that have been prepared for long enough really go. The
 * rule of Grafana's rollout-operator for stores whose data other members still read. Pure: `requests`
 * are sent by the shell, and their answers come back as `LeaveAnswer`.
 */

/** What a member is told. `stay` takes a preparation back. */
export type LeaveRequest = { readonly ordinal: number; readonly kind: 'prepare' | 'stay' };

/** What a member answered to `prepare`; null: it failed, or nobody can read it. */
export type LeaveAnswer = { readonly preparedAgoS: number } | null;

/** All that has to be said when a group of `current` members is to have `wanted`. */
export function leaveRequests(current: number, wanted: number): readonly LeaveRequest[] {
  return Array.from({ length: current }, (_, ordinal) => ({
    ordinal,
    kind: ordinal < wanted ? 'stay' : 'prepare',
  }));
}

/**
 * The size that the group may have now. `answers` by ordinal, of the members from `wanted` on; growing
 * needs none.
 */
export function allowedSize(
  { current, wanted }: { readonly current: number; readonly wanted: number },
  answers: ReadonlyMap<number, LeaveAnswer>,
  delayS: number,
): number {
  if (wanted >= current) return wanted;
  for (let ordinal = wanted; ordinal < current; ordinal++) {
    if ((answers.get(ordinal) ?? null) === null) return current;
  }
  let size = current;
  while (size > wanted) {
    const answer = answers.get(size - 1) ?? null;
    if (answer === null || answer.preparedAgoS < delayS) break;
    size--;
  }
  return size;
}
