/** Who wants to know that something has changed. What has changed is read from the thing itself. */

/** A version that only grows, and listeners who are told when it does. */
export class Changes {
  version: number;
  private readonly listeners: Set<() => void>;

  constructor() {
    this.version = 0;
    this.listeners = new Set();
  }

  /** Takes the listener back when the returned function is called. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  happened(): void {
    this.version++;
    for (const listener of [...this.listeners]) listener();
  }
}
