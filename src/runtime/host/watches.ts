/**
 * Who wants to hear of whose end. An actor that ends tells its watchers once, by a message in their
 * ordinary queue, so that it cannot overtake what the actor sent before. Watches on actors of other
 * threads are kept here and asked for again when a thread was replaced.
 *
 * Invariant RT-4: a watch ends with exactly one `Down`, unless its watcher ends it or ends first.
 */
import type { BaseRef, LocalRef, RemoteRef } from '../actor/actor-ref.ts';
import type { Down } from '../actor/context.ts';
import type { Cell } from '../cell/cell.ts';
import { STOPPED } from '../cell/cell-status.ts';
import type { Exit } from '../cell/child-list.ts';
import type { Host } from './host.ts';

/** Name of the message that carries a `Down`; no user's message begins with a `$`. */
export const DOWN_MESSAGE = '$down';

/** A `Down` on its way to a watcher's handler `name`; taken once, if the watch still stands. */
export type PendingDown = {
  readonly name: string;
  readonly down: Down;
  take(cell: Cell): boolean;
};

/** Called with the end, once. */
export type DownListener = (exit: Exit | null) => void;

/** Those who watch one cell. */
export class Watchers {
  private readonly listeners = new Set<DownListener>();

  add(listener: DownListener): void {
    this.listeners.add(listener);
  }

  delete(listener: DownListener): void {
    this.listeners.delete(listener);
  }

  /** The cell has stopped. */
  notify(exit: Exit): void {
    for (const listener of this.listeners) listener(exit);
    this.listeners.clear();
  }
}

type RemoteWatch = {
  readonly ref: RemoteRef;
  readonly listener: DownListener;
  /**
   * Whether a worker was asked, and whether it is gone: the actor that the next one does not know
   * went with it.
   */
  wasAsked: boolean;
  wasLost: boolean;
};

/** How to end a watch on an actor that is expected back. */
type Expected = { end(): void };

/** The watches of one thread. Thread rule: its host's thread. */
export class Watches {
  private readonly host: Host;
  /** Watches on actors of other threads, by their number. */
  private readonly remote = new Map<number, RemoteWatch>();
  /** Watches on actors of this thread that are expected back, by place. */
  private readonly expected = new Map<string, Map<DownListener, Expected>>();
  private numbers = 0;

  constructor(host: Host) {
    this.host = host;
  }

  /** An actor watches another; watching twice changes the handler only. */
  watch(cell: Cell, ref: BaseRef, name: string): void {
    const extras = cell.rare();
    extras.watching ??= new Map();
    const { watching } = extras;
    watching.get(ref.key)?.();
    let isOpen = true;
    const { incarnation } = cell;
    const end = this.listen(ref, (exit) => {
      if (!isOpen) return;
      const take = (watcher: Cell): boolean => {
        if (!isOpen || watcher.incarnation !== incarnation) return false;
        isOpen = false;
        watching.delete(ref.key);
        return true;
      };
      this.host.accepted++;
      cell.enqueueReserved(DOWN_MESSAGE, { name, down: downOf(ref, exit), take }, null);
    });
    watching.set(ref.key, () => {
      isOpen = false;
      end();
    });
  }

  /**
   * Calls `listener` once when the actor has stopped; at once if it has. @returns how to stop
   * listening.
   */
  listen(ref: BaseRef, listener: DownListener): () => void {
    if (ref.host.seat === ref.seat) return this.listenHere(ref, listener);
    const number = ++this.numbers;
    const wasAsked = this.host.links.watch(ref as RemoteRef, number);
    this.remote.set(number, { ref: ref as RemoteRef, listener, wasAsked, wasLost: false });
    return () => {
      if (this.remote.delete(number)) this.host.links.unwatch(ref as RemoteRef, number);
    };
  }

  /** The answer from another thread. A second one, after a replacement, finds nothing. */
  heard(number: number, exit: Exit | null): void {
    const watch = this.remote.get(number);
    this.remote.delete(number);
    const isLost = exit === null && watch?.wasLost === true;
    watch?.listener(isLost ? { reason: 'lost', error: undefined } : exit);
  }

  /** The worker of that seat was replaced: the new one does not know who watches. */
  renew(seat: number): void {
    for (const [number, watch] of this.remote) {
      if (watch.ref.seat !== seat) continue;
      watch.wasLost = watch.wasAsked;
      watch.wasAsked = this.host.links.watch(watch.ref, number);
    }
  }

  /** A place that was kept for an actor has it now: those who waited for it watch it. */
  arrived(index: number, generation: number): void {
    const key = `${index}.${generation}`;
    const waiting = this.expected.get(key);
    this.expected.delete(key);
    const ref = this.host.refAt(this.host.seat, index, generation, '');
    for (const [listener, watch] of waiting ?? []) {
      const end = this.listenHere(ref, listener);
      watch.end = end;
    }
  }

  /** It will not come back. */
  abandoned(index: number, generation: number, exit: Exit): void {
    const key = `${index}.${generation}`;
    const waiting = this.expected.get(key);
    this.expected.delete(key);
    for (const listener of waiting?.keys() ?? []) listener(exit);
  }

  private expect(ref: BaseRef, listener: DownListener): () => void {
    const key = `${ref.index}.${ref.generation}`;
    const waiting = this.expected.get(key) ?? new Map<DownListener, Expected>();
    this.expected.set(key, waiting);
    const watch = { end: () => void waiting.delete(listener) };
    waiting.set(listener, watch);
    return () => watch.end();
  }

  private listenHere(ref: BaseRef, listener: DownListener): () => void {
    const { table } = this.host;
    if (table.isReserved(ref.index, ref.generation)) return this.expect(ref, listener);
    const cell = table.find(ref.index, ref.generation);
    if (cell === null || cell.status === STOPPED) {
      // Not inside the caller's turn: he has not stored what he is about to get.
      this.host.later(() => listener(null));
      return () => undefined;
    }
    const extras = cell.rare();
    extras.watchers ??= new Watchers();
    extras.watchers.add(listener);
    return () => extras.watchers?.delete(listener);
  }
}

/** What a watcher is told. */
export function downOf(ref: BaseRef | LocalRef, exit: Exit | null): Down {
  if (exit === null) return { key: ref.key, reason: 'unknown', error: undefined };
  return { key: ref.key, reason: exit.reason, error: exit.error };
}
