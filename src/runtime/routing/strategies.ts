/**
 * Which member gets the next message. Each strategy gives an order in which to try them: the first
 * that takes it has it. They know no message but its key.
 */
import { openTable, RendezvousBuilder, type RendezvousTable } from '../../hotpath/index.ts';
import { LocalRef } from '../actor/actor-ref.ts';
import type { Member, Members } from './members.ts';

/**
 * `round-robin`: each in turn; one that is full is passed over. `least-mailbox`: the one with the
 * fewest waiting messages, by what its thread shows of it and what was sent since.
 * `consistent-hash`: the owner of the message's key, and nobody else; a change of members moves
 * only the keys of the one that came or went.
 */
export type RouterStrategy = 'round-robin' | 'least-mailbox' | 'consistent-hash';

/** Chooses. Thread rule: the router's thread. */
export interface Strategy {
  /** The member to try first; null when there is none. */
  choose(members: Members, key: string): Member | null;
  /** The one to try when that one was full; null: none. */
  after(members: Members, member: Member): Member | null;
}

/**
 * log2 of the slots of a router's table. Higher: more even shares among many members (100 slots
 * each are some 10 % apart). Lower: members come and go faster; 4,096 slots take some 30 us.
 */
const SLOT_BITS = 12;

/** Each in turn. */
export class RoundRobin implements Strategy {
  private turn = 0;

  choose({ list }: Members): Member | null {
    return list.length === 0 ? null : (list[this.turn++ % list.length] as Member);
  }

  after({ list }: Members): Member | null {
    return list[this.turn++ % list.length] ?? null;
  }
}

/** The shortest queue; among equals, each in turn. */
export class LeastMailbox implements Strategy {
  private turn = 0;

  choose({ list }: Members): Member | null {
    const first = this.turn++;
    let best: Member | null = null;
    let bestDepth = Number.POSITIVE_INFINITY;
    for (let i = 0; i < list.length; i++) {
      const member = list[(first + i) % list.length] as Member;
      const depth = depthOf(member);
      if (depth >= bestDepth) continue;
      best = member;
      bestDepth = depth;
    }
    if (best !== null) best.pending++;
    return best ?? list[first % list.length] ?? null;
  }

  /** All others have more. */
  after(): null {
    return null;
  }
}

/** The owner of the key. */
export class ConsistentHash implements Strategy {
  private builder: RendezvousBuilder | null = null;
  private joined: ReadonlyMap<string, Member> | null = null;
  private changes = -1;
  private table: RendezvousTable | null = null;
  /** In the order of the table. */
  private owners: readonly Member[] = [];

  choose(members: Members, key: string): Member | null {
    if (members.changes !== this.changes) this.rebuild(members);
    return this.table === null ? null : (this.owners[this.table.primaryOf(key)] ?? null);
  }

  /** Another one would not know the key's past. */
  after(): null {
    return null;
  }

  private rebuild({ list, changes }: Members): void {
    const now = new Map(list.map((member) => [member.ref.key, member]));
    this.changes = changes;
    this.table = null;
    if (now.size === 0) return;
    const names = [...now.keys()].map((name) => ({ name }));
    this.builder ??= new RendezvousBuilder(names, { slotBits: SLOT_BITS });
    for (const name of now.keys()) {
      if (this.joined !== null && !this.joined.has(name)) this.builder.join({ name });
    }
    for (const name of this.joined?.keys() ?? []) if (!now.has(name)) this.builder.leave(name);
    this.joined = now;
    const image = this.builder.image({ replicas: 1 });
    const buffer = new SharedArrayBuffer(image.byteLength);
    image.writeTo({ buffer, generation: changes });
    this.table = openTable(buffer) as RendezvousTable;
    // Tables list members in the order of UTF-16 code units, as sort() does.
    this.owners = [...now.keys()].sort().map((key) => now.get(key) as Member);
  }
}

/** Waiting messages of a member, as well as they are known here. */
function depthOf(member: Member): number {
  const { ref } = member;
  // Its own queue is here to be looked at, and exact.
  if (ref instanceof LocalRef) return ref.cell.mailbox?.length ?? 0;
  const memory = ref.host.memoryOf(ref.seat);
  const figures = memory?.figuresOf(ref.index);
  if (figures === undefined || figures.generation !== ref.generation) return Number.MAX_VALUE;
  if (figures.handled !== member.handled) {
    member.handled = figures.handled;
    member.pending = 0;
  }
  return figures.depth + member.pending;
}
