/**
 * The runtime's door. Today it holds two ports that everything above the hot path will take; the
 * actor system is not built yet.
 */
export type { Clock } from './ports/clock.ts';
export { type Random, seededRandom } from './ports/random.ts';
export { systemClock } from './ports/system-clock.ts';
