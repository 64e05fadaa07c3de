/**
 * The members of a ring: what a caller may say about them, checked, and their canonical order.
 * Every builder starts here. Sorting by name makes a table independent of the order in which
 * members are listed. It knows no table bytes and no algorithm.
 */
import { RingmasterError } from '../errors.ts';
import { encodeUtf8, isWellFormed, UTF8_BYTES_PER_UNIT_MAX } from '../hash/utf8.ts';
import { NO_MEMBER, NO_SHARD } from './table-layout.ts';

/** Members of one table at most; a cell is 16 bits wide and its last value means nobody. */
export const MEMBERS_MAX: number = NO_MEMBER;

/**
 * UTF-8 bytes of a member's or zone's name at most. Real addresses stay under 300 bytes; the bound
 * keeps the names of a full table under 64 MiB and a hostile name from filling shared memory.
 */
export const MEMBER_NAME_BYTES_MAX = 1024;

/**
 * Smallest weight but 0. Weights are relative. Beyond this span (a billion to one) a slot table
 * could not show the difference anyway; inside it, race times (`score.ts`) keep all their digits.
 */
export const MEMBER_WEIGHT_MIN = 0.001;

/** Largest weight; see `MEMBER_WEIGHT_MIN`. */
export const MEMBER_WEIGHT_MAX = 1_000_000;

/** What a caller says about a member. */
export interface Member {
  /** Unique, 1 to 1,024 bytes of UTF-8, no lone surrogates. Ketama hashes it as the address. */
  readonly name: string;
  /** Failure domain; absent means the zone with the empty name. */
  readonly zone?: string;
  /** Share relative to the others, default 1. 0 keeps the member listed but gives it no keys. */
  readonly weight?: number;
  /** Pantheon: number of the shard within its zone. Jump: position in the sequence. */
  readonly shard?: number;
}

/** A member with its defaults filled in and everything checked. */
export interface CheckedMember {
  readonly name: string;
  readonly zone: string;
  readonly weight: number;
  readonly shard: number;
}

/** Checked members by name, ascending in UTF-16 code units; zones likewise. */
export interface MemberList {
  readonly members: readonly CheckedMember[];
  readonly zones: readonly string[];
  /** Zone index by member index. */
  readonly zoneOf: Uint16Array;
}

/** @throws RM_TABLE_MEMBERS when a field is out of its range; see `Member`. */
export function checkMember(member: Member): CheckedMember {
  const { name, zone = '', weight = 1, shard = NO_SHARD } = member;
  checkName('name', name);
  if (name === '') throw invalid('name is empty', 'a text of 1 to 1024 bytes', 'name the member.');
  checkName('zone', zone);
  const weighted = weight >= MEMBER_WEIGHT_MIN && weight <= MEMBER_WEIGHT_MAX;
  if (weight !== 0 && !weighted) {
    const range = `0, or ${MEMBER_WEIGHT_MIN} to ${MEMBER_WEIGHT_MAX}`;
    throw invalid(`weight of "${name}" is ${weight}`, range, 'scale all weights alike.');
  }
  if (shard !== NO_SHARD && !(Number.isInteger(shard) && shard >= 0 && shard < MEMBERS_MAX)) {
    const range = `an integer from 0 to ${MEMBERS_MAX - 1}`;
    throw invalid(`shard of "${name}" is ${shard}`, range, 'number shards from 0.');
  }
  // Adding 0 turns -0 into 0: equal members must give equal bytes.
  return { name, zone, weight: weight + 0, shard };
}

/**
 * Checks all members and puts them into canonical order.
 * @throws RM_TABLE_MEMBERS for none, more than `MEMBERS_MAX`, two of one name, or a bad field.
 */
export function memberList(members: Iterable<Member>): MemberList {
  const checked: CheckedMember[] = [];
  for (const member of members) {
    checked.push(checkMember(member));
    // Inside the loop: an endless iterable ends here too.
    if (checked.length > MEMBERS_MAX) throw tooManyMembers(checked.length);
  }
  checked.sort((a, b) => compareText(a.name, b.name));
  for (let index = 1; index < checked.length; index += 1) {
    const name = (checked[index] as CheckedMember).name;
    if (name === (checked[index - 1] as CheckedMember).name) throw duplicateMember(name);
  }
  return listOf(checked);
}

/** The list over members that are checked, unique and sorted already. */
export function listOf(members: readonly CheckedMember[]): MemberList {
  if (members.length === 0) throw invalid('no members', 'at least one', 'keep the last table.');
  const zones = [...new Set(members.map((member) => member.zone))].sort(compareText);
  const indexOfZone = new Map(zones.map((zone, index) => [zone, index]));
  const zoneOf = Uint16Array.from(members, (member) => indexOfZone.get(member.zone) as number);
  return { members, zones, zoneOf };
}

/** Order by UTF-16 code units: the same in every engine and locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** @throws RM_TABLE_MEMBERS when a member carries a weight that `algorithm` could not honour. */
export function requireEqualWeights(list: MemberList, algorithm: string): void {
  for (const { name, weight } of list.members) {
    if (weight === 1) continue;
    throw invalid(
      `weight of "${name}" is ${weight}`,
      `1, because ${algorithm} has no weights`,
      'leave weights out, or use a rendezvous or maglev table.',
    );
  }
}

/** @throws RM_TABLE_MEMBERS when every member has weight 0, so that nobody could own a key. */
export function requireSomeWeight(list: MemberList): void {
  if (list.members.some((member) => member.weight > 0)) return;
  throw invalid('every weight is 0', 'at least one positive weight', 'keep the last table.');
}

/** Two members of one name. */
export function duplicateMember(name: string): RingmasterError {
  return invalid(`two members named "${name}"`, 'unique names', 'drop one, or rename it.');
}

/** One member too many. */
export function tooManyMembers(got: number): RingmasterError {
  return invalid(`${got} members or more`, `at most ${MEMBERS_MAX}`, 'split the ring.');
}

/** A complaint about members: what was got, what was expected, what helps. */
export function invalid(got: string, expected: string, cure: string): RingmasterError {
  return new RingmasterError('RM_TABLE_MEMBERS', `got ${got}, expected ${expected}; ${cure}`);
}

function checkName(field: string, text: string): void {
  // Every UTF-16 unit takes a byte at least: a name of a mebibyte is refused unread.
  if (
    typeof text !== 'string' ||
    text.length > MEMBER_NAME_BYTES_MAX ||
    bytesOf(text) > MEMBER_NAME_BYTES_MAX
  ) {
    const got =
      typeof text === 'string'
        ? `a ${field} of ${text.length} characters`
        : `a ${field} of type ${typeof text}`;
    throw invalid(got, `a text of at most ${MEMBER_NAME_BYTES_MAX} UTF-8 bytes`, 'shorten it.');
  }
  if (!isWellFormed(text)) {
    throw invalid(`a ${field} with a lone surrogate`, 'well-formed text', 'fix its encoding.');
  }
}

const scratch = new Uint8Array(MEMBER_NAME_BYTES_MAX * UTF8_BYTES_PER_UNIT_MAX);

function bytesOf(text: string): number {
  return encodeUtf8(text, scratch, 0);
}
