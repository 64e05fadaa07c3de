/**
 * Builds jump tables: members in the order of their shard numbers, and nothing else.
 * For storage that grows and shrinks at its end only. A member in the middle cannot leave without
 * renumbering, there are no weights, and the algorithm has no rule for replicas, so a table has one.
 */
import { invalid, type Member, memberList, requireEqualWeights } from './member.ts';
import { type TableImage, tableImage } from './table-image.ts';
import { NO_MEMBER } from './table-layout.ts';

/**
 * The table of these members, whose shard numbers are 0 to n - 1, each once.
 * @throws RM_TABLE_MEMBERS as `memberList` does, for weights other than 1, and for a shard number
 * that is absent, repeated or not below the number of members.
 */
export function buildJump(members: Iterable<Member>): TableImage {
  const list = memberList(members);
  requireEqualWeights(list, 'jump hash');
  const count = list.members.length;
  const cells = new Uint16Array(count).fill(NO_MEMBER);
  for (const [index, { name, shard }] of list.members.entries()) {
    if (shard >= count || cells[shard] !== NO_MEMBER) {
      throw invalid(
        `shard ${shard} in "${name}"`,
        `each number from 0 to ${count - 1} once`,
        'a jump table can only lose its last member; use rendezvous to drop another.',
      );
    }
    cells[shard] = index;
  }
  return tableImage({
    list,
    kind: 'jump',
    replicas: 1,
    entries: count,
    fill(buffer, byteOffset, layout) {
      new Uint16Array(buffer, byteOffset + layout.parts[0], count).set(cells);
    },
  });
}
