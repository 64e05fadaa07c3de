/** What is offloaded in the benchmark: nothing. Loaded by the threads of a pool. */

/** Gives back what it got. */
export function nothing(x: number): number {
  return x;
}
