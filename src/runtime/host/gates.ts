/**
 * The gate of each actor of one thread: a word in shared memory that tells senders on other
 * threads, before they send, that it is full or gone. Written by the actor's thread; a sender's
 * look may be a moment old, which costs it an overshoot that the receiver takes in or hands to the
 * dead letters.
 */

/** Gates of this thread's own actors. */
export class Gates {
  private readonly words: Int32Array;

  constructor(words: Int32Array) {
    this.words = words;
  }

  /** A new actor takes the place. */
  open(index: number, generation: number): void {
    this.words[index] = generation << 1;
  }

  /** Its mailbox is full. */
  close(index: number): void {
    this.words[index] = (this.words[index] as number) | 1;
  }

  /** There is room again. */
  reopen(index: number): void {
    this.words[index] = (this.words[index] as number) & ~1;
  }

  isClosed(index: number): boolean {
    return ((this.words[index] as number) & 1) === 1;
  }

  /** It takes no messages any more. */
  retire(index: number, generation: number): void {
    if ((this.words[index] as number) >> 1 === generation) this.words[index] = 0;
  }
}
