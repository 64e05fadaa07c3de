/**
 * Members that are slow and do not know it: their own probes are well, their callers wait. Each is
 * compared with its peers, so that what slows all of them slows nobody down here. Pure.
 */
import { compareText } from '../arithmetic/compare-text.ts';

/** What callers saw of one member; milliseconds. */
export type MemberLatency = {
  readonly id: string;
  readonly p50: number;
  readonly p99: number;
};

/** One that is slow, and how many times its peers' latency it takes. */
export type SlowMember = { readonly id: string; readonly times: number; readonly why: string };

/**
 * The slowest first. A member is slow if its median or its slowest hundredth takes more than `factor`
 * times what is usual among the others. Fewer than `membersMin` are not compared.
 */
export function slowMembers(
  members: readonly MemberLatency[],
  { factor, membersMin }: { readonly factor: number; readonly membersMin: number },
): readonly SlowMember[] {
  if (members.length < membersMin) return [];
  return members
    .flatMap((member) => {
      const peers = members.filter(({ id }) => id !== member.id);
      const worst = (['p50', 'p99'] as const)
        .map((quantile) => timesOf(member, peers, quantile))
        .reduce((most, one) => (one.times > most.times ? one : most));
      if (!(worst.times > factor)) return [];
      const { quantile, usual, times } = worst;
      const got = `${quantile} is ${shownMs(member[quantile])} ms`;
      const why = `${got}; its peers' median is ${shownMs(usual)} ms, at most ${factor} times that`;
      return [{ id: member.id, times, why }];
    })
    .toSorted((a, b) => b.times - a.times || compareText(a.id, b.id));
}

function timesOf(
  member: MemberLatency,
  peers: readonly MemberLatency[],
  quantile: 'p50' | 'p99',
): { readonly quantile: 'p50' | 'p99'; readonly usual: number; readonly times: number } {
  const sorted = peers.map((peer) => peer[quantile]).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? 0;
  const usual = (low + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { quantile, usual, times: usual > 0 ? member[quantile] / usual : 0 };
}

function shownMs(ms: number): string {
  return ms.toFixed(1);
}
