/** A dispatcher that sleeps, as the other threads see it. */
import { expect, test } from 'vitest';
import { Dispatcher, type Inputs } from '../../../src/runtime/dispatcher/dispatcher.ts';

test('dispatcher - a thread that something was sent from no longer shows that it sleeps', () => {
  // Guards: D3. Or `quiet()` would take its counters, which do not hold that message, for the truth.
  let nowMs = 0;
  let isParked = false;
  const inputs: Inputs = {
    poll: () => 0,
    hasInput: () => false,
    publish: () => undefined,
    flush: () => undefined,
    park: () => {
      isParked = true;
      return true;
    },
    unpark: () => {
      isParked = false;
    },
  };
  const tasks: (() => void)[] = [];
  const later = (fn: () => void): void => void tasks.push(fn);
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 };
  const dispatcher = new Dispatcher(clock, { microtask: later, afterInput: later }, () => {});
  dispatcher.connect(inputs, false);
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  expect(isParked).toBe(true);
  nowMs = 100;
  expect(dispatcher.arm()).toBe(true);
  expect(isParked).toBe(false);
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
  expect(isParked).toBe(true);
});
