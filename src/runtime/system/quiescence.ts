/**
 * Tells when no message of a system waits or is under way. Each thread shows its counters after a
 * turn, so sums over threads mix times: an answer may be here while the messages that its turn sent
 * elsewhere are not yet counted. Hence the four-counter method of F. Mattern, "Algorithms for
 * distributed termination detection" (1987): two waves, each of which reads every thread's counters
 * as of a moment within the wave; if what the second one counts as sent equals what the first one
 * counted as done, nothing was under way when the first one ended.
 *
 *   ──wave 1── done₁ │ ──wave 2── sent₂      quiet ⇔ done₁ = sent₂
 *
 * A thread's counters belong to the wave once it sleeps, or has ended a turn since the wave began.
 */
import type { SeatMemory } from '../host/seat-memory.ts';
import type { SeatView, SystemFigures } from './figures.ts';

/** Where the figures come from. */
export type QuiescenceSource = {
  /** The reading thread's own, whose counters are always as of now. */
  readonly own: SeatMemory;
  readonly seats: () => readonly SeatView[];
  readonly figures: () => Pick<SystemFigures, 'total' | 'sent' | 'inFlight'>;
};

/** One question whether a system is quiet. Thread rule: the thread whose seat is `own`. */
export class Quiescence {
  private readonly source: QuiescenceSource;
  /** Heartbeats as the wave began. */
  private beats: Map<SeatMemory, number>;
  /** What the wave before counted as done; NaN: there was none. */
  private doneBefore: number;

  constructor(source: QuiescenceSource) {
    this.source = source;
    this.beats = new Map();
    this.doneBefore = Number.NaN;
    this.begin();
  }

  /** @returns whether it is quiet; false also while a wave waits for a busy thread. */
  look(): boolean {
    // When all others sleep, both waves end at once.
    return this.wave() || this.wave();
  }

  private begin(): void {
    this.beats = new Map(
      this.source.seats().map(({ memory }) => [memory, memory.heartbeat()] as const),
    );
  }

  private wave(): boolean {
    for (const { memory } of this.source.seats()) {
      if (memory === this.source.own || memory.isParked()) continue;
      const before = this.beats.get(memory);
      if (before === undefined) this.beats.set(memory, memory.heartbeat());
      if (before === undefined || before === memory.heartbeat()) return false;
    }
    const { total, sent, inFlight } = this.source.figures();
    const allSent = total.accepted + sent;
    const isQuiet = allSent === this.doneBefore;
    this.doneBefore = allSent - inFlight;
    this.begin();
    return isQuiet;
  }
}
