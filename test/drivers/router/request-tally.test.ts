/** Requests by service and revision, as a router's link counts them. */
import { expect, test } from 'vitest';
import { RequestTally } from '../../../src/drivers/router/request-tally.ts';

const answer = (seconds: number, isError = false) => ({ seconds, isError });

test('router - answers are counted by revision and outcome, by how long they took', () => {
  const tally = new RequestTally();
  tally.note('web', 'r1', [answer(0.005), answer(0.0051), answer(20, true)]);
  tally.note('web', 'r1', [answer(0.001)]);
  tally.note('web', 'r2', []);
  const [only, ...others] = tally.figures();
  expect(others).toEqual([]);
  expect(only).toMatchObject({ service: 'web', revision: 'r1', ok: 3, errors: 1 });
  expect(only?.seconds.counts).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(only?.seconds.sum).toBeCloseTo(20.0111);
});

test('router - a revision that is in no history any more is counted no more', () => {
  const tally = new RequestTally();
  tally.note('web', 'r1', [answer(1)]);
  tally.note('web', 'r2', [answer(1)]);
  tally.keep('web', new Set(['r2', 'r3']));
  tally.keep('other', new Set());
  expect(tally.figures().map(({ revision }) => revision)).toEqual(['r2']);
  tally.keep('web', new Set());
  expect(tally.figures()).toEqual([]);
});
