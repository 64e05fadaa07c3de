/** When a system is quiet: threads show their counters late, and each at a time of its own. */
import { expect, test } from 'vitest';
import { COUNTERS } from '../../../src/runtime/host/seat-layout.ts';
import { SeatMemory } from '../../../src/runtime/host/seat-memory.ts';
import { readFigures } from '../../../src/runtime/system/figures.ts';
import { Quiescence } from '../../../src/runtime/system/quiescence.ts';

const ACCEPTED = COUNTERS.indexOf('accepted');
const HANDLED = COUNTERS.indexOf('handled');

function system(threads: number) {
  const memories = Array.from({ length: threads + 1 }, () => SeatMemory.create(2));
  const seats = () => memories.map((memory, seat) => ({ seat, memory }));
  const own = memories[0] as SeatMemory;
  const at = (seat: number): SeatMemory => memories[seat] as SeatMemory;
  const quiescence = () =>
    new Quiescence({ own, seats, figures: () => readFigures(seats(), null, []) });
  return { at, quiescence, memories };
}

function add(memory: SeatMemory, counter: number, count: number): void {
  memory.counters[counter] = (memory.counters[counter] as number) + count;
}

test('quiescence - threads that sleep and owe nothing are quiet at the first look', () => {
  const { at, quiescence } = system(2);
  for (const seat of [1, 2]) at(seat).setParked();
  add(at(1), ACCEPTED, 7);
  add(at(2), HANDLED, 7);
  expect(quiescence().look()).toBe(true);
});

test('quiescence - an answer that comes before its turn is counted is no quiet', () => {
  // Guards: D3.
  // Thread 1 has answered main and told thread 2 something; main got the answer first.
  const { at, quiescence } = system(2);
  at(2).setParked();
  at(1).beat(4);
  const question = quiescence();
  expect(question.look()).toBe(false);
  expect(question.look()).toBe(false);
  at(1).sent[2] = 1;
  at(1).beat(5);
  at(1).setParked();
  expect(question.look()).toBe(false);
  at(2).taken[1] = 1;
  add(at(2), HANDLED, 1);
  expect(question.look()).toBe(true);
});

test('quiescence - a thread whose turn does not end is waited for', () => {
  const { at, quiescence } = system(1);
  const question = quiescence();
  for (let i = 0; i < 10; i++) expect(question.look()).toBe(false);
  at(1).beat(1);
  expect(question.look()).toBe(false);
  at(1).beat(2);
  expect(question.look()).toBe(true);
});

test('quiescence - sums that agree by mixing times are no quiet', () => {
  // Main reads thread 1, then thread 2 tells thread 1 something: sums of one wave would miss it.
  const { at, quiescence, memories } = system(2);
  const early = at(1);
  const question = quiescence();
  early.beat(1);
  at(2).beat(1);
  // Read as done by the first wave, though thread 1 was not asked again.
  add(at(2), HANDLED, 1);
  at(2).sent[1] = 1;
  expect(question.look()).toBe(false);
  // What the first wave missed has meanwhile been sent on: the second one counts more.
  early.sent[2] = 1;
  for (const memory of memories.slice(1)) memory.setParked();
  expect(question.look()).toBe(false);
  add(at(2), HANDLED, 1);
  expect(question.look()).toBe(true);
});

test('quiescence - a thread that takes a seat meanwhile has to end a turn first', () => {
  const { at, quiescence, memories } = system(1);
  at(1).setParked();
  add(at(1), ACCEPTED, 1);
  const question = quiescence();
  expect(question.look()).toBe(false);
  const successor = SeatMemory.create(2);
  memories[1] = successor;
  expect(question.look()).toBe(false);
  expect(question.look()).toBe(false);
  successor.beat(1);
  expect(question.look()).toBe(true);
});
