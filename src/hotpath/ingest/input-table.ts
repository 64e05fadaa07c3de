/**
 * What a shard keeps of each input series: a few numbers in flat arrays, by the input's number. Owned by
 * series-shard.ts. Numbers of inputs that have ended are given again.
 */

/** No sample of a counter yet, or of a gauge whose series has ended: nothing is added or shown. */
export const NO_VALUE = -1;

/** How an input stands. */
export const INPUT_FREE = 0;
export const INPUT_LIVE = 1;
/** It has said that it ends: a gauge is no longer shown; a counter may go on where it was. */
export const INPUT_ENDED = 2;

const INPUTS_MIN = 1_024;

/** One thread. */
export class InputTable {
  targets: Uint32Array = new Uint32Array(INPUTS_MIN);
  /** The last value; a counter's next one is compared with it. */
  lasts: Float64Array = new Float64Array(INPUTS_MIN);
  /** The sender's time of the last sample, milliseconds. */
  times: Float64Array = new Float64Array(INPUTS_MIN);
  /** Our time when the last sample was taken, milliseconds. */
  seenMs: Float64Array = new Float64Array(INPUTS_MIN);
  states: Uint8Array = new Uint8Array(INPUTS_MIN);
  /** Spellings besides the usual one that lead here. */
  aliases: Uint8Array = new Uint8Array(INPUTS_MIN);
  /** Numbers given so far; those below may be free again. */
  end = 0;
  private readonly free: number[] = [];

  /** Inputs that are not free. */
  get size(): number {
    return this.end - this.free.length;
  }

  /** A number for a new input. */
  take(target: number, nowMs: number): number {
    const input = this.free.pop() ?? this.end;
    if (input === this.end) {
      if (input === this.targets.length) this.grow();
      this.end += 1;
    }
    this.targets[input] = target;
    this.lasts[input] = NO_VALUE;
    this.times[input] = Number.NEGATIVE_INFINITY;
    this.seenMs[input] = nowMs;
    this.states[input] = INPUT_LIVE;
    this.aliases[input] = 0;
    return input;
  }

  /** Gives a number back; nothing leads to it any more. */
  release(input: number): void {
    this.states[input] = INPUT_FREE;
    this.free.push(input);
  }

  private grow(): void {
    const size = 2 * this.targets.length;
    this.targets = grown(new Uint32Array(size), this.targets);
    this.lasts = grown(new Float64Array(size), this.lasts);
    this.times = grown(new Float64Array(size), this.times);
    this.seenMs = grown(new Float64Array(size), this.seenMs);
    this.states = grown(new Uint8Array(size), this.states);
    this.aliases = grown(new Uint8Array(size), this.aliases);
  }
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(larger: T, before: T): T {
  larger.set(before);
  return larger;
}
