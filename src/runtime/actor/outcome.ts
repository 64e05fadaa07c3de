/**
 * What a `tell` answers. Strings, because people read and compare them; interned, so that comparing
 * is one pointer. None of them is an error: a sender decides what a refusal means.
 */

/**
 * `accepted`: it is in the mailbox, or under way in the ring to the actor's thread.
 * `full`: the actor's mailbox or the way to its thread has no room now; nothing was kept.
 * `stopped`: the actor takes no messages any more; nothing was kept.
 */
export type Outcome = 'accepted' | 'full' | 'stopped';
