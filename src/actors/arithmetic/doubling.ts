/** A wait that doubles: `first`, then twice as long each time, up to `max`. Times from 1. */
export function doubled(
  times: number,
  { first, max }: { readonly first: number; readonly max: number },
): number {
  let wait = first;
  for (let i = 1; i < times && wait < max; i++) wait *= 2;
  return Math.min(wait, max);
}
