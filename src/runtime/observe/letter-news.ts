/**
 * Dead letters of all threads, told on the starting one: who, what and why, in batches. What they carried
 * stays where it was. Of a storm a part is told, and how many more there were.
 */
import { nameText } from '../actor/message-name.ts';
import type { DeadLetter, DeadLetterReason } from '../host/dead-letters.ts';
import type { Host } from '../host/host.ts';
import type { ControlCalls } from '../transport/control-calls.ts';

/** Milliseconds that letters may wait for more. */
const BATCH_MS = 25;
/** Letters of a batch. Higher: a storm costs more. */
const BATCH_MAX = 100;
/** Characters of a message's name, which may be anything where it was sent without types. */
const NAME_MAX = 2500;
/** How many are kept for a look. */
const RECENT_MAX = 256;

/** One of them. */
export type DeadLetterNote = {
  /** Where it died. */
  readonly thread: number;
  readonly reason: DeadLetterReason;
  /** Path of the actor, or what is known of it. */
  readonly to: string;
  readonly name: string;
};

/** Told on the starting thread; `more`: so many were not told. Must not throw. */
export type DeadLetterNoteListener = (notes: readonly DeadLetterNote[], more: number) => void;

/** To the starting thread. */
export type LetterBatch = { readonly notes: readonly DeadLetterNote[]; readonly more: number };

/** One thread's part of it. Thread rule: its host's. */
export class LetterNews {
  private readonly host: Host;
  private readonly listeners: Set<DeadLetterNoteListener> = new Set();
  /** On the starting thread. */
  private readonly recent: DeadLetterNote[] = [];
  private notes: DeadLetterNote[] = [];
  private more: number = 0;
  private isDue: boolean = false;

  constructor(host: Host) {
    this.host = host;
    host.deadLetters.listen((letter) => this.died(letter));
  }

  /** Hears the other threads. */
  serve(calls: ControlCalls): void {
    calls.serve('letters', (batch: LetterBatch) => this.told(batch));
  }

  /** On the starting thread: the last ones of all threads, the oldest first. */
  last(): readonly DeadLetterNote[] {
    this.flush();
    return [...this.recent];
  }

  /** On the starting thread. @returns how to stop listening */
  listen(listener: DeadLetterNoteListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private died({ reason, to, name }: DeadLetter): void {
    if (this.notes.length < BATCH_MAX) {
      this.notes.push({
        thread: this.host.seat,
        reason,
        to,
        name: nameText(name).slice(0, NAME_MAX),
      });
    } else this.more++;
    if (this.isDue) return;
    this.isDue = true;
    this.host.after(BATCH_MS, () => {
      this.isDue = false;
      this.flush();
    });
  }

  private flush(): void {
    const batch = { notes: this.notes, more: this.more };
    if (batch.notes.length === 0) return;
    this.notes = [];
    this.more = 0;
    if (this.host.seat === 0) this.told(batch);
    else this.host.links.cast(0, 'letters', batch);
  }

  private told({ notes, more }: LetterBatch): void {
    this.recent.push(...notes);
    this.recent.splice(0, Math.max(0, this.recent.length - RECENT_MAX));
    for (const listener of this.listeners) listener(notes, more);
  }
}
