/** What a timer wheel must do, said by a sorted list: the model that the wheel is compared with. */

export interface ModelTimer {
  readonly id: number;
  readonly atMs: number;
  readonly start: number;
}

/** Timers in a plain list; `run` answers the ids that must fire, in order. */
export class WheelModel {
  private timers: ModelTimer[] = [];
  private starts = 0;

  get size(): number {
    return this.timers.length;
  }

  get firstMs(): number {
    return Math.min(...this.timers.map((timer) => timer.atMs));
  }

  start(id: number, atMs: number): void {
    this.cancel(id);
    this.timers.push({ id, atMs, start: this.starts++ });
  }

  cancel(id: number): boolean {
    const before = this.timers.length;
    this.timers = this.timers.filter((timer) => timer.id !== id);
    return this.timers.length < before;
  }

  run(nowMs: number): number[] {
    const due = this.timers.filter((timer) => timer.atMs <= nowMs);
    this.timers = this.timers.filter((timer) => timer.atMs > nowMs);
    due.sort((a, b) => a.atMs - b.atMs || a.start - b.start);
    return due.map((timer) => timer.id);
  }
}
