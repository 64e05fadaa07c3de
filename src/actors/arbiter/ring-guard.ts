/**
 * What a new generation of a ring must not be: empty, older, or without many of its members at once.
 * Publishing is never held back by who has not heard of the last one; stopping is.
 */
import { ADMITTED, type Rule, type Verdict } from '../protocol/decision.ts';
import type { ServiceView } from '../protocol/fleet-view.ts';
import { slotParts } from '../protocol/identity.ts';
import type { Act } from '../protocol/intent.ts';

const RULE: Rule = 'ring';

/** Whether a generation may be published. */
export function ringVerdict(
  view: ServiceView,
  act: Extract<Act, { kind: 'publishRing' }>,
): Verdict {
  const { ring, spec } = view;
  if (act.members.length === 0) return refused('it would be empty', 'a member joins');
  const before = ring?.generation ?? 0;
  if (act.generation !== before + 1) {
    return refused(
      `generation is ${act.generation}; expected ${before + 1}`,
      'it is proposed for the generation after the last one',
    );
  }
  if (ring === null) return ADMITTED;
  const shrinkMax = spec.ring?.shrinkMax ?? 1;
  const [had, keeps] = [shardsOf(ring.members), shardsOf(act.members)];
  const lost = [...had].filter((shard) => !keeps.has(shard)).length;
  const most = Math.max(1, Math.floor(had.size * shrinkMax));
  if (lost <= most) return ADMITTED;
  return refused(
    `it would lose ${lost} of ${had.size} shards at once; at most ${most}`,
    'it loses fewer, or an operator orders it with an override',
  );
}

/** A shard is the same ordinal in every zone. */
function shardsOf(members: readonly string[]): ReadonlySet<number> {
  return new Set(members.map((slot) => slotParts(slot)?.ordinal ?? -1));
}

function refused(why: string, unblock: string): Verdict {
  return { kind: 'refused', rule: RULE, why, unblock };
}
