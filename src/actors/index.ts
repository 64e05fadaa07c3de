/**
 * The control plane's door. No controller is built yet: today this layer is its walls, so that the
 * first machine in it is already written without Node, clock and I/O.
 */
export type { Wall } from './wall-canary.ts';
