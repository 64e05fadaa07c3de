/**
 * When a router that runs and says nothing is to be ended, so that another one starts from its tables.
 * Silence is counted in looks, not in time: a brain that was held up looks late, once, and takes its own
 * blindness for nobody's. What the cure does not help is cured ever more seldom: a router that routes
 * and cannot be heard must not be ended all the time. Pure.
 */

/** Looks without a word, a second apart; a window comes twice a second. Lower: a long pause ends it. */
const SILENT_LOOKS = 30;
/** The most, after doubling: about an hour. */
const SILENT_LOOKS_MAX = 3600;

/** Of one router. Thread rule: one thread. */
export class HungRouter {
  private silent = 0;
  private limit = SILENT_LOOKS;

  /** It has said something: the cure has helped, or was not needed. */
  heard(): void {
    this.silent = 0;
    this.limit = SILENT_LOOKS;
  }

  /** A look at one that runs. @returns whether it is to be ended now */
  look(): boolean {
    this.silent += 1;
    if (this.silent < this.limit) return false;
    this.silent = 0;
    this.limit = Math.min(2 * this.limit, SILENT_LOOKS_MAX);
    return true;
  }
}
