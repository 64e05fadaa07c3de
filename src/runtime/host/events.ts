/**
 * What happens in the runtime that a program may want to know and that nobody awaits. Told to
 * listeners on the thread where it happened; events of other threads reach the main thread's
 * listeners by message.
 */

/** One event; `kind` tells which fields there are. */
export type RuntimeEvent =
  | { readonly kind: 'actor-crashed'; readonly path: string; readonly error: unknown }
  /** Its supervisor's back-off; of a group that begins again together, the supervisor's path. */
  | { readonly kind: 'restart-waits'; readonly path: string; readonly delayMs: number }
  | { readonly kind: 'escalated'; readonly path: string; readonly error: unknown }
  | { readonly kind: 'snapshot-failed'; readonly path: string; readonly error: unknown }
  | { readonly kind: 'unhandled'; readonly thread: number; readonly error: unknown }
  | {
      readonly kind: 'thread-lost';
      readonly thread: number;
      readonly reason: string;
      readonly error: unknown;
    }
  | { readonly kind: 'thread-replaced'; readonly thread: number; readonly afterMs: number }
  | { readonly kind: 'thread-fenced'; readonly thread: number }
  | { readonly kind: 'ring-corrupt'; readonly thread: number; readonly error: unknown };

/** Must not throw; what it throws is dropped. */
export type EventListener = (event: RuntimeEvent) => void;

/** Listeners of one thread. */
export class Events {
  private readonly listeners = new Set<EventListener>();

  /** @returns how to stop listening. */
  listen(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  emit(event: RuntimeEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch {
        // A listener that fails must not fail the actor that it hears of.
      }
    }
  }
}
