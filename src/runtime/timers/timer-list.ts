/**
 * Ring lists of timer nodes: what a wheel does with whole lists. Its steps on single nodes stay in
 * its own module, where the engine inlines them.
 */
import { assert } from '../../hotpath/index.ts';
import { CallbackTimer, type TimerNode } from './timer-node.ts';

/** Moves a list that is not empty to the end of another. */
export function moveAll(from: TimerNode, to: TimerNode): void {
  const first = from.timerNext;
  const last = from.timerPrev;
  from.timerNext = from;
  from.timerPrev = from;
  first.timerPrev = to.timerPrev;
  to.timerPrev.timerNext = first;
  last.timerNext = to;
  to.timerPrev = last;
}

/** The earliest deadline of a list; one that has passed already will do. */
export function earliestMs(list: TimerNode, nowMs: number): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (let node = list.timerNext; node !== list; node = node.timerNext) {
    if (node.timerAtMs <= nowMs) return node.timerAtMs;
    if (node.timerAtMs < earliest) earliest = node.timerAtMs;
  }
  return earliest;
}

/** A list without timers: its own node is its end. */
export function emptyList(): CallbackTimer {
  return new CallbackTimer(endFired);
}

function endFired(): void {
  assert(false, 'the end of a list of timers fired');
}
