/**
 * The series of one exposition, so that one that comes twice is seen: its first sample stays, and each
 * further one is left out, as Prometheus does. Series are compared by their bytes, name and labels as they
 * are written. Used by exposition.ts, which asks only when an exposition has a line that the last one had
 * not: the lines of one that was read are all different. Pure.
 */
import type { KnownLines } from './known-lines.ts';
import { skipBlanks } from './simple-number.ts';

/** Places of the table at first. A power of two. */
const PLACES_MIN = 64;
const SPACE = 32;
const TAB = 9;

/** Thread rule: none. Keeps its memory from one exposition to the next, and forgets by a number. */
export class SeenSeries {
  private body: Uint8Array = new Uint8Array(0);
  /** Of which exposition a place is, and where its series stands in it. */
  private stamps: Uint32Array = new Uint32Array(PLACES_MIN);
  private starts: Uint32Array = new Uint32Array(PLACES_MIN);
  private ends: Uint32Array = new Uint32Array(PLACES_MIN);
  private stamp = 0;
  private count = 0;
  private isKept = false;

  /** Another exposition; until `keep` nothing is looked for. */
  begin(body: Uint8Array): void {
    this.body = body;
    this.count = 0;
    this.isKept = false;
    this.stamp = (this.stamp + 1) >>> 0;
    // Once in 2^32 expositions: a place of the last round would be of this one.
    if (this.stamp === 0) this.stamps.fill(0);
    this.stamp ||= 1;
  }

  /** From here on every series is looked for, among those that were read already, too. */
  keep({ starts, ends, what, size }: KnownLines): void {
    if (this.isKept) return;
    this.isKept = true;
    for (let line = 0; line < size; line++) {
      if ((what[line] as number) >= 0) this.isNew(starts[line] as number, ends[line] as number);
    }
  }

  /** Notes the series between `from` and `to`, blanks around it or not. False: it was there before. */
  isNew(from: number, to: number): boolean {
    if (!this.isKept) return true;
    const { body } = this;
    const start = skipBlanks(body, from, to);
    let end = to;
    while (end > start && (body[end - 1] === SPACE || body[end - 1] === TAB)) end--;
    if (2 * (this.count + 1) > this.stamps.length) this.grow();
    const place = this.placeOf(start, end);
    if (this.stamps[place] === this.stamp) return false;
    this.put(place, start, end);
    this.count++;
    return true;
  }

  /** Where it stands, or would. */
  private placeOf(start: number, end: number): number {
    const { body, stamps, starts, ends, stamp } = this;
    const mask = stamps.length - 1;
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) {
      hash = Math.imul(hash ^ (body[at] as number), 0x01000193);
    }
    // The low bits of such a hash follow from the low bits of the bytes alone.
    let place = (hash ^ (hash >>> 15)) & mask;
    while (stamps[place] === stamp) {
      const from = starts[place] as number;
      if ((ends[place] as number) - from === end - start) {
        let at = start;
        while (at < end && body[at] === body[from + at - start]) at++;
        if (at === end) return place;
      }
      place = (place + 1) & mask;
    }
    return place;
  }

  private put(place: number, start: number, end: number): void {
    this.stamps[place] = this.stamp;
    this.starts[place] = start;
    this.ends[place] = end;
  }

  private grow(): void {
    const { stamps, starts, ends, stamp } = this;
    const size = 2 * stamps.length;
    this.stamps = new Uint32Array(size);
    this.starts = new Uint32Array(size);
    this.ends = new Uint32Array(size);
    for (const [place, of] of stamps.entries()) {
      if (of !== stamp) continue;
      const [start, end] = [starts[place] as number, ends[place] as number];
      this.put(this.placeOf(start, end), start, end);
    }
  }
}
