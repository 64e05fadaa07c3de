/**
 * Which instance of a service a request goes to: first the version, by weight and sticky by key; then the
 * member, by the ring or by who has least to do. Given the same table, key and draws it gives the same
 * answer. It sends nothing and looks at no clock. Pure.
 */
import type { SlotId } from '../../actors/index.ts';
import { murmur3Text } from '../../hotpath/index.ts';
import type { Random } from '../../runtime/index.ts';
import type { KeyOwners } from './key-owners.ts';
import type { TableMessage } from './router-protocol.ts';

/** An instance, as far as the choice goes; what changes is read at each choice. */
export type Candidate = {
  readonly slot: SlotId;
  readonly instance: string;
  readonly revision: string;
  readonly isBaseline: boolean;
  readonly zone: string;
  /** Requests that it has now. */
  readonly underWay: number;
  /** Its connections fail: only asked when all others are out as well. Monotonic milliseconds. */
  readonly outUntilMs: number;
};

/** What a table is made of. */
export type ChoiceInput<T> = {
  readonly kind: 'sharded' | 'stateless';
  readonly candidates: readonly T[];
  readonly weights: TableMessage['routes']['weights'];
  readonly owners: KeyOwners | null;
  /** Of the ring before this one, who may still be asked; null: nobody may. */
  readonly former: KeyOwners | null;
  /** The router's own, whose members are preferred; null: it has none. */
  readonly zone: string | null;
};

/** One request. */
export type RequestFacts = {
  /** Null: it has none. */
  readonly key: string | null;
  /** Which copy of a shard's key is meant, from 0, and no other; null: any. */
  readonly replica: number | null;
  /** Whoever owned the key before is meant, and nobody else. */
  readonly former: boolean;
  /** Instances that were asked already, and are not to be asked again. */
  readonly without: readonly string[];
  readonly nowMs: number;
  readonly random: Random;
};

/** Apart from the ring's seed: which version a key has says nothing about its member. */
const WEIGHT_SEED = 0x5eed;
/** Steps of the weight, in which requests without a key are divided. */
const DRAWS = 10_000;

type Share<T> = {
  readonly weight: number;
  readonly members: readonly T[];
  readonly slots: ReadonlySet<SlotId>;
};

/** Of one table. Thread rule: one thread. */
export class RouteChoice<T extends Candidate> {
  private readonly input: ChoiceInput<T>;
  private readonly bySlot: ReadonlyMap<SlotId, T>;
  /** In an order in which a growing share takes keys from its neighbour only; one without weights. */
  private readonly shares: readonly Share<T>[];
  private readonly total: number;

  constructor(input: ChoiceInput<T>) {
    const { candidates, weights } = input;
    this.input = input;
    this.bySlot = new Map(candidates.map((one) => [one.slot, one]));
    // The baseline grows from below and the newest from above; who shrinks lies between them.
    const ordered = [...weights].sort((a, b) => Number(b.isBaseline) - Number(a.isBaseline));
    const shares = ordered.map(({ revision, isBaseline, weight }) => {
      const isOwn = (one: T): boolean => one.revision === revision && one.isBaseline === isBaseline;
      return shareOf(weight ?? 0, candidates.filter(isOwn));
    });
    const total = shares.reduce((sum, { weight }) => sum + weight, 0);
    this.total = total > 0 ? total : 1;
    this.shares = total > 0 ? shares : [shareOf(1, candidates)];
  }

  /** Whether a request may be for former owners. */
  get hasFormer(): boolean {
    return this.input.former !== null;
  }

  /** Null: nobody may be asked. */
  choose(facts: RequestFacts): T | null {
    const { kind, former } = this.input;
    const owners = facts.former ? former : this.input.owners;
    if (facts.former && (owners === null || facts.key === null)) return null;
    if (kind === 'sharded') {
      // Whoever does not own the key has nothing to say about it.
      if (owners === null || facts.key === null) return null;
      const members =
        facts.replica === null
          ? this.membersOf(owners, facts.key)
          : this.copy(owners, facts.key, facts.replica);
      return best(members, facts, false) ?? best(members, facts, true);
    }
    const shares = this.sharesFor(facts);
    for (const mayBeOut of [false, true]) {
      for (const share of shares) {
        const found =
          this.byRing(share, facts, mayBeOut) ??
          (facts.former ? null : leastBusy(share.members, facts, mayBeOut));
        if (found !== null) return found;
      }
    }
    return null;
  }

  /** The share that the request belongs to, then the others, should nobody of it be there. */
  private sharesFor({ key, random }: RequestFacts): readonly Share<T>[] {
    const { shares, total } = this;
    if (shares.length === 1) return shares;
    const part =
      key === null ? random.below(DRAWS) / DRAWS : murmur3Text(key, WEIGHT_SEED) / 2 ** 32;
    let point = part * total;
    const own = shares.find(({ weight }) => {
      point -= weight;
      return point < 0;
    });
    const rest = shares.filter((share) => share !== own && share.weight > 0);
    rest.sort((a, b) => b.weight - a.weight);
    return own === undefined ? rest : [own, ...rest];
  }

  private byRing({ slots }: Share<T>, facts: RequestFacts, mayBeOut: boolean): T | null {
    const owners = facts.former ? this.input.former : this.input.owners;
    if (owners === null || facts.key === null) return null;
    const inLine = this.membersOf(owners, facts.key).filter(({ slot }) => slots.has(slot));
    return best(inLine, facts, mayBeOut);
  }

  /** Whoever may answer for a key, the first to ask first. */
  private membersOf(owners: KeyOwners, key: string): readonly T[] {
    const overridden = owners.overridden(key);
    if (overridden !== null) {
      const members = this.present(overridden);
      if (members.length > 0) return members.toSorted((a, b) => a.underWay - b.underWay);
    }
    const inLine = this.present(owners.line(key));
    const { zone, kind } = this.input;
    if (zone === null || kind !== 'sharded') return inLine;
    const near = inLine.filter((one) => one.zone === zone);
    return [...near, ...inLine.filter((one) => one.zone !== zone)];
  }

  /** The one that holds copy `replica`, by the ring and not by who is there: nobody, or one. */
  private copy(owners: KeyOwners, key: string, replica: number): readonly T[] {
    const overridden = owners.overridden(key);
    if (overridden !== null) return this.present(overridden.slice(replica, replica + 1));
    return this.present(owners.line(key).slice(replica, replica + 1));
  }

  private present(slots: readonly SlotId[]): T[] {
    return slots.flatMap((slot) => this.bySlot.get(slot) ?? []);
  }
}

function shareOf<T extends Candidate>(weight: number, members: readonly T[]): Share<T> {
  return { weight, members, slots: new Set(members.map(({ slot }) => slot)) };
}

function mayBeAsked(one: Candidate, { without, nowMs }: RequestFacts, mayBeOut: boolean): boolean {
  return (mayBeOut || one.outUntilMs <= nowMs) && !without.includes(one.instance);
}

function best<T extends Candidate>(
  inLine: readonly T[],
  facts: RequestFacts,
  mayBeOut: boolean,
): T | null {
  return inLine.find((one) => mayBeAsked(one, facts, mayBeOut)) ?? null;
}

/** The less busy of two that are drawn; when neither may be asked, of all. */
function leastBusy<T extends Candidate>(
  members: readonly T[],
  facts: RequestFacts,
  mayBeOut: boolean,
): T | null {
  const { length } = members;
  if (length === 0) return null;
  const at = facts.random.below(length);
  const one = members[at] as T;
  const isOne = mayBeAsked(one, facts, mayBeOut);
  if (length === 1) return isOne ? one : null;
  // Of the others, each as likely.
  const other = members[(at + 1 + facts.random.below(length - 1)) % length] as T;
  const isOther = mayBeAsked(other, facts, mayBeOut);
  if (isOne && isOther) return other.underWay < one.underWay ? other : one;
  if (isOne) return one;
  if (isOther) return other;
  const able = members.filter((each) => mayBeAsked(each, facts, mayBeOut));
  return able.reduce<T | null>(
    (least, each) => (least === null || each.underWay < least.underWay ? each : least),
    null,
  );
}
