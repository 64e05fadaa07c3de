/**
 * Keys on which instances were lost, for as long as the word of their ends may take: a router sees the
 * connection go before or after the agent sees the process end, and whoever is told of the key first
 * would forget it. Pure.
 */
import type { Cut } from './router-protocol.ts';

/** Longer: a later end of another cause is held against the key. Milliseconds. */
const REMEMBERED_MS = 5000;
/** More are forgotten, the oldest first. */
const CUTS_MAX = 200;

/** Thread rule: one thread. */
export class RecentCuts {
  private list: (Cut & { readonly atMs: number })[] = [];

  note(cut: Cut, nowMs: number): void {
    this.list.push({ ...cut, atMs: nowMs });
    if (this.list.length > CUTS_MAX) this.list.shift();
  }

  /** Those of late. */
  of(nowMs: number): readonly Cut[] {
    this.list = this.list.filter(({ atMs }) => nowMs - atMs <= REMEMBERED_MS);
    return this.list;
  }
}
