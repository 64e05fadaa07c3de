/**
 * Whether a recorded history of concurrent calls to a store is linearizable: whether each call can be
 * given one moment between its begin and its end such that, done one after the other at those
 * moments, a plain map gives the same answers (P4). Source: Wing and Gong's search with Lowe's
 * memory of what was tried. The whole store is one object, since transactions span keys; what keeps
 * that affordable is that answers carry revisions, which leave few orders to try.
 */
import type { StoreEntry, StoreResult, StoreTransaction } from '../store/store.ts';
import { type PlainStore, plainStore, plainTransact } from './plain-store.ts';

/** One call as its caller saw it. A `get` is a transaction with that one step. */
export type HistoryCall = {
  readonly transaction: StoreTransaction;
  /** Its answer; null: it is not known whether it happened (an error, a caller that died). */
  readonly result: StoreResult | null;
  /** When it began and ended, by one clock or counter for all; the end of an unknown one is ignored. */
  readonly beganAt: number;
  readonly endedAt: number;
};

/** What the check says. */
export type HistoryVerdict =
  | { readonly linearizable: true; readonly tried: number }
  | {
      readonly linearizable: false;
      /** The most calls that could be put in an order, and a call that fits nowhere behind them. */
      readonly placed: number;
      readonly misfit: HistoryCall;
    };

type Mark = {
  readonly call: number;
  readonly isBegin: boolean;
  /** Of a begin: its end; null: the call is unknown and may happen for ever. */
  readonly end: Mark | null;
  before: Mark | null;
  after: Mark | null;
};

type Placed = { readonly mark: Mark; readonly state: PlainStore };

/**
 * Checks a history that begins with an empty store.
 * @param tooMany gives up after so many placements. Throws then: the history is too wide to check.
 */
export function checkHistory(
  calls: readonly HistoryCall[],
  tooMany: number = 5_000_000,
): HistoryVerdict {
  const head = marksOf(calls);
  const taken = new Uint32Array((calls.length >>> 5) + 1);
  const seen = new Set<string>();
  const placed: Placed[] = [];
  let state = plainStore();
  let open = calls.filter(({ result }) => result !== null).length;
  let [tried, most, misfit] = [0, -1, 0];
  let mark = head.after;
  while (open > 0) {
    if (mark?.isBegin === true) {
      const { transaction, result } = calls[mark.call] as HistoryCall;
      const next = placeCall(state, transaction, result);
      if (++tried > tooMany) throw new Error(`${tooMany} placements did not decide; record less.`);
      if (next !== null && isNew(seen, taken, mark.call, next)) {
        placed.push({ mark, state });
        state = next;
        if (result !== null) open--;
        lift(mark);
        mark = head.after;
      } else mark = mark.after;
      continue;
    }
    // An end whose call has no place yet: what was placed last was wrong.
    if (placed.length > most && mark !== null) {
      most = placed.length;
      misfit = mark.call;
    }
    const last = placed.pop();
    if (last === undefined) {
      return { linearizable: false, placed: most, misfit: calls[misfit] as HistoryCall };
    }
    state = last.state;
    flip(taken, last.mark.call);
    if (calls[last.mark.call]?.result !== null) open++;
    unlift(last.mark);
    mark = last.mark.after;
  }
  return { linearizable: true, tried };
}

/** The state after the call; null when a plain store would have answered otherwise. */
function placeCall(
  state: PlainStore,
  transaction: StoreTransaction,
  result: StoreResult | null,
): PlainStore | null {
  const { next, answer } = plainTransact(state, transaction);
  if (result === null) return next;
  const same =
    answer.succeeded === result.succeeded &&
    answer.revision === result.revision &&
    answer.entries.length === result.entries.length &&
    answer.entries.every((entry, index) => sameEntry(entry, result.entries[index] ?? null));
  return same ? next : null;
}

function sameEntry(a: StoreEntry | null, b: StoreEntry | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.revision === b.revision &&
    a.createdRevision === b.createdRevision &&
    Buffer.from(a.value).equals(b.value)
  );
}

/** Begins and ends in the order of time; at one time begins come first, so that calls overlap. */
function marksOf(calls: readonly HistoryCall[]): Mark {
  const marks: { readonly at: number; readonly mark: Mark }[] = [];
  calls.forEach(({ result, beganAt, endedAt }, call) => {
    const link = { before: null, after: null };
    const end = result === null ? null : { call, isBegin: false, end: null, ...link };
    marks.push({ at: beganAt, mark: { call, isBegin: true, end, ...link } });
    if (end !== null) marks.push({ at: endedAt, mark: end });
  });
  marks.sort((a, b) => a.at - b.at || Number(b.mark.isBegin) - Number(a.mark.isBegin));
  const head: Mark = { call: -1, isBegin: true, end: null, before: null, after: null };
  let last = head;
  for (const { mark } of marks) {
    last.after = mark;
    mark.before = last;
    last = mark;
  }
  return head;
}

/** Whether these calls in another order have not led to this state already; they have from now on. */
function isNew(seen: Set<string>, taken: Uint32Array, call: number, state: PlainStore): boolean {
  flip(taken, call);
  const key = `${taken.join()}|${state.text}`;
  if (seen.has(key)) {
    flip(taken, call);
    return false;
  }
  seen.add(key);
  return true;
}

function flip(taken: Uint32Array, call: number): void {
  taken[call >>> 5] = (taken[call >>> 5] ?? 0) ^ (1 << (call & 31));
}

/** Takes a begin and its end off the list; they keep their places for `unlift`. */
function lift(mark: Mark): void {
  for (const each of mark.end === null ? [mark] : [mark, mark.end]) {
    if (each.before !== null) each.before.after = each.after;
    if (each.after !== null) each.after.before = each.before;
  }
}

function unlift(mark: Mark): void {
  for (const each of mark.end === null ? [mark] : [mark.end, mark]) {
    if (each.before !== null) each.before.after = each;
    if (each.after !== null) each.after.before = each;
  }
}
