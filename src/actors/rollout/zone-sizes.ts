/**
 * Zones of one service that follow each other in size: a zone grows with its leader, at once or when
 * the leader is ready, and shrinks a time after the others have. As Grafana's rollout-operator. Pure.
 */

/** A zone and whom it follows. */
export type FollowingZone = {
  readonly name: string;
  readonly wanted: number;
  readonly readyCount: number;
  /** Null: it follows nobody. */
  readonly leader: string | null;
  /** Grows only when all of its leader is ready. */
  readonly waitsForLeader: boolean;
  /** When it was last made smaller, in seconds before now; null: never. */
  readonly lastShrunkAgoS: number | null;
  /** Between the last shrinking of another zone and its own; null: not said, or not readable. */
  readonly minBetweenS: number | null;
};

/** The size that a zone is to have, or why it stays as it is. */
export type FollowedSize =
  | { readonly kind: 'size'; readonly wanted: number }
  | { readonly kind: 'failed'; readonly wanted: number; readonly why: string };

/** `zones`: all of the service, the subject among them. */
export function followedSize(
  subject: FollowingZone,
  zones: readonly FollowingZone[],
): FollowedSize {
  const stay: FollowedSize = { kind: 'size', wanted: subject.wanted };
  if (subject.leader === null) return stay;
  const leader = zones.find(({ name }) => name === subject.leader);
  if (leader === undefined) {
    return { ...stay, kind: 'failed', why: `leader ${subject.leader} is no zone of this service` };
  }
  const follow: FollowedSize = { kind: 'size', wanted: leader.wanted };
  if (leader.wanted > subject.wanted) {
    return subject.waitsForLeader && leader.readyCount !== leader.wanted ? stay : follow;
  }
  if (leader.wanted === subject.wanted) return stay;
  const others = zones.filter(({ name }) => name !== subject.name);
  const agos = others.flatMap(({ lastShrunkAgoS }) => lastShrunkAgoS ?? []);
  if (agos.length === 0) return follow;
  if (subject.minBetweenS === null) {
    const why = `${subject.name} does not say how long after another zone it may shrink`;
    return { ...stay, kind: 'failed', why };
  }
  return Math.min(...agos) > subject.minBetweenS ? follow : stay;
}
