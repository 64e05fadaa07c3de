/**
 * Which effects are issued now: those that are new, and those whose end has not been seen for a while,
 * since a word may be lost on the way. Executors know a key that they have carried out, so once more is
 * no harm. In memory: a new leader issues everything that is open at once.
 */
import type { Effect } from '../arbiter/effects.ts';

/** Until an effect is issued again, in milliseconds. Longer: a lost word costs more time. */
const REISSUE_MS = 5000;
/** A question that is asked again and again by nature. */
const ALWAYS: readonly Effect['kind'][] = ['askDrain'];

/** Thread rule: the arbiter's. One for each service. */
export class Reissue {
  private issued: Map<string, number> = new Map();

  /** Of the open effects those that are due; all others are over and forgotten. */
  due(open: readonly Effect[], nowMs: number): readonly Effect[] {
    const before = this.issued;
    this.issued = new Map();
    return open.filter(({ key, kind }) => {
      const lastMs = before.get(key) ?? Number.NEGATIVE_INFINITY;
      const isDue = ALWAYS.includes(kind) || nowMs - lastMs >= REISSUE_MS;
      this.issued.set(key, isDue ? nowMs : lastMs);
      return isDue;
    });
  }
}
