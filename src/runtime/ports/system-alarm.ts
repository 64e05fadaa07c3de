/**
 * The alarm of the machine: a Node timer that keeps the port's promises. Node counts whole
 * milliseconds from a time that it read earlier, so a timer may come up to one early: this one
 * looks at the clock and asks again. Node also takes no delay of 25 days or more; this one goes in
 * steps.
 */
import type { Alarm } from './alarm.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './system-clock.ts';

/** Node's own limit: a longer delay would silently become 1 ms. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** How to make an alarm. */
export interface SystemAlarmOptions {
  /** Whether a set alarm keeps the process alive. Default true. */
  readonly keepsAlive?: boolean;
  /** The clock that says when the time has come. Default: the machine's. */
  readonly clock?: Clock;
}

/** An alarm on Node's event loop. Thread rule: the thread that made it. */
export class SystemAlarm implements Alarm {
  private readonly clock: Clock;
  private readonly keepsAlive: boolean;
  private readonly look: () => void;
  private timer: NodeJS.Timeout | null;
  private fire: (() => void) | null;
  private atMs: number;

  constructor(options: SystemAlarmOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.keepsAlive = options.keepsAlive ?? true;
    this.look = () => this.fireOrWait();
    this.timer = null;
    this.fire = null;
    this.atMs = Number.POSITIVE_INFINITY;
  }

  set(atMonotonicMs: number, fire: () => void): void {
    this.clear();
    this.atMs = atMonotonicMs;
    this.fire = fire;
    this.wait(this.clock.monotonicMs());
  }

  clear(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.fire = null;
  }

  private wait(nowMs: number): void {
    const delayMs = Math.min(DELAY_MS_MAX, Math.max(1, Math.ceil(this.atMs - nowMs)));
    this.timer = setTimeout(this.look, delayMs);
    if (!this.keepsAlive) this.timer.unref();
  }

  private fireOrWait(): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.atMs) {
      this.wait(nowMs);
      return;
    }
    const fire = this.fire;
    this.timer = null;
    this.fire = null;
    fire?.();
  }
}
