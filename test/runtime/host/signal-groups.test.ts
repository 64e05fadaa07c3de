/** Questions that share an AbortSignal: one listener, however many, and none that stays behind. */
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Abortable, SignalGroup } from '../../../src/runtime/host/signal-groups.ts';
import { SignalGroups } from '../../../src/runtime/host/signal-groups.ts';

class Member implements Abortable {
  signals: SignalGroup | null = null;
  signalPlace = 0;
  aborts = 0;

  abort(): void {
    this.aborts++;
    this.signals?.leave(this);
  }
}

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

test('signals - a thousand questions of one signal share one listener, and all are called off', () => {
  const groups = new SignalGroups();
  const controller = new AbortController();
  const members = Array.from({ length: 1000 }, () => new Member());
  for (const member of members) groups.join(member, controller.signal);
  expect(listeners(controller.signal)).toBe(1);
  const left = members.filter((_, index) => index % 3 === 0);
  for (const member of left) member.signals?.leave(member);
  controller.abort();
  for (const [index, member] of members.entries()) {
    expect(member.aborts).toBe(index % 3 === 0 ? 0 : 1);
    expect(member.signals).toBeNull();
  }
  expect(listeners(controller.signal)).toBe(0);
});

test('signals - a signal that nobody waits on any more loses its listener when another is used', () => {
  const groups = new SignalGroups();
  const [first, second] = [new AbortController(), new AbortController()];
  const [one, two, three] = [new Member(), new Member(), new Member()];
  groups.join(one, first.signal);
  groups.join(two, second.signal);
  one.signals?.leave(one);
  expect(listeners(first.signal)).toBe(0);
  two.signals?.leave(two);
  expect(listeners(second.signal)).toBe(1);
  groups.join(three, first.signal);
  expect([listeners(first.signal), listeners(second.signal)]).toEqual([1, 0]);
  first.abort();
  expect([one.aborts, two.aborts, three.aborts]).toEqual([0, 0, 1]);
});

test('signals - one that has aborted calls off at once', () => {
  const groups = new SignalGroups();
  const member = new Member();
  groups.join(member, AbortSignal.abort());
  expect(member.aborts).toBe(1);
  expect(member.signals).toBeNull();
});
