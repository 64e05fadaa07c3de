/**
 * The children of an actor in the order in which they were spawned: an intrusive list, so that
 * adding and removing one among a million costs the same. Children are cells and supervisors.
 */

/** Why an incarnation ended. `lost`: its thread ended under it. */
export type ExitReason = 'normal' | 'shutdown' | 'crash' | 'killed' | 'lost';

/** How something ended: the reason, and the error when there was one. */
export type Exit = { readonly reason: ExitReason; readonly error: unknown };

/** An exit that somebody asked for. */
export const SHUTDOWN: Exit = { reason: 'shutdown', error: undefined };
/** An exit that the actor asked for itself. */
export const NORMAL: Exit = { reason: 'normal', error: undefined };

/** What can hang below an actor. */
export abstract class ChildNode {
  /** Spawned just before; null for the first. Owned by the list. */
  previous: ChildNode | null;
  /** Spawned just after; null for the last. Owned by the list. */
  next: ChildNode | null;
  /** The list it hangs in, if any. */
  siblings: ChildList | null;

  constructor() {
    this.previous = null;
    this.next = null;
    this.siblings = null;
  }

  /** Ends it for good. `done` is called once, now or later, when nothing of it is left. */
  abstract end(exit: Exit, done: () => void): void;
}

/** Children in spawn order. */
export class ChildList {
  last: ChildNode | null;
  size: number;
  /** Whose children these are; its path begins theirs. */
  private readonly parent: { readonly path: string };

  constructor(parent: { readonly path: string }) {
    this.parent = parent;
    this.last = null;
    this.size = 0;
  }

  get path(): string {
    return this.parent.path;
  }

  add(child: ChildNode): void {
    child.siblings = this;
    child.previous = this.last;
    if (this.last !== null) this.last.next = child;
    this.last = child;
    this.size++;
  }

  remove(child: ChildNode): void {
    if (child.siblings !== this) return;
    if (child.previous !== null) child.previous.next = child.next;
    if (child.next !== null) child.next.previous = child.previous;
    else this.last = child.previous;
    child.previous = null;
    child.next = null;
    child.siblings = null;
    this.size--;
  }

  /**
   * Ends every child, the youngest first, each when the one before has ended; then calls `done`. An
   * ended child leaves the list, so the loop ends; children that end at once take no stack.
   */
  endAll(exit: Exit, done: () => void): void {
    let isInLoop = true;
    let wasCalled = true;
    const next = (): void => {
      if (isInLoop) {
        wasCalled = true;
        return;
      }
      this.endAll(exit, done);
    };
    while (wasCalled && this.last !== null) {
      const child = this.last;
      wasCalled = false;
      child.end(exit, () => {
        this.remove(child);
        next();
      });
    }
    isInLoop = false;
    if (wasCalled && this.last === null) done();
  }
}
