/** The log: what is the same is counted, what is new is an entry, and the oldest go first. */
import {
  type Decision,
  DecisionLog,
  decisionLine,
  type Intent,
  type Verdict,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { intentOf } from '../service-view.ts';

const delayed = (why: string): Verdict => ({ kind: 'delayed', rule: 'budget', why, unblock: 'x' });
const stop = (instance: string): Intent => intentOf({ kind: 'stop', instance });
const note = (log: DecisionLog, decisions: readonly Decision[], nowMs: number, first = 1) => {
  const plan = log.plan(decisions, first, nowMs);
  log.accept(plan);
  return plan;
};

describe('decision log', () => {
  test('decision log - the same verdict is one entry, with a count and the newest figures', () => {
    const log = new DecisionLog();
    for (let i = 0; i < 10; i++) {
      note(log, [{ intent: stop('shop/eu/a/0#1'), verdict: delayed(`${i} serve`) }], 1000 * i);
    }
    const [entry, ...others] = log.find({});
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ times: 10, atMs: 0, lastMs: 9000, decision: null });
    expect(entry?.verdict).toEqual(delayed('9 serve'));
    note(log, [{ intent: stop('shop/eu/a/0#1'), verdict: { kind: 'admitted' } }], 10_000, 7);
    expect(log.find({}).map(({ times, decision }) => [times, decision])).toEqual([
      [10, null],
      [1, 7],
    ]);
  });

  test('decision log - a count is written when it doubles, not each time', () => {
    const log = new DecisionLog();
    const written = Array.from({ length: 9 }, (_, i) => {
      const verdict = delayed('no room');
      return note(log, [{ intent: stop('shop/eu/a/0#1'), verdict }], i).written.length;
    });
    expect(written).toEqual([1, 1, 0, 1, 0, 0, 0, 1, 0]);
  });

  test('decision log - nothing counts before it is accepted', () => {
    const log = new DecisionLog();
    log.plan([{ intent: stop('shop/eu/a/0#1'), verdict: { kind: 'admitted' } }], 1, 0);
    expect(log.find({})).toEqual([]);
  });

  test('decision log - a slot is found by what concerns it, a revision by what starts it', () => {
    const log = new DecisionLog();
    const start = intentOf({
      kind: 'start',
      slot: 'shop/eu/a/0',
      revision: 'r2',
      isBaseline: false,
    });
    const verdict: Verdict = { kind: 'admitted' };
    note(
      log,
      [start, stop('shop/eu/a/0#7'), stop('shop/eu/a/01#8')].map((intent) => ({ intent, verdict })),
      0,
    );
    expect(log.find({ about: 'shop/eu/a/0' })).toHaveLength(2);
    expect(log.find({ about: 'r2' })).toHaveLength(1);
    expect(log.find({ about: 'shop/eu/a/0#7' })).toHaveLength(1);
    expect(log.find({ service: 'other' })).toEqual([]);
    expect(log.find({ kind: 'refused' })).toEqual([]);
  });

  test('decision log - it is bounded, names what it forgets, and goes on after a restart', () => {
    const log = new DecisionLog(3);
    const dropped: number[] = [];
    for (let i = 0; i < 6; i++) {
      const intent = stop(`shop/eu/a/${i}#1`);
      dropped.push(...note(log, [{ intent, verdict: { kind: 'admitted' } }], i).dropped);
    }
    expect(dropped).toEqual([1, 2, 3]);
    const again = new DecisionLog(3);
    again.restore(log.find({}));
    expect(again.find({})).toEqual(log.find({}));
    const plan = note(again, [{ intent: stop('x#1'), verdict: { kind: 'admitted' } }], 9);
    expect(plan.entries[0]?.id).toBe(7);
  });

  test('decision log - a line says who wanted what, why not, and until when', () => {
    const log = new DecisionLog();
    note(log, [{ intent: stop('shop/eu/a/0#1'), verdict: delayed('2 of 3 serve') }], 5);
    const [entry] = log.find({});
    expect(entry === undefined ? '' : decisionLine(entry)).toBe(
      '5 ms  delayed  shop: stop shop/eu/a/0#1, rollout: a test wants it; ' +
        'budget: 2 of 3 serve; until x',
    );
  });
});
