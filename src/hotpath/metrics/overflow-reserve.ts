/**
 * Which ids are left for whom: ordinary series stop before the last ones, so that a tenant that
 * fills a slab does not also take the overflow series of everybody else.
 * Asked by series-registry.ts before it gives an id. It counts; it knows no names.
 *
 *     id 0 │ ordinary and overflow series, first come first served │ reserve: overflow series only
 *
 * In the reserve a tenant gets another overflow series only while it holds fewer there than are
 * left. So one tenant alone takes half of it, the next half of the rest, and so on, and a tenant
 * without any gets one as long as there is one. (The rule is that of dynamic queue thresholds,
 * Choudhury and Hahne 1998, with factor 1.)
 */

/**
 * One id of so many is kept for overflow series. Lower: less room for ordinary series. Higher:
 * fewer tenants' metrics stay apart when the slab is full. A slab below this size keeps none.
 */
export const SERIES_PER_RESERVED_ID = 16;

/** See the head of the file. */
export class OverflowReserve {
  readonly #seriesMax: number;
  readonly #reserved: number;
  /** Overflow series inside the reserve, by the tenant's symbol: at most one entry per id of it. */
  readonly #held = new Map<number, number>();

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax;
    this.#reserved = Math.floor(seriesMax / SERIES_PER_RESERVED_ID);
  }

  /** Whether an ordinary series may have the next id, `taken` ids being in use. */
  hasRoomForSeries(taken: number): boolean {
    return taken < this.#seriesMax - this.#reserved;
  }

  /** Whether an overflow series of a tenant may; a tenant without a symbol holds none yet. */
  hasRoomForOverflow(taken: number, tenant: number | undefined): boolean {
    if (this.hasRoomForSeries(taken)) return true;
    const held = tenant === undefined ? 0 : (this.#held.get(tenant) ?? 0);
    return held < this.#seriesMax - taken;
  }

  /** Counts an overflow series that gets the next id. */
  takeOverflow(taken: number, tenant: number): void {
    if (this.hasRoomForSeries(taken)) return;
    this.#held.set(tenant, (this.#held.get(tenant) ?? 0) + 1);
  }
}
