/** One look for all who ask at the same time, or shortly after: the system pays for one. */

/** Milliseconds that a look is good for. Higher: answers are older. Lower: more looks a second. */
const GOOD_MS = 100;

/** @returns what looks, or gives what was seen. One that failed is not kept. */
export function shared<T>(look: () => Promise<T>, nowMs: () => number): () => Promise<T> {
  let last: Promise<T> | null = null;
  let goodUntilMs = 0;
  return () => {
    if (last !== null && nowMs() < goodUntilMs) return last;
    const own = look();
    last = own;
    goodUntilMs = Number.POSITIVE_INFINITY;
    own.then(
      () => {
        goodUntilMs = nowMs() + GOOD_MS;
      },
      () => {
        last = null;
      },
    );
    return own;
  };
}
