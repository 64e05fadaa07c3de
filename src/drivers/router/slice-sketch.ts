/**
 * Requests by slice of the keys, and who bears most of each slice: for every slice a count, and the owner
 * who leads by the majority vote of Boyer and Moore (1991): a vote for him for each request of his, one
 * against him for each of somebody else's. Whoever has more than half leads in the end, and has had at
 * least as many requests as votes are left. Constant memory, however many keys there are. Pure.
 */
import { SLICES, type SliceReading } from '../../actors/index.ts';
import type { SliceCounts } from './router-protocol.ts';

/** Numbers of one slice in a message. */
const ROW = 4;

/** Of one service. Thread rule: one thread. */
export class SliceSketch {
  private readonly counts: Float64Array = new Float64Array(SLICES);
  private readonly votes: Float64Array = new Float64Array(SLICES);
  private readonly leaders: (string | null)[] = new Array<string | null>(SLICES).fill(null);

  /** A request of a key of this slice, for this member; null: whoever the slice was given to. */
  note(slice: number, owner: string | null): void {
    this.counts[slice] = (this.counts[slice] as number) + 1;
    if (owner !== null) this.vote(slice, owner, 1);
  }

  /** What another one has counted; slices that there are not are left out. */
  take({ rows, owners }: Pick<SliceCounts, 'rows' | 'owners'>): void {
    for (let at = 0; at + ROW <= rows.length; at += ROW) {
      const [slice = SLICES, count = 0, votes = 0, owner = -1] = rows.slice(at, at + ROW);
      const before = this.counts[slice];
      if (before === undefined) continue;
      this.counts[slice] = before + count;
      const name = owners[owner];
      if (name !== undefined && votes > 0) this.vote(slice, name, votes);
    }
  }

  /** For a message: those that had any. */
  said(service: string): SliceCounts {
    const owners: string[] = [];
    const numbers = new Map<string, number>();
    const rows: number[] = [];
    this.counts.forEach((count, slice) => {
      if (count === 0) return;
      const leader = this.leaders[slice] ?? null;
      if (leader !== null && !numbers.has(leader)) numbers.set(leader, owners.push(leader) - 1);
      const number = leader === null ? -1 : (numbers.get(leader) ?? -1);
      rows.push(slice, count, this.votes[slice] as number, number);
    });
    return { service, owners, rows };
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** As requests in a second. */
  readings(seconds: number): readonly SliceReading[] {
    return Array.from(this.counts, (count, slice) => {
      const votes = this.votes[slice] as number;
      const holder = votes > 0 ? (this.leaders[slice] ?? null) : null;
      return { load: count / seconds, holder, share: holder === null ? 0 : votes / count };
    });
  }

  private vote(slice: number, owner: string, count: number): void {
    const votes = this.votes[slice] as number;
    if (votes === 0 || this.leaders[slice] === owner) {
      this.leaders[slice] = owner;
      this.votes[slice] = votes + count;
    } else if (votes >= count) this.votes[slice] = votes - count;
    else {
      this.leaders[slice] = owner;
      this.votes[slice] = count - votes;
    }
  }
}
