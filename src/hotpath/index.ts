/**
 * The hot path's door.
 */
export { RingmasterError } from './errors.ts';
