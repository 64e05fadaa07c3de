/**
 * Who may be the one writer, reader, producer or consumer of a shared structure: a word that is
 * taken by compare-and-swap. Called by whatever opens a structure, which also words the refusal.
 * It cannot see whether a thread has ended: that the caller of `takeOver` says.
 */
import type { Mem } from './mem.ts';

const FREE = 0;
const TAKEN = 1;

/**
 * Takes the role of `word` when it is free or, with `takeOver`, when somebody had it. A word that
 * holds anything else is none of ours and is left alone. @returns whether the caller has it now.
 */
export function takeRole(mem: Mem, word: number, takeOver: boolean): boolean {
  const before = mem.compareExchange(word, FREE, TAKEN);
  return before === FREE || (before === TAKEN && takeOver);
}

/** Gives a role up, by whoever has it: releases all that was written under it. */
export function releaseRole(mem: Mem, word: number): void {
  mem.store(word, FREE);
}
