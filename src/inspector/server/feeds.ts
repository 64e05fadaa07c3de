/**
 * Keeps the topics up to date, on the inspector's thread: counters from the threads' shared memory each
 * second, names and news as they are posted. What a system does is seen also while its own thread is busy.
 */
import { SeatFigures } from '../../runtime/index.ts';
import type { Finding } from '../protocol/finding.ts';
import type { ResultOf } from '../protocol/schema.ts';
import type { Board } from '../topics/board.ts';
import { systemFindings } from '../topics/findings.ts';
import { type SystemReading, type ThreadReading, VitalSigns } from '../topics/vital-signs.ts';
import type { Source, ToInspector } from './source.ts';
import { PATH_SEPARATOR } from './system-watch.ts';

/** What is posted about the system. */
export type News = Extract<ToInspector, { readonly kind: 'sits' | 'names' | 'happened' }>;

type Seat = { readonly replaced: number; readonly figures: SeatFigures };
type Answered = { readonly figures: ResultOf<'System.figures'>; readonly atMs: number };

/** Thread rule: the inspector's thread. */
export class Feeds {
  private readonly board: Board;
  private readonly source: Source;
  private readonly seats: Map<number, Seat> = new Map();
  private readonly signs: VitalSigns = new VitalSigns();
  private answered: Answered | null = null;
  private isAsking: boolean = false;
  private seconds: number = 0;
  private events: number = 0;
  private letters: number = 0;

  constructor(board: Board, source: Source) {
    this.board = board;
    this.source = source;
  }

  /** As of the last second. */
  get actors(): number {
    return this.signs.actors;
  }

  heard(news: News): void {
    if (news.kind === 'sits') {
      const { seat, buffer, actorsMax } = news;
      const replaced = (this.seats.get(seat)?.replaced ?? -1) + 1;
      this.seats.set(seat, { replaced, figures: new SeatFigures(buffer, actorsMax) });
      this.board.topics.actors.sits(seat, buffer, actorsMax);
    } else if (news.kind === 'names') this.named(news);
    else this.happened(news);
  }

  /** What is wrong, as of the last second. */
  findings(): readonly Finding[] {
    const { pulse, events, deadLetters } = this.board.topics;
    return systemFindings({
      nowMs: this.board.nowMs(),
      alarms: this.signs.alarms(),
      pulse: pulse.values(),
      events: events.values(),
      letters: deadLetters.values(),
    });
  }

  /** Once a second. */
  second(): void {
    const { board, signs } = this;
    const nowMs = board.nowMs();
    this.ask();
    const pulse = signs.second(nowMs, this.readings(), this.mainReading(nowMs));
    const { system, threads, pulse: pulses } = board.topics;
    system.set('now', signs.systemRow());
    threads.replace(new Map(signs.threadRows().map((row) => [String(row.thread), row])));
    if (pulse !== null) pulses.set(String(++this.seconds), pulse);
  }

  private named({ isAll, paths, places }: Extract<News, { readonly kind: 'names' }>): void {
    const { actors } = this.board.topics;
    // Names that were under way when nobody wanted them any more may have come since.
    if (isAll) actors.forget();
    if (places.length > 0) this.place(paths, places);
    if (isAll) actors.toldAll();
  }

  private place(paths: string, places: Int32Array): void {
    const { actors } = this.board.topics;
    let at = 0;
    for (const path of paths.split(PATH_SEPARATOR)) {
      const [seat, index, generation] = [places[at], places[at + 1], places[at + 2]] as number[];
      at += 3;
      if ((seat as number) < 0) actors.unnamed(path);
      else actors.named(path, seat as number, index as number, generation as number);
    }
  }

  private happened(news: Extract<News, { readonly kind: 'happened' }>): void {
    const atMs = this.board.nowMs();
    const { events, deadLetters } = this.board.topics;
    for (const row of news.events) events.set(String(++this.events), { atMs, ...row });
    if (news.skipped > 0) {
      const text = `${news.skipped} more of the like at the same time`;
      const row = { atMs, kind: 'skipped', path: null, thread: null, text, failure: null };
      events.set(String(++this.events), row);
    }
    for (const letter of news.letters) deadLetters.set(String(++this.letters), letter);
  }

  /** One question at a time: a thread that is busy is not asked more and more. */
  private ask(): void {
    if (this.isAsking) return;
    this.isAsking = true;
    this.source
      .figures()
      .then(
        (figures) => {
          this.answered = { figures, atMs: this.board.nowMs() };
        },
        // The next second asks again; what was answered gets older, and that is shown.
        () => undefined,
      )
      .finally(() => {
        this.isAsking = false;
      });
  }

  private mainReading(nowMs: number): SystemReading | null {
    if (this.answered === null) return null;
    const { figures, atMs } = this.answered;
    const { deadLetters, lost, inFlight, rings } = figures;
    return { deadLetters, lost, inFlight, rings, ageMs: nowMs - atMs };
  }

  private readings(): readonly ThreadReading[] {
    return [...this.seats]
      .sort(([a], [b]) => a - b)
      .map(([thread, { replaced, figures }]) => ({
        thread,
        replaced,
        actors: figures.counter('actors'),
        handled: figures.counter('handled'),
        crashes: figures.counter('crashes'),
        restarts: figures.counter('restarts'),
        deadLetters: figures.deadLetters,
        busyMs: figures.counter('busyMs'),
        waits: figures.waits,
      }));
  }
}
