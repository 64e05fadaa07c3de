/**
 * Keeps the topics of a fleet up to date while somebody watches them, by asking now and then: a fleet is
 * small beside its actors, and what has not changed is told to nobody.
 */
import type { ResultOf } from '../protocol/schema.ts';
import type { TopicName } from '../protocol/topics.ts';
import { type Board, ROWS_MAX } from '../topics/board.ts';
import { askFleet } from './fleet-answers.ts';
import type { Source } from './source.ts';

/** Between two looks. Longer: told later; shorter: the fleet is asked more often. Milliseconds. */
export const FLEET_LOOK_MS = 250;

/** So many times as long as its last answer took a fleet is left alone. Higher: a large one is told later. */
const REST = 4;
/** Milliseconds after which one that has not answered is asked again. */
const SILENT_MS = 10_000;

type Decisions = ResultOf<'Decisions.list'>;

/** Thread rule: the inspector's thread. */
export class FleetFeed {
  private readonly board: Board;
  private readonly source: Source;
  private readonly watched: Set<TopicName> = new Set();
  /** When the newest decision that is known was last so; by the clock of the decisions. */
  private knownMs: number = Number.NEGATIVE_INFINITY;
  /** Before this moment nothing is asked. */
  private restsUntilMs: number = Number.NEGATIVE_INFINITY;
  /** Counts looks: what an earlier one brings late decides nothing. */
  private looks: number = 0;
  /** How far that clock is ahead of the server's; null: nobody has told it. */
  private aheadMs: number | null = null;

  constructor(board: Board, source: Source) {
    this.board = board;
    this.source = source;
  }

  /** Now, by the clock of the decisions; null: not known (yet). */
  decisionsMs(): number | null {
    return this.aheadMs === null ? null : this.board.nowMs() + this.aheadMs;
  }

  /** Somebody watches a topic, or nobody does any more. */
  wanted(name: TopicName, isWanted: boolean): void {
    if (!isWanted) this.watched.delete(name);
    else if (name === 'services' || name === 'decisions') {
      this.watched.add(name);
      this.look();
    }
  }

  /** One look at a time: a host that is busy, or has much to tell, is not asked more and more. */
  look(): void {
    const nowMs = this.board.nowMs();
    if (nowMs < this.restsUntilMs || this.watched.size === 0) return;
    this.restsUntilMs = nowMs + SILENT_MS;
    const number = ++this.looks;
    const looks = [
      this.watched.has('services') ? this.services() : null,
      this.watched.has('decisions') ? this.decisions() : null,
    ];
    // What was told stays as it was; the next look asks again.
    void Promise.allSettled(looks).finally(() => {
      const doneMs = this.board.nowMs();
      if (number === this.looks) this.restsUntilMs = doneMs + REST * (doneMs - nowMs);
    });
  }

  private async services(): Promise<void> {
    const listed = await askFleet<ResultOf<'Fleet.list'>>(this.source, 'Fleet.list', {});
    const { services, nowMs } = listed;
    // A fleet's door of somebody else may be older than that.
    if (typeof nowMs === 'number') this.aheadMs = nowMs - this.board.nowMs();
    const rows = services.slice(0, ROWS_MAX.services);
    this.board.topics.services.replace(new Map(rows.map((row) => [row.service, row])));
  }

  private async decisions(): Promise<void> {
    const since = Number.isFinite(this.knownMs) ? { sinceMs: this.knownMs } : {};
    const asked = { ...since, last: ROWS_MAX.decisions };
    const told = await askFleet<Decisions>(this.source, 'Decisions.list', asked);
    for (const entry of told.decisions) {
      this.board.topics.decisions.set(String(entry.id), entry);
      this.knownMs = Math.max(this.knownMs, entry.lastMs);
    }
  }
}
