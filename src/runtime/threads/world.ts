/**
 * What a thread of a system takes from the machine: time, its event loop, its ways to other
 * threads. The simulator brings its own; nothing else differs there.
 */

import type { Host } from '../host/host.ts';
import type { Alarm } from '../ports/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import type { Loop } from '../ports/loop.ts';
import { SystemAlarm } from '../ports/system-alarm.ts';
import { systemClock } from '../ports/system-clock.ts';
import { systemLoop } from '../ports/system-loop.ts';
import { Links } from '../transport/links.ts';

/** One thread's. */
export type World = {
  readonly clock: Clock;
  /** As the dispatcher sees the time; default: `clock`. */
  readonly turnClock?: Clock;
  readonly loop: Loop;
  alarm(): Alarm;
  links(): Links;
  /** A host of this thread was made; it has done nothing yet. */
  hosted?(host: Host): void;
};

/** Node's. */
export const nodeWorld: World = {
  clock: systemClock,
  loop: systemLoop,
  alarm: () => new SystemAlarm(),
  links: () => new Links(),
};
