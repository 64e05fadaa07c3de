/**
 * When the messages of a mailbox came, as far as that can be told from how many there are: no message carries
 * a time, so whoever measures an actor looks now and then at the length of its mailbox. Those that have come
 * between two looks are taken to have come evenly between them. Pure.
 */

/** Runs at most; beyond, two neighbours become one. Higher: more memory for a mailbox that only grows. */
const RUNS_MAX = 256;

/** Messages that came one after the other. Times in milliseconds; NaN: before anybody looked. */
type Run = { count: number; fromMs: number; readonly toMs: number };

/** One mailbox. Thread rule: none. */
export class Arrivals {
  /** The oldest first; together as many messages as waited at the last look. */
  private readonly runs: Run[] = [];
  private total: number = 0;
  private lookMs: number;

  /** `waiting`: messages that are there already. */
  constructor(waiting: number, nowMs: number) {
    this.lookMs = nowMs;
    this.add(waiting, Number.NaN, Number.NaN);
  }

  /**
   * So many wait, and so many were handled since the last look without being taken. `isArrival`: the newest
   * has come at this moment.
   */
  look(waiting: number, nowMs: number, isArrival: boolean, handled: number): void {
    const more = waiting + handled - this.total;
    const atOnce = isArrival && more > 0 ? 1 : 0;
    this.add(more - atOnce, this.lookMs, nowMs);
    this.add(atOnce, nowMs, nowMs);
    // Others may have gone by another way, such as a policy that drops the oldest.
    this.leave(this.total - waiting);
    this.lookMs = nowMs;
  }

  /** The oldest is handled now. @returns milliseconds that it has waited; NaN: nobody knows */
  take(nowMs: number): number {
    const run = this.runs[0];
    if (run === undefined) return Number.NaN;
    const cameMs = run.fromMs + (run.toMs - run.fromMs) / run.count / 2;
    this.leave(1);
    return nowMs - cameMs;
  }

  private add(count: number, fromMs: number, toMs: number): void {
    if (count <= 0) return;
    this.total += count;
    if (this.runs.length === RUNS_MAX) this.merge();
    this.runs.push({ count, fromMs, toMs });
  }

  /** The oldest have gone without being told. */
  private leave(count: number): void {
    for (let left = count; left > 0; ) {
      const run = this.runs[0] as Run;
      const some = Math.min(left, run.count);
      run.fromMs += ((run.toMs - run.fromMs) / run.count) * some;
      run.count -= some;
      this.total -= some;
      left -= some;
      if (run.count === 0) this.runs.shift();
    }
  }

  private merge(): void {
    const pairs: Run[] = [];
    for (let i = 0; i < this.runs.length; i += 2) {
      const [first, second] = [this.runs[i] as Run, this.runs[i + 1] as Run];
      const { fromMs } = Number.isNaN(first.fromMs) ? second : first;
      pairs.push({ count: first.count + second.count, fromMs, toMs: second.toMs });
    }
    this.runs.splice(0, this.runs.length, ...pairs);
  }
}
