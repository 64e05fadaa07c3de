/**
 * Watches a system from its own thread and posts what the inspector's thread needs: the threads' shared
 * memory, names while somebody looks at actors, crashes and dead letters. News goes in batches, so that a
 * storm of crashes costs a message now and then and not one each.
 */
import type { DeadLetterNote, RuntimeEvent, System } from '../../runtime/index.ts';
import { after } from '../system-time.ts';
import { type EventRow, eventRow } from './event-row.ts';
import { letterRow } from './letter-row.ts';
import type { Redaction } from './redaction.ts';
import type { ToInspector } from './source.ts';

/** Milliseconds that news may wait for more. Higher: later news. Lower: more messages in a storm. */
const BATCH_MS = 25;
/** Events and letters of a batch; what is more is counted. */
const BATCH_MAX = 100;
/** Between two paths; no path holds one. */
export const PATH_SEPARATOR = '\n';

type Post = (message: ToInspector) => void;

/** What a watch is made of. */
export type SystemWatchParts = {
  readonly system: System;
  readonly post: Post;
  /** Of texts that people wrote: messages and stacks of errors. */
  readonly redact: Redaction;
};

/** Thread rule: the thread that started the system. */
export class SystemWatch {
  private readonly system: System;
  private readonly post: Post;
  private readonly redact: Redaction;
  private readonly ends: (() => void)[];
  private endNames: () => void;
  /** Seat, index, generation; a seat of -1: the path is nobody's any more. */
  private places: number[];
  private paths: string[];
  private events: EventRow[];
  private letters: DeadLetterNote[];
  private skipped: number;
  private cancelFlush: (() => void) | null;

  constructor({ system, post, redact }: SystemWatchParts) {
    this.system = system;
    this.post = post;
    this.redact = redact;
    this.endNames = () => undefined;
    this.places = [];
    this.paths = [];
    this.events = [];
    this.letters = [];
    this.skipped = 0;
    this.cancelFlush = null;
    this.ends = [
      system.watchRoster({
        sits: (seat, buffer, actorsMax) => {
          this.flush();
          post({ kind: 'sits', seat, buffer, actorsMax });
        },
        named: () => undefined,
        unnamed: () => undefined,
      }),
      system.onEvent((event) => this.happened(event)),
      system.deadLetterNotes.listen((notes) => this.died(notes)),
    ];
  }

  /** Somebody looks at actors, or nobody does. */
  wantNames(isWanted: boolean): void {
    this.endNames();
    this.endNames = () => undefined;
    this.paths = [];
    this.places = [];
    if (!isWanted) return;
    this.endNames = this.system.watchRoster({
      sits: () => undefined,
      named: (path, seat, index, generation) => this.renamed(path, seat, index, generation),
      unnamed: (path) => this.renamed(path, -1, 0, 0),
    });
    this.tellNames(true);
  }

  /** Watches no more. */
  close(): void {
    for (const end of [...this.ends, this.endNames]) end();
    this.cancelFlush?.();
    this.cancelFlush = null;
  }

  private renamed(path: string, seat: number, index: number, generation: number): void {
    this.paths.push(path);
    this.places.push(seat, index, generation);
    this.soon();
  }

  private happened(event: RuntimeEvent): void {
    if (this.events.length < BATCH_MAX) this.events.push(eventRow(event, this.redact));
    else this.skipped++;
    this.soon();
  }

  private died(notes: readonly DeadLetterNote[]): void {
    this.letters.push(...notes);
    // The newest are what people look for; how many there were stands in the counters.
    if (this.letters.length > 2 * BATCH_MAX) this.letters = this.letters.slice(-BATCH_MAX);
    this.soon();
  }

  private soon(): void {
    this.cancelFlush ??= after(BATCH_MS, () => this.flush());
  }

  private tellNames(isAll: boolean): void {
    const places = Int32Array.from(this.places);
    this.post({ kind: 'names', isAll, paths: this.paths.join(PATH_SEPARATOR), places });
    this.paths = [];
    this.places = [];
  }

  private flush(): void {
    this.cancelFlush?.();
    this.cancelFlush = null;
    if (this.paths.length > 0) this.tellNames(false);
    const { events, letters, skipped } = this;
    if (events.length + letters.length === 0) return;
    const shown = letters.slice(-BATCH_MAX).map((letter) => letterRow(letter, this.redact));
    this.post({ kind: 'happened', events, letters: shown, skipped });
    this.events = [];
    this.letters = [];
    this.skipped = 0;
  }
}
