/**
 * The testkit's door, published as `ringmaster/testkit`: an actor system in virtual time, for tests
 * of programs that are built on Ringmaster, and for its own.
 */
export { Probe, type Received } from './probe.ts';
export { SimClock, type SimClockOptions } from './sim-clock.ts';
export type { SimFaults } from './sim-links.ts';
export { type SimGate, type SimOptions, SimSystem } from './sim-system.ts';
