/**
 * How many requests each instance has at present, by what all routers say of it: what an instance that is
 * to end is waited for. As old as the routers' last words: half a second, and none where it matters, since
 * a router that stops using an instance says its count with that. Written by the routers' links, on one
 * thread with whoever reads.
 */

/** Thread rule: one thread. */
export class RequestsUnderWay {
  private readonly byRouter: Map<string, Map<string, number>> = new Map();

  /** Of all routers together. */
  of(instance: string): number {
    let sum = 0;
    for (const counts of this.byRouter.values()) sum += counts.get(instance) ?? 0;
    return sum;
  }

  /** All that a router has; whoever is not in it has nothing of it. */
  set(router: string, counts: Iterable<readonly [instance: string, count: number]>): void {
    this.byRouter.set(router, new Map(counts));
  }

  /** Of one service's instances; the others stay. */
  setService(
    router: string,
    service: string,
    counts: Iterable<readonly [instance: string, count: number]>,
  ): void {
    const rest = [...(this.byRouter.get(router) ?? [])].filter(
      ([instance]) => !instance.startsWith(`${service}/`),
    );
    this.byRouter.set(router, new Map([...rest, ...counts]));
  }

  /** The router has ended, and everything with it. */
  forget(router: string): void {
    this.byRouter.delete(router);
  }
}
