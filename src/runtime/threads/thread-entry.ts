/**
 * The file that the thread pool loads in each actor thread. It only hands the pool's task to the
 * seat; an own file, since the pool finds its work by path and name.
 */
export { runSeat } from './run-seat.ts';
